"""A sheet: nine small pictures with their numbers, as one photo for the chat.

Composed in a process of its own, so that the core stays small whatever pictures an owner's gallery holds:
python -m impasto.gallery.sheet FIRST_NUMBER PATH… writes the JPEG to standard output.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from impasto.apart import done_apart
from impasto.imaging import READABLE, written

log = logging.getLogger(__name__)

COLUMNS = 3
PER_SHEET = 9

CELL = 240
"""Pixels of the side of a small picture."""

_GAP = 8
_BADGE = 40
_NOTHING = "-"


async def compose(pictures: Sequence[Path | None], first_number: int) -> bytes:
    """A JPEG of up to nine square pictures, numbered from `first_number`.

    None, and what can't be opened, leaves its place grey. Raises `ChildProcessError` where the process fails.
    """
    paths = [_NOTHING if path is None else str(path) for path in pictures]
    return await done_apart(__name__, str(first_number), *paths)


def draw(pictures: Sequence[Path | None], first_number: int) -> Image.Image:
    """The same, here and now."""
    rows = -(-len(pictures) // COLUMNS)
    columns = min(COLUMNS, len(pictures))
    sheet = Image.new("RGB", (columns * (CELL + _GAP) + _GAP, rows * (CELL + _GAP) + _GAP), "white")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(24)
    for place, path in enumerate(pictures):
        x, y = (_GAP + index * (CELL + _GAP) for index in (place % COLUMNS, place // COLUMNS))
        sheet.paste(_square(path), (x, y))
        pen.rounded_rectangle((x, y, x + _BADGE + 6, y + _BADGE - 4), 10, fill="#222222")
        centre = (x + (_BADGE + 6) / 2, y + (_BADGE - 4) / 2)
        pen.text(centre, str(first_number + place), fill="white", font=font, anchor="mm")
    return sheet


def _square(path: Path | None) -> Image.Image:
    if path is not None:
        try:
            with Image.open(path, formats=READABLE) as image:
                image.draft("RGB", (2 * CELL, 2 * CELL))
                upright = ImageOps.exif_transpose(image).convert("RGB")
                return ImageOps.fit(upright, (CELL, CELL), Image.Resampling.LANCZOS)
        except Exception:  # decoders raise whatever they like; one picture must not cost the sheet
            log.warning("%s can't be shown", path.name)
    return Image.new("RGB", (CELL, CELL), "#dddddd")


if __name__ == "__main__":
    first, *names = sys.argv[1:]
    pictures = [None if name == _NOTHING else Path(name) for name in names]
    sys.stdout.buffer.write(written(draw(pictures, int(first))))
