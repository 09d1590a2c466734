"""The bot's queue of updates, handed out by long polling to one poller at a time."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from typing import Any, Final

from impasto.sandbox.errors import Refused
from impasto.sandbox.limits import POLL_SECONDS, POLL_UPDATES

_KEPT: Final = 10_000
# What getUpdates leaves out unless asked for by name (core.telegram.org/bots/api#getupdates).
_ON_REQUEST: Final = {"chat_member", "message_reaction", "message_reaction_count"}
_CONFLICT: Final = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)


class UpdateQueue:
    """Updates wait here until an offset confirms them."""

    def __init__(self) -> None:
        self._updates: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._ids = itertools.count(100_000_001)
        self._poll: asyncio.Future[None] | None = None
        self._allowed: set[str] = set()

    def __len__(self) -> int:
        return len(self._updates)

    def put(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update of the field `kind`, unless the bot has asked for other kinds only."""
        if kind in self._allowed if self._allowed else kind not in _ON_REQUEST:
            self._updates.append({"update_id": next(self._ids), kind: content})
            self._release()

    def clear(self) -> None:
        """Drop what waits."""
        self._updates.clear()

    def close(self) -> None:
        """Answer the poll that waits, with nothing."""
        self._release()

    def _release(self) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    async def poll(
        self, offset: int, limit: int, timeout: float, allowed: list[str] | None
    ) -> list[dict[str, Any]]:
        """Updates from `offset` on, waiting up to `timeout` seconds for the first.

        Earlier ones are forgotten; a negative offset keeps that many from the end. A poll that still waits
        is ended with 409, as Telegram does: two instances of one bot fight and both see it.
        """
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(Refused(409, _CONFLICT))
        if allowed is not None:
            self._allowed = set(allowed)
        self._confirm(offset)
        if not self._updates and timeout > 0:
            self._poll = poll = asyncio.get_running_loop().create_future()
            try:
                await asyncio.wait_for(poll, min(timeout, POLL_SECONDS))
            except TimeoutError:
                return []
        limit = limit if 1 <= limit <= POLL_UPDATES else POLL_UPDATES
        return list(itertools.islice(self._updates, limit))

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            offset = self._updates[max(len(self._updates) + offset, 0)]["update_id"] if self._updates else 0
        while self._updates and self._updates[0]["update_id"] < offset:
            self._updates.popleft()
