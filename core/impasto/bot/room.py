"""Room on the disk: while it is full the database lives in memory, the owner knows, and it is tried again."""

from __future__ import annotations

import asyncio
import time

from impasto.bot.owner import Owner
from impasto.database import Database
from impasto.text import text as _

_RETRY_SECONDS = 5.0
_SILENT_SECONDS = 3600.0
"""A disk at its edge is full again and again; the owner is told of it once in that time."""


class Room:
    """Watches over the room for `database`, and tells `owner`."""

    def __init__(self, database: Database, owner: Owner) -> None:
        self._database, self._owner = database, owner
        self._full = asyncio.Event()
        self._reason = ""
        self._told = float("-inf")
        database.on_full = self._note

    async def run(self) -> None:
        """Bring the database back to the disk whenever there is room again, until cancelled."""
        while True:
            await self._full.wait()
            self._full.clear()
            await self._tell()
            while not self._database.settle():  # noqa: ASYNC110 - nobody says when there is room
                await asyncio.sleep(_RETRY_SECONDS)

    def _note(self, reason: str) -> None:
        self._reason = reason
        self._full.set()

    async def _tell(self) -> None:
        if time.monotonic() - self._told < _SILENT_SECONDS:
            return
        self._told = time.monotonic()
        words = _(
            "I can't write to the disk any more ({reason}). Please make room: until then I take no new "
            "pictures. What I have already accepted goes on, and I carry on by myself afterwards."
        )
        await self._owner.tell(words(reason=self._reason))
