"""Watching: stand-ins for what python-telegram-bot and delivery are given, which pass all on and count it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from typing import Any

from telegram import Update
from telegram.ext import BaseRateLimiter, BaseUpdateProcessor

from impasto.jobs.updates import JobUpdate
from impasto.metrics.counting import Counting

_ANSWERS = ("send", "edit", "answer", "copy", "setMessageReaction")
_NO_ANSWER = "sendChatAction"


class _Unanswered:
    """An update that is being handled; whatever is done for it, its tasks included, finds it here."""

    def __init__(self) -> None:
        self._since: float | None = time.perf_counter()

    def answered(self) -> float | None:
        """The seconds until the first answer; None for the others."""
        since, self._since = self._since, None
        return None if since is None else time.perf_counter() - since


_handled: ContextVar[_Unanswered | None] = ContextVar("handled", default=None)


class WatchedUpdates(BaseUpdateProcessor):
    """`order`, and how many updates it gets."""

    def __init__(self, order: BaseUpdateProcessor, counting: Counting) -> None:
        super().__init__(order.max_concurrent_updates)
        self._order, self._counting = order, counting

    async def do_process_update(self, update: object, coroutine: Awaitable[None]) -> None:
        """Handle it, having noted when it came."""
        if isinstance(update, Update):
            self._counting.update(_kind(update))
            _handled.set(_Unanswered())
        await self._order.do_process_update(update, coroutine)

    async def initialize(self) -> None:
        """Prepare what is watched."""
        await self._order.initialize()

    async def shutdown(self) -> None:
        """End what is watched."""
        await self._order.shutdown()


class WatchedRequests(BaseRateLimiter[int]):
    """`limiter`, and each try of each request that it lets through."""

    def __init__(self, limiter: BaseRateLimiter[int], counting: Counting) -> None:
        self._limiter, self._counting = limiter, counting

    async def initialize(self) -> None:
        """Prepare what is watched."""
        await self._limiter.initialize()

    async def shutdown(self) -> None:
        """End what is watched."""
        await self._limiter.shutdown()

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Any]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: int | None,
    ) -> Any:
        """Make the request. Raises as `limiter` does."""

        async def timed(*args: Any, **kwargs: Any) -> Any:
            began, failure = time.perf_counter(), None
            try:
                return await callback(*args, **kwargs)
            except Exception as error:
                failure = error
                raise
            finally:
                self._counting.request(endpoint, time.perf_counter() - began, failure)

        answer = await self._limiter.process_request(timed, args, kwargs, endpoint, data, rate_limit_args)
        is_answer = endpoint.startswith(_ANSWERS) and endpoint != _NO_ANSWER
        if (
            is_answer
            and (update := _handled.get()) is not None
            and (seconds := update.answered()) is not None
        ):
            self._counting.answer(seconds)
        return answer


class WatchedJobs(asyncio.Queue[JobUpdate]):
    """The queue `told`, and what is taken from it."""

    def __init__(self, told: asyncio.Queue[JobUpdate], counting: Counting) -> None:
        super().__init__()
        self._told, self._counting = told, counting

    async def get(self) -> JobUpdate:
        """The next of them."""
        update = await self._told.get()
        self._counting.job(update)
        return update


def _kind(update: Update) -> str:
    kinds = ("message", "callback_query", "my_chat_member")
    return next((kind for kind in kinds if getattr(update, kind) is not None), "other")
