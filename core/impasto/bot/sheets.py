"""Sheets for cards: made once, sent once to Telegram, and from then on known by their file id."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from impasto.bot.replies import (
    CropSheet,
    ExampleSheet,
    PaintingSheet,
    SampleSheet,
    Sheet,
    SizeSheet,
    WelcomeSheet,
)
from impasto.database import Database
from impasto.effects import EffectError
from impasto.gallery import crop_preview, panels, shipped
from impasto.gallery.paintings import is_painting
from impasto.gallery.samples import Samples
from impasto.gallery.sheet import compose
from impasto.jobs.larder import PictureSource
from impasto.jobs.model import PictureRef

log = logging.getLogger(__name__)

_Lasting = SampleSheet | PaintingSheet | ExampleSheet | WelcomeSheet | SizeSheet
"""Sheets of our own pictures, which stay the same; a crop is a person's."""


@dataclass(frozen=True, slots=True)
class _Drawing:
    """A sheet whose parts are there: how to draw it, and whether nothing is lacking."""

    draw: Callable[[], Awaitable[bytes]]
    complete: bool = True


class Sheets:
    """Sheets of this bot; their file ids are kept in `database`.

    `source` has the people's pictures.
    """

    def __init__(self, database: Database, samples: Samples, source: PictureSource) -> None:
        self._db, self._samples, self._source = database, samples, source
        self._going_on: set[asyncio.Task[None]] = set()
        self._incomplete: set[str] = set()

    def go_on(self, work: Coroutine[Any, Any, None]) -> None:
        """Let `work` go on by itself, until the bot ends."""
        task = asyncio.create_task(work)
        self._going_on.add(task)
        task.add_done_callback(self._going_on.discard)

    def prepare(self, sheets: Iterable[Sheet]) -> None:
        """Let what these sheets show be made by and by, so that nobody waits for it."""
        self.go_on(self._prepare(list(sheets)))

    async def picture(self, bot_id: int, sheet: Sheet) -> str | bytes | None:
        """The sheet as Telegram takes it, a file id or a JPEG; None where nothing of it can be made.

        May take as long as the jobs that run: samples are made when no job waits.
        """
        if isinstance(sheet, CropSheet):
            return await self._crop_preview(sheet.ref)
        signature = self._signature(sheet)
        known = self._db.execute(
            "SELECT file_id FROM sheets WHERE bot_id = ? AND signature = ?", (bot_id, signature)
        ).fetchone()
        if known is not None:
            return str(known["file_id"])
        drawing = await self._drawing(sheet)
        if drawing is None:
            return None
        if not drawing.complete:
            self._incomplete.add(signature)
        try:
            return await drawing.draw()
        except ChildProcessError as error:
            log.error("%s", error)
            return None

    def remember(self, bot_id: int, sheet: Sheet, file_id: str) -> None:
        """Note what Telegram calls the sheet, unless a sample is lacking, which may be made the next time.

        Of a person's picture nothing is noted.
        """
        if isinstance(sheet, CropSheet):
            return
        signature = self._signature(sheet)
        if signature in self._incomplete:
            self._incomplete.discard(signature)
            return
        self._db.execute("INSERT OR REPLACE INTO sheets VALUES (?, ?, ?)", (bot_id, signature, file_id))

    def forget(self, bot_id: int, sheet: Sheet) -> None:
        """Telegram does not know the file id any more."""
        if not isinstance(sheet, CropSheet):
            self._db.execute(
                "DELETE FROM sheets WHERE bot_id = ? AND signature = ?", (bot_id, self._signature(sheet))
            )

    async def _prepare(self, sheets: list[Sheet]) -> None:
        for sheet in sheets:
            if not isinstance(sheet, CropSheet):
                await self._drawing(sheet)

    async def _crop_preview(self, ref: PictureRef) -> bytes | None:
        if is_painting(ref):
            return None
        try:
            picture = await self._source.fetch(replace(ref, file_id=ref.small or ref.file_id))
            return await crop_preview.preview(picture, ref.crop)
        except EffectError as error:
            log.info("no preview of a crop: %s", error.detail)
        except ChildProcessError as error:
            log.warning("%s", error)
        return None

    async def _drawing(self, sheet: _Lasting) -> _Drawing | None:
        """Make what the sheet shows; None where there is nothing to show."""
        match sheet:
            case SampleSheet(effect, option, values, first):
                made = await self._samples.styles(effect, option, values)
                return _Drawing(partial(compose, made, first), None not in made) if any(made) else None
            case PaintingSheet(paintings, first):
                return _Drawing(partial(compose, [painting.path for painting in paintings], first))
            case ExampleSheet(effect):
                example = await self._samples.example(effect)
                return (
                    _Drawing(partial(panels.before_after, example.before, example.after, *example.more))
                    if example
                    else None
                )
            case WelcomeSheet(effects):
                examples, complete = await self._samples.examples(effects, panels.MOST_RESULTS)
                results = [example.after for example in examples]
                return (
                    _Drawing(partial(panels.welcome, shipped.PHOTO, results), complete) if results else None
                )
            case SizeSheet(effect, key):
                sizes = await self._samples.sizes(effect, key)
                there = [(number, path) for number, path in sizes if path is not None]
                return _Drawing(partial(panels.sizes, there), there == sizes) if len(there) > 1 else None

    def _signature(self, sheet: _Lasting) -> str:
        signed = self._samples.signature
        match sheet:
            case SampleSheet(effect, option, values, first):
                about = f"{signed(effect)} {option.samples} {values} {first}"
            case PaintingSheet(paintings, first):
                files = [(painting.key, painting.changed) for painting in paintings]
                about = f"{files} {first}"
            case ExampleSheet(effect):
                about = f"example {signed(effect)}"
            case WelcomeSheet(effects):
                about = f"welcome {[signed(effect) for effect in effects]}"
            case SizeSheet(effect, key):
                about = f"sizes {signed(effect)} {key}"
        return hashlib.sha256(about.encode()).hexdigest()
