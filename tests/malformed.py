"""Files that strangers may send: a corpus of good, odd, damaged and hostile pictures, made from seeds."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from PIL import Image

from tests.by_hand import (
    HUGE,
    PNG,
    ZIP,
    bmp,
    chunk,
    claiming,
    common_profile,
    gif,
    gif_frame,
    in_mode,
    oriented,
    png,
    riff,
    tiff,
    webp_canvas,
    webp_frame,
)
from tests.oddities import odd_headers, odd_metadata, odd_pixels
from tests.pictures import animated, encoded, scene


class Fate(Enum):
    """What is to become of a file."""

    PICTURE = auto()
    """It shows something, however odd it is: it is opened."""
    REFUSED = auto()
    EITHER = auto()
    """Damage may hit anything."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file, and what is to become of it."""

    name: str
    data: bytes
    fate: Fate = Fate.EITHER


def corpus() -> Iterator[Case]:
    """All cases, the same at every run, each under a name of its own."""
    sound = sound_pictures()
    for name, data in sound.items():
        yield Case(name, data, Fate.PICTURE)
        yield Case(f"{name}, with a ZIP behind it", data + ZIP, Fate.PICTURE)
        for keep in (0.02, 0.1, 0.35, 0.6, 0.85, 0.97):
            yield Case(f"{name}, cut at {keep:.0%}", data[: int(len(data) * keep)])
        for damage in (flipped, forged, zeroed, shuffled):
            for seed in range(3):
                chance = random.Random(f"{name} {damage.__name__} {seed}")
                yield Case(f"{name}, {damage.__name__} by {seed}", damage(data, chance))
    for made, fate in (
        (odd_metadata(), Fate.PICTURE),
        (odd_pixels(), Fate.PICTURE),
        (bombs(), Fate.REFUSED),
        (not_pictures(), Fate.REFUSED),
        (odd_headers(), Fate.EITHER),
    ):
        for name, data in made:
            yield Case(name, data, fate)


def sound_pictures() -> dict[str, bytes]:
    """One small picture of every kind that is read."""
    rgb, grey = scene(), scene().convert("L")
    see_through = rgb.convert("RGBA")
    see_through.putalpha(grey)
    profile = common_profile("sRGB")
    return {
        "JPEG": encoded(rgb, exif=oriented(1), icc_profile=profile, comment=b"hello"),
        "grey JPEG": encoded(grey),
        "progressive JPEG": encoded(rgb, progressive=True),
        "CMYK JPEG": encoded(rgb.convert("CMYK")),
        "MPO": _moving("MPO"),
        "PNG": encoded(rgb, "PNG", icc_profile=profile, exif=oriented(1)),
        "clear PNG": encoded(see_through, "PNG"),
        "palette PNG": encoded(rgb.quantize(16), "PNG", transparency=3),
        "APNG": _moving("PNG"),
        "GIF": encoded(rgb.quantize(16), "GIF", transparency=3),
        "moving GIF": animated(),
        "WebP": encoded(rgb, "WEBP", icc_profile=profile, exif=oriented(1)),
        "lossless WebP": encoded(see_through, "WEBP", lossless=True),
        "moving WebP": _moving("WEBP"),
        "BMP": encoded(rgb, "BMP"),
        "palette BMP": encoded(rgb.quantize(16), "BMP"),
        "TIFF": encoded(rgb, "TIFF"),
        "LZW TIFF": encoded(rgb, "TIFF", compression="tiff_lzw", icc_profile=profile),
        "JPEG TIFF": encoded(rgb, "TIFF", compression="jpeg"),
        "deflate TIFF": encoded(rgb, "TIFF", compression="tiff_deflate"),
        "TIFF of pages": _moving("TIFF"),
    }


# Damage


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bits turned over, many of them near the beginning."""
    hurt = bytearray(data)
    for _ in range(chance.choice((1, 4, 30))):
        place = min(chance.randrange(len(hurt)), chance.randrange(len(hurt)))
        hurt[place] ^= 1 << chance.randrange(8)
    return bytes(hurt)


def forged(data: bytes, chance: random.Random) -> bytes:
    """Numbers replaced by what programs trip over."""
    hurt = bytearray(data)
    for _ in range(chance.choice((1, 3, 9))):
        place = chance.randrange(max(1, min(len(hurt), 400) - 4))
        number = chance.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF))
        hurt[place : place + 4] = struct.pack(chance.choice("<>") + "I", number)
    return bytes(hurt)


def zeroed(data: bytes, chance: random.Random) -> bytes:
    """A stretch that was never written, as by a download that broke off."""
    begin = chance.randrange(4, len(data))
    length = chance.randrange(1, len(data))
    return data[:begin] + bytes(len(data[begin : begin + length])) + data[begin + length :]


def shuffled(data: bytes, chance: random.Random) -> bytes:
    """A stretch left out, or there twice."""
    begin, end = sorted(chance.randrange(4, len(data)) for _ in range(2))
    return data[:begin] + data[begin:end] * chance.choice((0, 2, 5)) + data[end:]


def bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that claim to be large, or would take for ever."""
    for width, height in ((HUGE, HUGE), (2**31 - 1, 1), (1, 2**31 - 1), (13_000, 13_000), (8000, 8000)):
        yield f"PNG of {width} × {height}", png(width, height, 8, 2, bytes(100_000))
        yield f"BMP of {width} × {height}", bmp(width, height, 24, bytes(1000))
        yield f"TIFF of {width} × {height}", tiff(width, height, pixels=bytes(1000))
    for width, height in ((65_535, 65_535), (13_000, 13_000), (8000, 8000)):
        yield f"GIF of {width} × {height}", gif(width, height, gif_frame())
        yield f"GIF with a frame of {width} × {height}", gif(2, 2, gif_frame(width=width, height=height))
        yield f"JPEG of {width} × {height}", claiming(width, height)
    for width, height in ((2**24, 2**24), (16_383, 16_383), (13_000, 13_000), (8000, 8000)):
        yield f"WebP of {width} × {height}", riff(webp_canvas(width, height), webp_frame())
    yield "JPEG of 2000 scans", _of_scans(2000)
    yield "large PNG cut short", png(7000, 7000, 8, 6, bytes(1000))
    yield "GIF that is large and empty", gif(7000, 7000)
    yield (
        "PNG whose text swells to 100 MB",
        png(2, 2, 8, 0, bytes(6), *[chunk(b"zTXt", b"C\0\0" + zlib.compress(bytes(1_000_000)))] * 100),
    )
    yield (
        "TIFF that swells to 100 MB",
        tiff(30_000, 30_000, (259, 3, (8,)), pixels=zlib.compress(bytes(10**8))),
    )
    swelling = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(3 * 10**7)))
    yield "PNG whose profile swells to 30 MB", png(2, 2, 8, 0, bytes(6), swelling)
    for name in ("group3", "group4", "tiff_ccitt"):
        yield f"fax of {name}", encoded(in_mode("1"), "TIFF", compression=name)
    rows = random.Random(1).randbytes(2_000_000)
    yield "fax of a million damaged rows", tiff(1, 10**6, (258, 3, (1,)), (259, 3, (2,)), pixels=rows)


def not_pictures() -> Iterator[tuple[str, bytes]]:
    """What is no picture, or of a kind that is not read."""
    yield "nothing", b""
    for length in (1, 2, 4, 8, 30):
        yield f"{length} noughts", bytes(length)
    for seed in range(10):
        yield f"noise {seed}", random.Random(seed).randbytes(2000)
    yield "a text", "Всё хорошо, прекрасная маркиза".encode()
    yield "a ZIP", ZIP
    yield "a photo behind a ZIP", ZIP + encoded(scene())
    yield "a PDF with a photo", b"%PDF-1.4\n1 0 obj<</Filter/DCTDecode>>stream\n" + encoded(scene())
    yield "a page", b"<!DOCTYPE html><img src=x onerror=alert(1)>"
    yield "SVG", b'<svg xmlns="http://www.w3.org/2000/svg" width="50000" height="50000"/>'
    yield "SVG with an entity", b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'
    yield "PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50000 50000\n%%EndComments\n"
    yield "HEIC", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
    yield "JPEG XL", b"\xff\x0a" + bytes(200)
    yield "Photoshop", b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, HUGE, HUGE, 8, 3) + bytes(200)
    yield (
        "an icon",
        b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, 99, 22) + png(HUGE, HUGE, 8, 6, b""),
    )
    yield "a font", b"\0\1\0\0" + bytes(300)
    yield "a program", b"\x7fELF\x02\x01\x01" + bytes(300)
    for kind in (
        "AVIF",
        "JPEG2000",
        "TGA",
        "PCX",
        "PPM",
        "ICO",
        "DDS",
        "ICNS",
        "SGI",
        "QOI",
        "EPS",
    ):
        yield f"a picture as {kind}", encoded(scene(), kind)
    for name, mark in {
        "JPEG": b"\xff\xd8\xff\xe0", "PNG": PNG, "GIF": b"GIF89a", "BMP": b"BM", "TIFF": b"II*\0",
        "MM TIFF": b"MM\0*", "BigTIFF": b"II+\0\x08\0\0\0", "WebP": b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    }.items():  # fmt: skip
        yield f"the mark of {name} alone", mark
        yield f"the mark of {name} and noise", mark + random.Random(name).randbytes(5000)
    for width, height in ((0, 8), (8, 0), (0, 0)):
        yield f"PNG of {width} × {height}", png(width, height, 8, 2, bytes(300))
        yield f"GIF of {width} × {height}", gif(width, height)
        yield f"BMP of {width} × {height}", bmp(width, height, 24, bytes(300))
        yield f"TIFF of {width} × {height}", tiff(width, height, pixels=bytes(300))
        yield f"JPEG of {width} × {height}", claiming(width, height)


def _moving(kind: str) -> bytes:
    first, *others = (scene().rotate(angle) for angle in (0, 90, 180))
    return encoded(first, kind, save_all=True, append_images=others)


def _of_scans(count: int) -> bytes:
    """A large progressive JPEG of blank scans, each of which costs a decoder a walk over all blocks."""
    data = encoded(Image.new("L", (7000, 7000)), progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]
