"""What happens in the chats, as a stream that pages and tests follow: bounded, resumable by number."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_KEPT: Final = 5000
_HEARTBEAT: Final = 15.0

Event = dict[str, Any]


class EventLog:
    """The newest events. Numbers start at the time of day, so that a page of an earlier server is told so."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._news = asyncio.Event()
        self._closed = False
        self.last = time.time_ns() // 1_000_000

    def publish(self, kind: str, chat: int | None = None, **content: Any) -> None:
        """Tell every follower. `chat` is where it happens; None concerns all."""
        self.last += 1
        self._events.append({"type": kind, "chat": chat, **content})
        self._wake()

    def open(self) -> None:
        """Let followers in."""
        self._closed = False

    def close(self) -> None:
        """End every follower's stream."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def follow(self, after: int) -> AsyncIterator[tuple[int, Event | None]]:
        """Number and event, from the one after `after` on, until closed; a None now and then as a heartbeat.

        A follower that lost its place (it fell behind, or the server is a new one) gets an event "reset".
        """
        while not self._closed:
            first = self.last - len(self._events) + 1
            if after > self.last or after + 1 < first:
                after = self.last
                yield after, {"type": "reset", "chat": None}
            elif after < self.last:
                after += 1
                yield after, self._events[after - first]
            else:
                try:
                    await asyncio.wait_for(self._news.wait(), _HEARTBEAT)
                except TimeoutError:
                    yield after, None
