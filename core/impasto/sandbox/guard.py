"""Who may speak to the server: this machine, by its own name, and no other site's page in the browser.

A page of any site can send requests to 127.0.0.1, and a site can let its name point there (DNS rebinding).
So a foreign Host is refused, and so is every request that a browser sends on behalf of another origin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

_NAMES: Final = ("127.0.0.1", "localhost")
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@web.middleware
async def only_from_here(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse foreign hosts and origins with 403."""
    host = request.host
    if host.rpartition(":")[0] not in _NAMES:
        raise web.HTTPForbidden(text=f"The sandbox answers to 127.0.0.1 and localhost only, not to {host}.")
    if request.headers.get("Origin", f"http://{host}") != f"http://{host}":
        raise web.HTTPForbidden(text="The sandbox does not answer pages of other origins.")
    if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
        raise web.HTTPForbidden(text="The sandbox does not answer pages of other sites.")
    return await handler(request)


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
