"""Troubles: what can go wrong between a bot and Telegram, brought about by tests. Never a bot's mistake."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Final

from aiohttp import web

from impasto.sandbox.errors import Refused

CarryOut = Callable[[], Awaitable[web.StreamResponse]]
Trouble = Callable[[web.Request, CarryOut], Awaitable[web.StreamResponse]]
"""Answers a request in place of the server, and calls the second argument if it is to be carried out."""

DOWNLOAD: Final = "download"
"""What the download of a file is called among the methods."""

UNSURE: Final = web.RequestKey("unsure", bool)
"""The mark of a request whose sender does not learn whether it was carried out."""

_CRUMB_SECONDS: Final = 0.2


async def unheard(request: web.Request, _carry_out: CarryOut) -> web.StreamResponse:
    """The connection breaks before anything is done."""
    return _broken_off(request)


async def unanswered(request: web.Request, carry_out: CarryOut) -> web.StreamResponse:
    """It is done, and the connection breaks before the answer: the sender can't know."""
    request[UNSURE] = True
    await carry_out()
    return _broken_off(request)


async def endless(request: web.Request, _carry_out: CarryOut) -> web.StreamResponse:
    """An answer that begins and never ends: no pause in it is long enough to be taken for silence."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b" ")
        await asyncio.sleep(_CRUMB_SECONDS)
    return response


async def bad_gateway(_request: web.Request, _carry_out: CarryOut) -> web.StreamResponse:
    """What stands before the Bot API's servers answers instead of them, and not in JSON."""
    page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
    return web.Response(status=502, text=page, content_type="text/html")


def slow(seconds: float) -> Trouble:
    """It is done that much later."""

    async def trouble(_request: web.Request, carry_out: CarryOut) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await carry_out()

    return trouble


def refused(code: int, description: str, *, retry_after: int | None = None) -> Trouble:
    """It is not done, and the answer says why in Telegram's words."""
    answer = Refused(code, description, retry_after)

    async def trouble(_request: web.Request, _carry_out: CarryOut) -> web.StreamResponse:
        return web.json_response(answer.body(), status=code)

    return trouble


def too_many(seconds: int) -> Trouble:
    """The answer to who sends too much."""
    return refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


internal_error: Final = refused(500, "Internal Server Error")
expired_file: Final = refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
conflict: Final = refused(
    409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)

_STORM: Final = (unheard, unanswered, bad_gateway, internal_error, slow(0.5), too_many(1))


@dataclass(slots=True, eq=False)
class _Rule:
    """Which requests meet which trouble. `left` counts them down; None is for ever."""

    troubles: tuple[Trouble, ...]
    methods: str
    left: int | None
    share: float
    chance: Random

    def strikes(self, method: str) -> bool:
        return fnmatchcase(method, self.methods) and self.left != 0 and self.chance.random() < self.share


class Troubles:
    """What is to go wrong. `met` counts by method how often it did."""

    def __init__(self) -> None:
        self.met: Counter[str] = Counter()
        self._rules: list[_Rule] = []

    def add(self, trouble: Trouble, methods: str = "*", *, times: int | None = 1) -> None:
        """Let the next `times` requests whose method fits, or all of them (None), meet `trouble`.

        `methods` is a pattern such as "send*"; `DOWNLOAD` stands for files.
        """
        self._rules.append(_Rule((trouble,), methods, times, 1.0, Random(0)))

    def storm(self, chance: Random, share: float = 0.1, *troubles: Trouble) -> None:
        """Let a `share` of all requests meet one of `troubles`, or of every kind that passes, by `chance`."""
        self._rules.append(_Rule(troubles or _STORM, "*", None, share, chance))

    def clear(self) -> None:
        """Nothing goes wrong any more, but for what is under way."""
        self._rules.clear()

    def of(self, method: str) -> Trouble | None:
        """What happens to this request of `method`; None if nothing does."""
        for rule in self._rules:
            if rule.strikes(method):
                if rule.left is not None:
                    rule.left -= 1
                self.met[method] += 1
                return rule.chance.choice(rule.troubles)
        return None


def _broken_off(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
