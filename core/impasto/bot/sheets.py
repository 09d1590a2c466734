"""Sheets for cards: made once, sent once to Telegram, and from then on known by their file id."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sqlite3
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from impasto.bot.replies import PaintingSheet, SampleSheet, Sheet
from impasto.gallery.samples import Samples
from impasto.gallery.sheet import compose

log = logging.getLogger(__name__)


class Sheets:
    """Sheets of this bot; their file ids are kept in the database `connection`."""

    def __init__(self, connection: sqlite3.Connection, samples: Samples) -> None:
        self._db, self._samples = connection, samples
        self._going_on: set[asyncio.Task[None]] = set()
        self._incomplete: set[str] = set()

    def go_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` go on by itself, until the bot ends."""
        task = asyncio.create_task(work)
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    async def picture(self, bot_id: int, sheet: Sheet) -> str | bytes | None:
        """The sheet as Telegram takes it, a file id or a JPEG; None where nothing of it can be made.

        May take as long as the jobs that run: samples are made when no job waits.
        """
        known = self._db.execute(
            "SELECT file_id FROM sheets WHERE bot_id = ? AND signature = ?", (bot_id, self._signature(sheet))
        ).fetchone()
        if known is not None:
            return str(known["file_id"])
        pictures = await self._pictures(sheet)
        if all(picture is None for picture in pictures):
            return None
        if None in pictures:
            self._incomplete.add(self._signature(sheet))
        try:
            return await compose(pictures, sheet.first_number)
        except ChildProcessError as error:
            log.error("%s", error)
            return None

    def remember(self, bot_id: int, sheet: Sheet, file_id: str) -> None:
        """Note what Telegram calls the sheet, unless a sample is lacking, which may be made the next time."""
        if self._signature(sheet) in self._incomplete:
            self._incomplete.discard(self._signature(sheet))
            return
        self._db.execute(
            "INSERT OR REPLACE INTO sheets VALUES (?, ?, ?)", (bot_id, self._signature(sheet), file_id)
        )

    def forget(self, bot_id: int, sheet: Sheet) -> None:
        """Telegram does not know the file id any more."""
        self._db.execute(
            "DELETE FROM sheets WHERE bot_id = ? AND signature = ?", (bot_id, self._signature(sheet))
        )

    async def _pictures(self, sheet: Sheet) -> Sequence[Path | None]:
        if isinstance(sheet, SampleSheet):
            return await self._samples.get(sheet.effect, sheet.option, list(sheet.values))
        return [painting.path for painting in sheet.paintings]

    def _signature(self, sheet: Sheet) -> str:
        match sheet:
            case SampleSheet(effect, option, values):
                about = f"{self._samples.signature(effect, option)} {values} {sheet.first_number}"
            case PaintingSheet(paintings):
                files = [(painting.key, painting.changed) for painting in paintings]
                about = f"{files} {sheet.first_number}"
        return hashlib.sha256(about.encode()).hexdigest()
