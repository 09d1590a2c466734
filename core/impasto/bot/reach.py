"""Reach: whether Telegram is heard, for those who must wait until it is; and who sees to it that it is.

Measured by the one request that is always under way, getUpdates; with a webhook, by its calls and by looks at
how it does.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol

import httpx
from telegram.error import Conflict, InvalidToken, NetworkError, TelegramError
from telegram.ext import Updater
from telegram.request import HTTPXRequest

from impasto.config import ConfigurationError

log = logging.getLogger(__name__)

LONG_SECONDS = 600.0
"""An absence that took longer is reported, and a second program again only after it was gone so long."""

RIVAL_SECONDS = 180.0
"""A second program that polls, too, is noticed at least every half minute."""

_MOST_STUCK = 4
_POLL_SECONDS = 10.0
_STOP_SECONDS = 3.0
_HANDLED_SECONDS = 0.1
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.WriteError, httpx.WriteTimeout)


def surely_unsent(error: NetworkError) -> bool:
    """Whether the request that failed with `error` can't have been carried out."""
    return isinstance(error.__cause__, _UNSENT)


def pauses() -> Iterator[float]:
    """How long to wait after each failure in a row, in seconds: ever longer, up to a minute, without end."""
    return itertools.chain((1, 2, 5, 15, 30), itertools.repeat(60))


@dataclass(frozen=True, slots=True)
class Absence:
    """Telegram was not heard for so many seconds, and is again."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Rival:
    """Another program begins to use the token."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Telegram can't call the webhook, for this reason of its own; so many updates wait."""

    reason: str
    waiting: int


class Reach:
    """Whether Telegram is heard."""

    def __init__(self) -> None:
        self.away = False
        """The last request to hear of something failed."""
        self.undelivered: str | None = None
        """Why Telegram can't call the webhook, in its words; None while it can."""
        self.news: asyncio.Queue[Absence | Rival | Undelivered] = asyncio.Queue()
        """What the owner should know."""
        self._heard, self._back, self._room = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._room.set()
        self._stuck = 0
        self._heard_at = self._rival_at = float("-inf")

    def answered(self, code: int) -> None:
        """A poll, or what is in its place, was answered with this HTTP status."""
        if code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self.missed()
            return
        now = asyncio.get_running_loop().time()
        if code == HTTPStatus.CONFLICT:
            self.rivalled()
        absence, self._heard_at = now - self._heard_at, now
        if LONG_SECONDS < absence < float("inf"):
            self.news.put_nowait(Absence(absence))
        self._heard.set()
        if self.away:
            log.warning("Telegram is heard again")
            self.away = False
            self._back.set()
            self._back = asyncio.Event()

    def rivalled(self) -> None:
        """Another program has used the token."""
        now = asyncio.get_running_loop().time()
        if now - self._rival_at > LONG_SECONDS:
            self.news.put_nowait(Rival())
        self._rival_at = now

    @property
    def is_rivalled(self) -> bool:
        """Another program has used the token within the last minutes."""
        return asyncio.get_running_loop().time() - self._rival_at < RIVAL_SECONDS

    def missed(self) -> None:
        """A poll, or what is in its place, failed."""
        if not self.away:
            log.warning("Telegram is not heard")
        self.away = True

    def silence(self) -> float:
        """Seconds since a poll was answered; infinite before the first."""
        return asyncio.get_running_loop().time() - self._heard_at

    async def heard(self) -> None:
        """Wait for the next answer to a poll."""
        self._heard.clear()
        await self._heard.wait()

    async def back(self, within: float) -> None:
        """Wait until Telegram, having been away, is heard again; but no longer than `within` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._back.wait()

    @contextlib.contextmanager
    def stuck(self) -> Iterator[None]:
        """Count a result that does not get through, and so stays in memory."""
        self._stuck += 1
        if self._stuck >= _MOST_STUCK:
            self._room.clear()
        try:
            yield
        finally:
            self._stuck -= 1
            if self._stuck < _MOST_STUCK:
                self._room.set()

    async def room(self) -> None:
        """Wait until so few results are stuck that another may be made."""
        await self._room.wait()


class Hearing(Protocol):
    """How updates come in: by polling or by a webhook."""

    async def start(self) -> None:
        """Begin, for as long as it takes. Raises `ConfigurationError` where that can't be."""

    async def watch(self) -> None:
        """See to it that they go on coming, until cancelled. Raises as `start` does."""

    async def stop(self) -> None:
        """End, soon, whatever hangs. Does nothing where it has not begun."""


class PollRequest(HTTPXRequest):
    """The HTTP client that polls for `updates`, and says how it went.

    A poll confirms the updates before it, which Telegram then forgets. So it waits until they are handled:
    what a killed bot did not come to is sent again. What takes long is not waited for.
    """

    def __init__(self, reach: Reach, updates: asyncio.Queue[object]) -> None:
        super().__init__(connection_pool_size=1, connect_timeout=15, pool_timeout=5)
        self._reach, self._updates = reach, updates

    async def do_request(self, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """Make a request. Raises `NetworkError` where it fails."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_HANDLED_SECONDS):
                await self._updates.join()
        try:
            code, payload = await super().do_request(*args, **kwargs)
        except TelegramError:
            self._reach.missed()
            raise
        self._reach.answered(code)
        return code, payload


class Polling:
    """Keeps `updater`, which polls by `request`, at work: begun anew after `silence` seconds unanswered.

    Both are python-telegram-bot's, whose loop may stall: a poll that hangs, a connection not given back.
    """

    def __init__(
        self,
        updater: Updater,
        request: PollRequest,
        reach: Reach,
        *,
        silence: float,
        kinds: Sequence[str],
        note_fault: Callable[[str], object],
    ) -> None:
        """`kinds` of updates are wanted. `note_fault` is told what went wrong."""
        self._updater, self._request, self._reach = updater, request, reach
        self._silence, self._kinds, self._note_fault = silence, kinds, note_fault
        self._webhook_found = asyncio.Event()

    async def start(self) -> None:
        """Begin, for as long as it takes. Raises `ConfigurationError` where the token is no longer valid."""
        try:
            await self._updater.start_polling(
                timeout=max(1, int(min(_POLL_SECONDS, self._silence / 3))),
                bootstrap_retries=-1,
                allowed_updates=self._kinds,
                error_callback=self._note,
            )
        except InvalidToken as error:
            raise unknown_token() from error

    async def watch(self) -> None:
        """Begin anew whenever it is silent too long, and take away webhooks of others, until cancelled.

        Raises as `start` does.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_silence())
            group.create_task(self._take_webhooks_away())

    async def _watch_silence(self) -> None:
        known = False
        while True:
            try:
                async with asyncio.timeout(self._silence):
                    await self._reach.heard()
                known = False
            except TimeoutError:
                if not known:
                    log.error("nothing heard from Telegram for %.0f s; connecting anew", self._silence)
                    self._note_fault(f"nothing heard from Telegram for {self._silence:.0f} s")
                known = True
                await self._begin_anew()

    async def stop(self) -> None:
        """End, soon, whatever hangs. Raises `ConfigurationError` where the token is no longer valid."""
        if not self._updater.running:
            return
        # Updater.stop waits for its loop's pause, which is up to 30 s long, and then polls once more. Each of
        # the two ends when it is cancelled.
        stopping = asyncio.ensure_future(self._updater.stop())
        while not stopping.done():
            try:
                await asyncio.wait((stopping,), timeout=_STOP_SECONDS)
            finally:
                stopping.cancel()
        if not stopping.cancelled():
            try:
                stopping.result()
            except InvalidToken as error:
                raise unknown_token() from error

    async def _take_webhooks_away(self) -> None:
        """While there is one, Telegram answers no poll."""
        while True:
            await self._webhook_found.wait()
            self._webhook_found.clear()
            try:
                await self._updater.bot.delete_webhook()
            except TelegramError as error:
                log.warning("the webhook of another program could not be taken away: %s", error)

    async def _begin_anew(self) -> None:
        await self.stop()
        await self._request.shutdown()
        await self._request.initialize()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._silence):
                await self.start()

    def _note(self, error: TelegramError) -> None:
        if isinstance(error, Conflict):
            if "webhook" in error.message.lower():
                self._webhook_found.set()
            log.warning("another program uses this token: end it, or revoke the token at @BotFather")
        elif is_logged_out(error):
            log.warning(LOGGED_OUT)
        else:
            log.debug("polling: %s", error)


LOGGED_OUT = (
    "this bot was logged out of this Bot API server, which takes it back after ten minutes; if you moved it "
    "to a server of your own, set telegram.base_url to that"
)


def is_logged_out(error: TelegramError) -> bool:
    """Whether the Bot API server says that the bot has been moved to another by logOut."""
    return error.message.lower() == "logged out"


def unknown_token() -> ConfigurationError:
    """The token was revoked."""
    return ConfigurationError("Telegram no longer knows this bot token; get the new one from @BotFather")
