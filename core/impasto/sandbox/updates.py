"""The bot's queue of updates, handed out by long polling to one poller at a time, or sent to its webhook."""

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
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._updates)

    def put(self, kind: str, content: dict[str, Any]) -> None:
        """Queue an update of the field `kind`, unless the bot has asked for other kinds only."""
        if kind in self._allowed if self._allowed else kind not in _ON_REQUEST:
            self._updates.append({"update_id": next(self._ids), kind: content})
            self._release()
            self._arrived.set()

    def allow(self, kinds: list[str] | None) -> None:
        """Queue these kinds from now on: all the ordinary ones if empty, as before if None."""
        if kinds is not None:
            self._allowed = set(kinds)

    def clear(self) -> None:
        """Drop what waits."""
        self._updates.clear()

    def waiting(self) -> list[dict[str, Any]]:
        """What waits, oldest first."""
        return list(self._updates)

    def forget(self, update_id: int) -> None:
        """The bot has taken this update."""
        self._updates = deque((one for one in self._updates if one["update_id"] != update_id), maxlen=_KEPT)

    async def arrival(self) -> None:
        """Wait for the next update."""
        self._arrived.clear()
        await self._arrived.wait()

    def end_poll(self, reason: str) -> None:
        """Refuse the poll that waits, if any, with 409."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(Refused(409, reason))

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
        self.end_poll(_CONFLICT)
        self.allow(allowed)
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
