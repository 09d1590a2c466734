"""Pictures beside each other that show what effects do: before and after, many of one, one at several sizes.

There is not a word in them, since people read different languages. Drawn in a process of its own:
python -m impasto.gallery.panels KIND WORD… writes the JPEG to standard output.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from impasto.apart import done_apart
from impasto.crop import Crop
from impasto.imaging import written

MOST_RESULTS = 5
"""That a welcome shows."""

_HALF = (480, 540)
_WELCOME = (1200, 675)
_PANEL = (360, 480)
_INSET = 150
_GAP = 8
_FACE = (0.55, 0.5)
"""Where the face is in the shipped photo: what a panel of another shape shows."""

_EYE = Crop(0.27, 0.16, 0.57, 0.76)
"""The part of it that several sizes are compared on."""

_BADGE, _FINER = 58, 4
_NUMBER_HEIGHT = 52


async def before_after(before: Path, after: Path, *more: Path) -> bytes:
    """A JPEG of two pictures and an arrow between; what `more` went into the second is small on the first.

    All here raise `ChildProcessError` where they fail.
    """
    return await done_apart(__name__, "before-after", *map(str, (before, after, *more)))


async def welcome(photo: Path, results: Sequence[Path]) -> bytes:
    """A JPEG of a photo and up to five results beside it."""
    return await done_apart(__name__, "welcome", str(photo), *map(str, results))


async def sizes(results: Sequence[tuple[str, Path]]) -> bytes:
    """A JPEG of the same part of several results, each with its number below."""
    return await done_apart(
        __name__, "sizes", *(word for number, path in results for word in (number, str(path)))
    )


def draw_before_after(before: Path, after: Path, *more: Path) -> Image.Image:
    """Both in the same size, whatever they have."""
    width, height = _HALF
    sheet = Image.new("RGB", (2 * width + _GAP, height), "white")
    sheet.paste(_fitted(before, _HALF), (0, 0))
    sheet.paste(_fitted(after, _HALF), (width + _GAP, 0))
    for place, path in enumerate(more):
        inset = ImageOps.expand(_fitted(path, (_INSET, _INSET)), _GAP // 2, "white")
        sheet.paste(inset, (_GAP + place * (inset.width + _GAP), height - inset.height - _GAP))
    arrow = _arrow()
    sheet.paste(arrow, ((sheet.width - _BADGE) // 2, (height - _BADGE) // 2), arrow)
    return sheet


def draw_welcome(photo: Path, results: Sequence[Path]) -> Image.Image:
    """The photo in the left half; the results in one column, or in two where there are more than two."""
    width, height = _WELCOME
    sheet = Image.new("RGB", _WELCOME, "white")
    half = (width - _GAP) // 2
    sheet.paste(_fitted(photo, (half, height)), (0, 0))
    middle = len(results) // 2
    columns = [results[:middle], results[middle:]] if len(results) > 2 else [results]
    across = (half - _GAP * (len(columns) - 1)) // len(columns)
    for column, paths in enumerate(columns):
        down = (height - _GAP * (len(paths) - 1)) / len(paths)
        for row, path in enumerate(paths):
            place = (width - half + column * (across + _GAP), round(row * (down + _GAP)))
            sheet.paste(_fitted(path, (across, round(down))), place)
    return sheet


def draw_sizes(results: Sequence[tuple[str, Path]]) -> Image.Image:
    """Every panel shows the same part in the same size, so that only the strokes differ."""
    width, height = _PANEL
    sheet = Image.new("RGB", (len(results) * (width + _GAP) - _GAP, height + _NUMBER_HEIGHT), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(30)
    for place, (number, path) in enumerate(results):
        left = place * (width + _GAP)
        with Image.open(path) as image:
            part = image.convert("RGB").crop(_EYE.box(*image.size))
        sheet.paste(part.resize(_PANEL, Image.Resampling.BICUBIC), (left, 0))
        centre = (left + width / 2, height + _NUMBER_HEIGHT / 2)
        pen.text(centre, number, fill="#222222", font=font, anchor="mm")
    return sheet


def _fitted(path: Path, size: tuple[int, int]) -> Image.Image:
    with Image.open(path) as image:
        return ImageOps.fit(image.convert("RGB"), size, Image.Resampling.BICUBIC, centering=_FACE)


def _arrow() -> Image.Image:
    """A white disc with an arrow to the right."""
    side = _BADGE * _FINER
    disc = Image.new("RGBA", (side, side), (255, 255, 255, 0))
    pen = ImageDraw.Draw(disc)
    pen.ellipse((0, 0, side - 1, side - 1), fill="white")
    left, right, middle, wing = side * 0.27, side * 0.73, side / 2, side * 0.19
    pen.line((left, middle, right - side * 0.03, middle), fill="#222222", width=side // 14)
    head = ((right - wing, middle - wing), (right, middle), (right - wing, middle + wing))
    pen.line(head, fill="#222222", width=side // 14, joint="curve")
    return disc.resize((_BADGE, _BADGE), Image.Resampling.LANCZOS)


def _draw(kind: str, words: Sequence[str]) -> Image.Image:
    match kind:
        case "before-after":
            return draw_before_after(*map(Path, words))
        case "welcome":
            photo, *results = map(Path, words)
            return draw_welcome(photo, results)
        case _:
            return draw_sizes(
                [(number, Path(path)) for number, path in zip(words[::2], words[1::2], strict=True)]
            )


if __name__ == "__main__":
    sys.stdout.buffer.write(written(_draw(sys.argv[1], sys.argv[2:])))
