"""Pictures that the tests draw themselves."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image, ImageDraw


def scene(width: int = 64, height: int = 48) -> Image.Image:
    """A hill under a sky with a sun: something with edges, colours and smooth parts."""
    sky = Image.linear_gradient("L").resize((width, height))
    image = Image.merge(
        "RGB",
        (
            sky.point(lambda v: 90 + v // 3),
            sky.point(lambda v: 140 + v // 4),
            sky.point(lambda v: 230 - v // 5),
        ),
    )
    draw = ImageDraw.Draw(image)
    draw.ellipse((width * 0.6, height * 0.1, width * 0.85, height * 0.1 + width * 0.25), fill=(255, 220, 90))
    draw.polygon([(0, height), (width * 0.4, height * 0.45), (width, height)], fill=(60, 120, 50))
    return image


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    """`image` as a file."""
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo(width: int = 64, height: int = 48) -> bytes:
    """A small JPEG photo."""
    return encoded(scene(width, height), quality=90)


def decoded(data: bytes) -> Image.Image:
    """A file as a picture."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that claims 900 megapixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((1 + width // 8) * 100), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def animated() -> bytes:
    """A GIF of three frames."""
    frames = [scene().rotate(angle) for angle in (0, 120, 240)]
    return encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def rotated_by_exif() -> bytes:
    """A JPEG that lies on its side, and says so."""
    image = scene(60, 40)
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(image, exif=exif)
