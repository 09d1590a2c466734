"""A preview of a crop: the picture with what is cut away dimmed, and a frame in thirds around the rest.

Drawn in a process of its own, where a person's picture is unpacked and never touches the disk:
python -m impasto.gallery.crop_preview LEFT TOP RIGHT BOTTOM reads it from standard input, writes a JPEG.
"""

from __future__ import annotations

import sys
from dataclasses import astuple

from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from impasto.apart import done_apart
from impasto.crop import Crop
from impasto.effects import BadPicture
from impasto.imaging import decode, flatten, with_alpha, written

SIDE = 640
"""Pixels of the longer side of a preview."""

_LEAST_SIDE = 160
"""Of the shorter side: a narrow picture stands on a ground."""

_MOST_PIXELS = 50_000_000
_DIMMED = 0.32
_GROUND = "#1c1c1e"


async def preview(picture: bytes, crop: Crop | None) -> bytes:
    """A JPEG of `picture` with what `crop` leaves out dimmed. Raises `ChildProcessError` where that fails."""
    return await done_apart(__name__, *map(str, astuple(crop or Crop())), data=picture)


def draw(picture: bytes, crop: Crop) -> Image.Image:
    """The same, here and now. Raises `BadPicture`."""
    decoded = decode(picture, _MOST_PIXELS)
    whole = flatten(with_alpha(decoded.image, decoded.alpha))
    image = ImageOps.contain(whole, (SIDE, SIDE), Image.Resampling.LANCZOS)
    shown = ImageEnhance.Brightness(image).enhance(_DIMMED)
    box = crop.box(*image.size)
    shown.paste(image.crop(box), box[:2])
    _frame(shown, box)
    if min(shown.size) < _LEAST_SIDE:
        size = (max(shown.width, _LEAST_SIDE), max(shown.height, _LEAST_SIDE))
        shown = ImageOps.pad(shown, size, color=_GROUND)
    return shown


def _frame(image: Image.Image, box: tuple[int, int, int, int]) -> None:
    """Draw the edges of `box`, and lines that divide it in thirds."""
    left, top, right, bottom = box[0], box[1], box[2] - 1, box[3] - 1
    lines = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(lines)
    for third in (1, 2):
        across, down = left + (right - left) * third / 3, top + (bottom - top) * third / 3
        pen.line((across, top, across, bottom), fill=110)
        pen.line((left, down, right, down), fill=110)
    pen.rectangle((left, top, right, bottom), outline=255, width=3)
    image.paste("white", mask=lines)


if __name__ == "__main__":
    part = Crop(*map(float, sys.argv[1:]))
    try:
        sys.stdout.buffer.write(written(draw(sys.stdin.buffer.read(), part)))
    except BadPicture as error:
        sys.exit(error.detail)
