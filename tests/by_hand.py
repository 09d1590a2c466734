"""Picture files made by hand, for what Pillow would not write."""

from __future__ import annotations

import itertools
import struct
import zlib
from collections.abc import Sequence
from typing import Literal

from PIL import Image, ImageCms

from tests.pictures import encoded, scene

ZIP = b"PK\x05\x06" + bytes(18)
PNG = b"\x89PNG\r\n\x1a\n"
HUGE = 50_000


def chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    width: int, height: int, depth: int, colour: int, rows: bytes, *before: bytes, after: bytes = b""
) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return PNG + header + b"".join(before) + chunk(b"IDAT", zlib.compress(rows)) + after + chunk(b"IEND")


def marker(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(data) + 2) + data


def jpeg(*segments: bytes, image: Image.Image | None = None) -> bytes:
    """A photo with more segments at its beginning."""
    data = encoded(image or scene())
    return data[:2] + b"".join(segments) + data[2:]


STRIP = 4096


def tiff(
    width: int, height: int, *more: tuple[int, int, Sequence[int]], pixels: bytes, following: int = 0
) -> bytes:
    """A TIFF of one strip at `STRIP`. `more` are tags: number, type (3 short, 4 long), values."""
    tags: dict[int, tuple[int, tuple[int, ...]]]
    tags = {256: (4, (width,)), 257: (4, (height,)), 273: (4, (STRIP,)), 278: (4, (height,))}
    tags |= {279: (4, (len(pixels),)), 259: (3, (1,)), 262: (3, (1,)), 258: (3, (8,))}
    tags |= {tag: (kind, tuple(values)) for tag, kind, values in more}
    begin, behind = 8 + 2 + 12 * len(tags) + 4, b""
    directory = struct.pack("<H", len(tags))
    for tag, (kind, values) in sorted(tags.items()):
        packed = struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)
        if len(packed) > 4:
            packed, behind = struct.pack("<I", begin + len(behind)), behind + packed
        directory += struct.pack("<HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", following) + behind
    return head.ljust(STRIP, b"\0") + pixels


def gif(width: int, height: int, *frames: bytes, version: bytes = b"GIF89a") -> bytes:
    colours = bytes(range(24))
    return version + struct.pack("<HHBBB", width, height, 0xF2, 0, 0) + colours + b"".join(frames) + b";"


def gif_frame(
    left: int = 0, top: int = 0, width: int = 2, height: int = 2, code: int = 3, data: bytes = b"\x02\x84\x51"
) -> bytes:
    place = struct.pack("<BHHHHB", 0x2C, left, top, width, height, 0)
    return place + bytes([code, len(data)]) + data + b"\0"


def bmp(
    width: int, height: int, bits: int, pixels: bytes, *, compression: int = 0, header: int = 40
) -> bytes:
    about = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, 0, 0, 0, 0, 0)
    start = 14 + max(40, min(header, 124)) + (4 << bits if bits <= 8 else 0)
    file = b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + about
    return file.ljust(start, b"\0") + pixels


def riff(*chunks: tuple[bytes, bytes], size: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def webp_canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    sides = b"".join(struct.pack("<I", side - 1)[:3] for side in (width, height))
    return b"VP8X", bytes([flags, 0, 0, 0]) + sides


def webp_frame(lossless: bool = True) -> tuple[bytes, bytes]:
    """The chunk that holds the pixels of a picture of 64 × 48."""
    data = encoded(scene(), "WEBP", lossless=lossless)
    return data[12:16], data[20:]


def profile(
    space: bytes, *tags: tuple[bytes, bytes], target: bytes = b"XYZ ", kind: bytes = b"prtr"
) -> bytes:
    """An ICC profile."""
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data.ljust(-(-len(data) // 4) * 4, b"\0")
    illuminant = struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    head = struct.pack(">I4sI4s4s4s", 132 + len(table) - 4 + len(body), b"", 0x02400000, kind, space, target)
    head = head.ljust(36, b"\0") + b"acsp"
    return (head.ljust(68, b"\0") + illuminant).ljust(128, b"\0") + table + body


def common_profile(name: Literal["LAB", "XYZ", "sRGB"]) -> bytes:
    """A profile that is the same at every run: without the moment when it was made."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()
    return made[:24] + bytes(12) + made[36:]


def profiles() -> dict[str, bytes]:
    """Colour profiles, sound and not."""
    made = {"sRGB": common_profile("sRGB"), "LAB": common_profile("LAB"), "XYZ": common_profile("XYZ")}
    white = b"XYZ " + struct.pack(">IIII", 0, 0xF6D6, 0x10000, 0xD32D)
    made["grey"] = profile(b"GRAY", (b"wtpt", white), (b"kTRC", struct.pack(">4sIIH", b"curv", 0, 1, 0x0200)))
    ramp = bytes(range(256))
    inks = b"".join(
        bytes([255 * (not any(corner)), 128, 128]) for corner in itertools.product((0, 1), repeat=4)
    )
    matrix = struct.pack(">9i", *(65536 * (n in (0, 4, 8)) for n in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + 4 * ramp + inks + 3 * ramp
    made["CMYK"] = profile(b"CMYK", (b"wtpt", white), (b"A2B0", table), target=b"Lab ")
    made["bottomless curve"] = profile(
        b"GRAY", (b"wtpt", white), (b"kTRC", struct.pack(">4sII", b"curv", 0, 2**31))
    )
    made["bottomless table"] = profile(
        b"CMYK", (b"A2B0", b"mft2" + bytes(4) + b"\xff\xff\xff\0" + matrix + b"\xff" * 8), target=b"Lab "
    )
    made["junk"] = b"junk" * 500
    made["huge"] = bytes(3_000_000)
    made["nothing but a head"] = made["sRGB"][:128]
    made["half"] = made["sRGB"][: len(made["sRGB"]) // 2]
    made["a million tags"] = made["sRGB"][:128] + struct.pack(">I", 10**6) + bytes(1000)
    return made


def exif(*entries: tuple[int, int, int, int], following: int = 0) -> bytes:
    """EXIF of one directory. Entries: tag, type, count, value."""
    directory = struct.pack(">H", len(entries)) + b"".join(struct.pack(">HHII", *entry) for entry in entries)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + directory + struct.pack(">I", following)


def oriented(value: int) -> bytes:
    return exif((0x0112, 3, 1, value << 16))


def claiming(width: int, height: int) -> bytes:
    """A small JPEG that says it is of another size."""
    data = encoded(scene())
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + struct.pack(">HH", height, width) + data[place + 4 :]


def in_mode(mode: str) -> Image.Image:
    """The scene in pixels of that kind."""
    if mode == "LAB":
        made = ImageCms.profileToProfile(
            scene(), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        assert made is not None
        made.info.clear()
        return made
    if mode.startswith("I"):
        return scene().convert("L").convert("I").point(lambda value: value * 257).convert(mode)
    return scene().convert("P").convert("PA") if mode == "PA" else scene().convert(mode)
