"""Flood control: requests wait for their turn before Telegram has to say "too many", each chat for itself.

python-telegram-bot's own limiter halts all chats when one is told to wait; here the others go on. A request
that the network loses is made again after a moment, unless that might send a picture twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from aiolimiter import AsyncLimiter
from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.ext import BaseRateLimiter

from impasto.bot.reach import surely_unsent

log = logging.getLogger(__name__)

_ALL = (30, 1.0)
_GROUP = (20, 60.0)
_PRIVATE = (20, 20.0)
"""Messages, and the seconds in which so many may be sent: core.telegram.org/bots/faq. In a private chat that
is one a second; the FAQ allows short bursts and does not say how short."""

_MOST_TRIES = 10
_MOST_IDLE = 512
_MESSAGES = ("send", "edit", "copy", "forward")
_NO_MESSAGE = "sendChatAction"

_SENDING = ("send", "copy", "forward")
_ONLY_WORDS = ("sendMessage", _NO_MESSAGE)
_LOST_SECONDS = (0.3, 1.0, 3.0)
"""Pauses before a lost request is made again."""

Answer = bool | dict[str, Any] | list[dict[str, Any]]


def seconds_of(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)


class FloodControl(BaseRateLimiter[int]):
    """A rate limiter of python-telegram-bot that keeps Telegram's limits, and waits where it met one."""

    def __init__(self) -> None:
        self._all = AsyncLimiter(*_ALL)
        self._chats: dict[int, AsyncLimiter] = {}
        self._halted_until: dict[int, float] = {}
        self._waits: set[asyncio.Timeout] = set()
        self._stopping = False

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to end."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Answer:
        """Make the request when its chat may have it. Raises `RetryAfter` when it never may."""

        async def request() -> Answer:
            return await callback(*args, **kwargs)

        chat_id = data.get("chat_id")
        if not isinstance(chat_id, int):
            return await self._through(request, endpoint)
        counted = endpoint.startswith(_MESSAGES) and endpoint != _NO_MESSAGE
        for last in (*(False,) * (_MOST_TRIES - 1), True):
            await self._turn(chat_id, counted=counted)
            try:
                return await self._through(request, endpoint)
            except RetryAfter as error:
                if last:
                    raise
                wait = seconds_of(error) + 0.1
                log.info("a chat takes no more for %.1f s", wait)
                self._halted_until[chat_id] = asyncio.get_running_loop().time() + wait
        raise AssertionError("the last try returns or raises")

    def give_up(self) -> None:
        """The bot is stopping: requests that wait for their turn fail with `NetworkError` instead."""
        self._stopping = True
        for wait in self._waits:
            wait.reschedule(0)

    async def _through(self, request: Callable[[], Awaitable[Answer]], endpoint: str) -> Answer:
        """Make the request, and again where the network loses it and that does no harm."""
        for pause in _LOST_SECONDS:
            try:
                return await request()
            except BadRequest:  # to python-telegram-bot a NetworkError too
                raise
            except NetworkError as error:
                if self._stopping or not (_is_harmless_twice(endpoint) or surely_unsent(error)):
                    raise
                log.debug("%s was lost: %s", endpoint, error)
            async with self._until_stop():
                await asyncio.sleep(pause)
        return await request()

    async def _turn(self, chat_id: int, *, counted: bool) -> None:
        """Wait until the chat may have a request."""
        halted_until = self._halted_until.get(chat_id, 0.0)
        async with self._until_stop():
            await asyncio.sleep(max(0.0, halted_until - asyncio.get_running_loop().time()))
            if counted:
                await self._limiter(chat_id).acquire()
                await self._all.acquire()

    @asynccontextmanager
    async def _until_stop(self) -> AsyncIterator[None]:
        """A wait that ends when the bot stops. Raises `NetworkError` then."""
        try:
            async with asyncio.timeout(None) as wait:
                self._waits.add(wait)
                yield
        except TimeoutError:
            raise NetworkError("the bot is stopping") from None
        finally:
            self._waits.discard(wait)

    def _limiter(self, chat_id: int) -> AsyncLimiter:
        if len(self._chats) > _MOST_IDLE:
            now = asyncio.get_running_loop().time()
            self._chats = {
                chat: limiter
                for chat, limiter in self._chats.items()
                if not limiter.has_capacity(limiter.max_rate)
            }
            self._halted_until = {chat: until for chat, until in self._halted_until.items() if until > now}
        if chat_id not in self._chats:
            self._chats[chat_id] = AsyncLimiter(*(_PRIVATE if chat_id > 0 else _GROUP))
        return self._chats[chat_id]


def _is_harmless_twice(endpoint: str) -> bool:
    """Whether it is no matter that a request may already have been carried out: words may come twice."""
    return endpoint in _ONLY_WORDS or not endpoint.startswith(_SENDING)
