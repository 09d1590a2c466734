"""A sheet: nine small pictures with their numbers, as one photo for the chat."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont, ImageOps

COLUMNS = 3
PER_SHEET = 9

CELL = 240
"""Pixels of the side of a small picture."""

_GAP = 8
_BADGE = 40


def compose(pictures: Sequence[bytes | None], first_number: int) -> bytes:
    """A JPEG of up to nine square pictures, numbered from `first_number`; None leaves its place grey."""
    rows = -(-len(pictures) // COLUMNS)
    columns = min(COLUMNS, len(pictures))
    size = (columns * (CELL + _GAP) + _GAP, rows * (CELL + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(24)
    for place, data in enumerate(pictures):
        x, y = (_GAP + index * (CELL + _GAP) for index in (place % COLUMNS, place // COLUMNS))
        if data is None:
            draw.rectangle((x, y, x + CELL, y + CELL), fill="#dddddd")
        else:
            sheet.paste(_square(data), (x, y))
        draw.rounded_rectangle((x, y, x + _BADGE + 6, y + _BADGE - 4), 10, fill="#222222")
        centre = (x + (_BADGE + 6) / 2, y + (_BADGE - 4) / 2)
        draw.text(centre, str(first_number + place), fill="white", font=font, anchor="mm")
    file = BytesIO()
    sheet.save(file, "JPEG", quality=88)
    return file.getvalue()


def _square(data: bytes) -> Image.Image:
    with Image.open(BytesIO(data)) as image:
        image.draft("RGB", (2 * CELL, 2 * CELL))
        return ImageOps.fit(image.convert("RGB"), (CELL, CELL), Image.Resampling.LANCZOS)
