"""Photos as Telegram keeps them: upright JPEGs in several sizes, without metadata. Decoded in threads."""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from impasto.sandbox.errors import bad_request
from impasto.sandbox.limits import PHOTO_BOUNDS, PHOTO_RATIO, PHOTO_SIDES, THUMBNAIL_SIDE

_QUALITY: Final = 87
_UNREADABLE: Final = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    ValueError,
    SyntaxError,
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JPEG with its size in pixels."""

    data: bytes
    width: int
    height: int


async def photo_sizes(data: bytes, longest: int, sides: int | None = None) -> list[Encoded]:
    """The copies of a photo, smallest first, none with a side above `longest` pixels.

    Raises `Refused` with Telegram's words where `data` is no picture, is much longer than wide, or has a
    width and height above `sides` pixels together.
    """
    return await asyncio.to_thread(_photo_sizes, data, longest, sides)


async def thumbnail(data: bytes) -> Encoded | None:
    """A small copy of a picture, or None where `data` is none that can be decoded."""
    return await asyncio.to_thread(_thumbnail, data)


async def dimensions(data: bytes) -> tuple[int, int]:
    """Width and height of a picture in pixels. Raises `Refused` where `data` is none."""
    return await asyncio.to_thread(_dimensions, data)


def _photo_sizes(data: bytes, longest: int, sides: int | None) -> list[Encoded]:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
            if max(width, height) > PHOTO_RATIO * min(width, height):
                raise bad_request("PHOTO_INVALID_DIMENSIONS")
            if sides is not None and width + height > sides:
                raise bad_request("PHOTO_INVALID_DIMENSIONS")
            opened.draft("RGB", (longest, longest))
            picture = _upright_rgb(opened)
    except _UNREADABLE as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    side = max(picture.size)
    bounds = [bound for bound in PHOTO_BOUNDS if bound < side]
    return [_encode(_shrunk(picture, bound)) for bound in bounds] + [_encode(picture)]


def _thumbnail(data: bytes) -> Encoded | None:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            if sum(opened.size) > PHOTO_SIDES:
                return None
            opened.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
            return _encode(_shrunk(_upright_rgb(opened), THUMBNAIL_SIDE))
    except _UNREADABLE:
        return None


def _dimensions(data: bytes) -> tuple[int, int]:
    try:
        with Image.open(io.BytesIO(data)) as opened:
            return opened.size
    except _UNREADABLE as error:
        raise bad_request("IMAGE_PROCESS_FAILED") from error


def _upright_rgb(opened: Image.Image) -> Image.Image:
    """The picture turned as its EXIF says, over white where it is transparent, 8 bits a channel."""
    picture = ImageOps.exif_transpose(opened)
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.new("RGBA", layer.size, "white")
        picture.alpha_composite(layer)
    return picture.convert("RGB")


def _shrunk(picture: Image.Image, bound: int) -> Image.Image:
    small = picture.copy()
    small.thumbnail((bound, bound), Image.Resampling.LANCZOS)
    return small


def _encode(picture: Image.Image) -> Encoded:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return Encoded(out.getvalue(), *picture.size)
