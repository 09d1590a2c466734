"""A conversation with the Bot API server by the client that the bot uses, and what stood between."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken, NetworkError, TelegramError
from telegram.request import HTTPXRequest

from impasto.doctor.finding import Finding, wrong
from impasto.doctor.waiting import in_thread

_MOST_SECONDS = 12.0
"""For an answer, finding the server included."""
_NOBODY = "0:nobody"
"""Sent where there is no token: the server says that it does not know it, and so that it is there."""


@dataclass(slots=True)
class Conversation:
    """What came of asking the server who the bot is."""

    server: str
    proxy: str | None
    seconds: float = 0.0
    """Until the answer."""
    clock: float | None = None
    """By how many seconds this computer's clock is ahead of the server's."""
    name: str | None = None
    """The bot's; None where the server does not know the token, or was not asked."""
    webhook: WebhookInfo | None = None
    fault: Finding | None = None
    """What kept the server from answering."""


async def converse(base_url: str, token: str | None) -> Conversation:
    """Ask the server who the bot is, and where it sends the bot's updates."""
    parts = urlsplit(base_url)
    talk = Conversation(parts.hostname or base_url, _proxy(base_url))
    if not parts.hostname:
        talk.fault = wrong(
            f"telegram.base_url is no address: {base_url}",
            "Write one such as https://api.telegram.org/bot, or take the setting out.",
        )
        return talk
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            if talk.proxy is None:
                port = parts.port or (443 if parts.scheme == "https" else 80)
                await in_thread(lambda: socket.getaddrinfo(talk.server, port))
            await _ask(talk, base_url, token)
    except TimeoutError:
        talk.fault = _silent(talk)
    except socket.gaierror:
        talk.fault = _nameless(talk)
    except (RuntimeError, ImportError) as error:  # a proxy by SOCKS, whose package is not installed
        talk.fault = wrong(f"{error}", "Set an http:// proxy, or take it out of the environment.")
    return talk


async def _ask(talk: Conversation, base_url: str, token: str | None) -> None:
    async def note(response: httpx.Response) -> None:
        said = response.headers.get("date")
        if said is not None and talk.clock is None:
            talk.clock = (datetime.now(UTC) - parsedate_to_datetime(said)).total_seconds()

    request = HTTPXRequest(
        connect_timeout=_MOST_SECONDS,
        read_timeout=_MOST_SECONDS,
        httpx_kwargs={"event_hooks": {"response": [note]}},
    )
    bot = Bot(token or _NOBODY, base_url, request=request)
    begin = monotonic()
    async with request:
        try:
            user = await bot.get_me()
            talk.name = user.username
            talk.seconds = monotonic() - begin
            talk.webhook = await bot.get_webhook_info()
        except InvalidToken as error:
            talk.seconds = monotonic() - begin
            if error.__cause__ is not None:  # it said so, but not in JSON: another server
                talk.fault = _strange(talk, error)
        except NetworkError as error:
            if talk.name is None:
                talk.fault = _fault(talk, error)
        except TelegramError as error:
            if talk.name is None:
                talk.fault = _strange(talk, error)


def _fault(talk: Conversation, error: NetworkError) -> Finding:
    """What stood between, in words."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _distrusted(talk, cause)
        if isinstance(cause, ssl.SSLError):
            return wrong(
                f"No encrypted connection to {talk.server} comes about: {cause.reason}.",
                "A firewall, a provider or telegram.base_url may be the reason: http and https differ.",
            )
    if any(isinstance(cause, httpx.ProxyError) for cause in causes):
        return wrong(
            f"The proxy {talk.proxy} does not let through to {talk.server}.",
            "Ask whoever keeps the proxy, or take it out of the environment (HTTPS_PROXY, ALL_PROXY).",
        )
    if any(isinstance(cause, httpx.TimeoutException) for cause in causes):
        return _silent(talk)
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return _nameless(talk)
    if any(isinstance(cause, ConnectionRefusedError | httpx.ConnectError) for cause in causes):
        return _unreached(talk)
    return _strange(talk, error)


def _distrusted(talk: Conversation, cause: ssl.SSLCertVerificationError) -> Finding:
    why = cause.verify_message
    if "expired" in why or "not yet valid" in why:
        return wrong(
            f"The certificate of {talk.server} does not fit this computer's clock, which says "
            f"{datetime.now(UTC):%d %B %Y, %H:%M} UTC ({why}).",
            "Set the clock, then say this again.",
        )
    return wrong(
        f"{talk.server} does not prove who it is: {why}.",
        "A firewall, a virus scanner or a provider may be reading along: let this connection through unread. "
        "Or the system's list of certificates is old: update the system.",
    )


def _nameless(talk: Conversation) -> Finding:
    return wrong(
        f"The name {talk.proxy or talk.server} has no address.",
        "Is this computer online? If it is, its name server (DNS) fails: try another, such as 1.1.1.1.",
    )


def _silent(talk: Conversation) -> Finding:
    return wrong(
        f"{_through(talk)} does not answer within {_MOST_SECONDS:.0f} seconds.",
        _way_round(talk),
    )


def _unreached(talk: Conversation) -> Finding:
    return wrong(f"{_through(talk)} can't be reached: it takes no connection.", _way_round(talk))


def _way_round(talk: Conversation) -> str:
    if talk.proxy:
        return "Does the proxy run? It is taken from the environment (HTTPS_PROXY, ALL_PROXY)."
    if talk.server == "api.telegram.org":
        return (
            "A firewall or the provider may shut Telegram out; the bot needs port 443. Through a proxy: set "
            "HTTPS_PROXY=http://HOST:PORT for Impasto."
        )
    return "Does the Bot API server run? Its address is telegram.base_url in the settings."


def _strange(talk: Conversation, error: TelegramError) -> Finding:
    said = error.message.partition(". Parsing the server response")[0]
    return wrong(
        f"{_through(talk)} answers, but not as a Bot API server does: {said}.",
        "Try again in some minutes: Telegram may be out of order. If it stays, something between answers "
        "instead, such as a proxy or a network's login page; or telegram.base_url is another server's.",
    )


def _through(talk: Conversation) -> str:
    return f"{talk.server}, through the proxy {talk.proxy}," if talk.proxy else talk.server


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for `url`, without its user and password."""
    parts = urlsplit(url)
    proxies = getproxies()
    found = proxies.get(parts.scheme) or proxies.get("all")
    if not found or proxy_bypass(parts.hostname or ""):
        return None
    named = urlsplit(found if "//" in found else f"http://{found}")
    return f"{named.hostname}:{named.port}" if named.port else f"{named.hostname}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and all that led to it."""
    yield error
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (error.__cause__ or error.__context__, *inner):
        if cause is not None:
            yield from _causes(cause)
