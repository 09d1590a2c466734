"""Pictures that are sound but odd, and headers that contradict themselves."""

from __future__ import annotations

import itertools
import math
import random
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.by_hand import (
    STRIP,
    bmp,
    chunk,
    claiming,
    exif,
    gif,
    gif_frame,
    in_mode,
    jpeg,
    marker,
    oriented,
    png,
    profiles,
    riff,
    tiff,
    webp_canvas,
    webp_frame,
)
from tests.pictures import encoded, scene


def odd_metadata() -> Iterator[tuple[str, bytes]]:
    """Sound pixels, and something about them that is not."""
    for name, profile in profiles().items():
        for mode, kind in (
            ("RGB", "JPEG"),
            ("L", "JPEG"),
            ("CMYK", "JPEG"),
            ("RGB", "PNG"),
            ("RGB", "WEBP"),
            ("LAB", "TIFF"),
        ):
            if len(profile) < 60_000 or kind != "PNG":
                yield f"{mode} {kind}, profile {name}", encoded(in_mode(mode), kind, icc_profile=profile)
    for value in (*range(10), 255, 65535):
        for kind in ("JPEG", "PNG", "WEBP"):
            yield f"{kind}, orientation {value}", encoded(scene(), kind, exif=oriented(value))
    turned = (0x0112, 3, 1, 6 << 16)
    exifs = {
        "of a cycle": exif((0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0x014A, 4, 1, 8), following=8),
        "of words": b"Exif\0\0" + b"all the world's a stage " * 20,
        "with a value far away": exif(turned, (0x010F, 2, 0x7FFFFFFF, 0x7FFFFFF0)),
        "with unknown types": exif((0x0112, 99, 1, 6 << 16), (0x010F, 0, 1, 1), (0x0110, 13, 5, 5)),
        "with orientation in words": exif((0x0112, 2, 4, 0x41424344)),
        "with many orientations": exif((0x0112, 3, 2, 0x00060003), *[(0x0112, 3, 1, 3 << 16)] * 50),
        "turned, with a broken maker note": exif(turned, (0x8769, 4, 1, 30), (0x927C, 7, 900, 8)),
        "turned, divided by nought": exif(turned, (0x011A, 5, 1, 8), (0x0132, 5, 1, 14)),
        "turned, with numbers for words": exif((0x010E, 4, 1, 7), turned, (0x0131, 11, 1, 0x7FC00000)),
        "of 60 kB": exif(turned) + b"\xff" * 60_000,
    }
    for name, about in exifs.items():
        yield f"JPEG, EXIF {name}", jpeg(marker(0xE1, about))
        yield f"PNG, EXIF {name}", encoded(scene(), "PNG", exif=about)
        yield f"WebP, EXIF {name}", encoded(scene(), "WEBP", exif=about)
    grey = b"\0\x40\x80" * 2
    for name, extra in {
        "text": chunk(b"tEXt", b"Comment\0" + b"x" * 200_000),
        "packed text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 5000)),
        "a profile that is no zlib": chunk(b"iCCP", b"x\0\0junk"),
        "EXIF in hex": chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n  99\nzz")),
        "XMP": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<tiff:Orientation>6</tiff:Orientation>"),
        "unknown chunks": chunk(b"prVt", b"x") * 1000,
    }.items():
        yield f"PNG with {name}", png(2, 2, 8, 0, grey, extra)
        yield f"PNG with {name} behind", png(2, 2, 8, 0, grey, after=extra)
    yield "JPEG with 15 MB of comments", jpeg(*[marker(0xFE, bytes(65_000))] * 230)
    yield (
        "JPEG with a broken Photoshop part",
        jpeg(marker(0xED, b"Photoshop 3.0\0" + b"8BIM\x03\xed\xff" * 9)),
    )
    yield "JPEG with a broken list of pictures", jpeg(marker(0xE2, b"MPF\0" + b"II*\0\xff\xff\xff\xff" * 3))
    yield "JPEG with profile parts out of order", jpeg(marker(0xE2, b"ICC_PROFILE\0\xff\x01junk") * 3)
    yield "JPEG that is a page", jpeg(marker(0xFE, b"<html><script>alert(1)</script><!--"))
    yield "JPEG that is a PDF", jpeg(marker(0xFE, b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj"))
    yield "GIF that is a script", gif(0x2A2F, 8, b"!\xfe\x08*/=1;//\n\0", gif_frame())
    yield "PNG and JPEG in one", encoded(scene(), "PNG") + encoded(scene())
    yield "GIF of 3000 frames", gif(2, 2, *[gif_frame()] * 3000)
    yield (
        "GIF with 4 MB of comments",
        gif(2, 2, (b"!\xfe" + (b"\xff" + bytes(255)) * 16_000 + b"\0"), gif_frame()),
    )
    yield "PNG of 2³¹ frames", png(2, 2, 8, 0, grey, chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)))


def odd_pixels() -> Iterator[tuple[str, bytes]]:
    """Sound pictures of sizes and pixels that are rare."""
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"):
        for size in ((1, 1), (1, 1500), (1500, 1)):
            yield f"{kind} of {size[0]} × {size[1]}", encoded(scene(*size), kind)
    for mode, kind in itertools.product(("1", "L", "LA", "P", "RGB", "RGBA", "I;16"), ("PNG", "TIFF")):
        yield f"{mode} {kind}", encoded(in_mode(mode), kind)
    for mode in ("I", "F", "CMYK", "YCbCr", "LAB", "RGBX", "PA", "I;16B"):
        yield f"{mode} TIFF", encoded(in_mode(mode), "TIFF")
    for compression in ("packbits", "tiff_deflate", "tiff_adobe_deflate", "lzma", "zstd"):
        yield f"{compression} TIFF", encoded(scene(), "TIFF", compression=compression)
    for colour, channels in ((0, 1), (2, 3), (4, 2), (6, 4)):
        rows = (b"\0" + bytes(range(2 * 3 * channels))) * 3
        yield f"16-bit PNG of {channels} channels", png(3, 3, 16, colour, rows)
        clear = chunk(b"tRNS", struct.pack(">3H", 1, 2, 3)[: 2 * channels])
        if channels in (1, 3):
            yield (
                f"16-bit PNG of {channels} channels with a clear colour",
                png(3, 3, 16, colour, rows, clear),
            )
    for clear in (b"", b"\0", b"\0\xff\x80", bytes(range(200))):
        palette = chunk(b"PLTE", bytes(range(12)))
        rows = b"\0\0\1\2\3" * 2
        yield f"PNG with {len(clear)} clear colours", png(4, 2, 8, 3, rows, palette, chunk(b"tRNS", clear))
    for depth in (1, 2, 4):
        yield f"grey PNG of {depth} bit", png(8, 2, depth, 0, (b"\0" + bytes(depth)) * 2)
    for bits in (1, 4, 8, 24, 32):
        for height in (6, -6):
            pixels = bytes(range(256))[: (5 * bits + 31) // 32 * 4 * 6].ljust(
                (5 * bits + 31) // 32 * 24, b"\0"
            )
            yield f"BMP of {bits} bits and height {height}", bmp(5, height, bits, pixels)
    yield "BMP in runs", bmp(4, 2, 8, b"\x04\x05\0\0\x04\x06\0\1", compression=1)
    yield (
        "TIFF of infinite and no numbers",
        tiff(
            2,
            2,
            (258, 3, (32,)),
            (339, 3, (3,)),
            pixels=struct.pack("<4f", math.inf, -math.inf, math.nan, 1e38),
        ),
    )
    yield (
        "TIFF of one grey, in floats",
        tiff(2, 2, (258, 3, (32,)), (339, 3, (3,)), pixels=struct.pack("<4f", 1, 1, 1, 1)),
    )
    yield (
        "Lab TIFF",
        tiff(2, 1, (258, 3, (8, 8, 8)), (262, 3, (8,)), (277, 3, (3,)), pixels=b"\x80\x10\x20" * 2),
    )
    yield (
        "TIFF of 16-bit colours",
        tiff(2, 1, (258, 3, (16, 16, 16)), (262, 3, (2,)), (277, 3, (3,)), pixels=bytes(range(12))),
    )
    for orientation in range(10):
        yield (
            f"TIFF, orientation {orientation}",
            tiff(3, 2, (274, 3, (orientation,)), pixels=bytes(range(6))),
        )
    yield "JPEG with restarts", encoded(scene(), restart_marker_rows=1)
    for sampling in ("4:4:4", "4:2:2", "4:2:0"):
        yield f"JPEG of {sampling}", encoded(scene(17, 9), subsampling=sampling)
    yield "large PNG", png(7000, 7000, 1, 0, bytes(876 * 7000))
    large = Image.new("RGBA", (7000, 7000), (1, 2, 3, 4))
    yield "large clear WebP, turned", encoded(large, "WEBP", lossless=True, method=0, exif=oriented(6))


def odd_headers() -> Iterator[tuple[str, bytes]]:
    """Headers that contradict themselves; a decoder may make sense of some."""
    for depth, colour in itertools.product((0, 1, 3, 8, 16, 32, 255), (0, 1, 2, 3, 4, 6, 255)):
        yield f"PNG of depth {depth} and colour {colour}", png(3, 3, depth, colour, bytes(99))
    for bits, compression in itertools.product((0, 1, 2, 16, 24, 64), (0, 1, 2, 3, 4, 5, 6, 99)):
        yield (
            f"BMP of {bits} bits and compression {compression}",
            bmp(9, 9, bits, b"\0\2\xff\xff" * 90, compression=compression),
        )
    for size in (0, 12, 13, 64, 108, 124, 2**31, 2**32 - 1):
        yield f"BMP with a head of {size}", bmp(4, 4, 24, bytes(64), header=size)
    for number in (
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        99,
        32771,
        32773,
        32809,
        32946,
        34661,
        34676,
        34712,
        34925,
        50000,
        50001,
    ):
        yield (
            f"TIFF of compression {number}",
            tiff(9, 9, (259, 3, (number,)), pixels=random.Random(number).randbytes(300)),
        )
    for tag, value in itertools.product((258, 262, 266, 277, 278, 284, 317, 322, 338, 339), (0, 2, 7, 65535)):
        yield f"TIFF with {tag} of {value}", tiff(9, 9, (tag, 3, (value,)), pixels=bytes(300))
    for following in (8, 2, 4096, 2**32 - 1):
        yield f"TIFF that goes on at {following}", tiff(9, 9, pixels=bytes(81), following=following)
    yield (
        "TIFF whose parts are itself",
        tiff(9, 9, (330, 4, (8, 8)), (34665, 4, (8,)), (34853, 4, (8,)), (40965, 4, (8,)), pixels=bytes(81)),
    )
    yield (
        "TIFF of ten thousand strips",
        tiff(9, 9, (273, 4, [STRIP] * 10_000), (279, 4, [9] * 10_000), pixels=bytes(81)),
    )
    yield (
        "TIFF with a value of 4 GB",
        tiff(9, 9, pixels=bytes(81)).replace(
            struct.pack("<HHI", 262, 3, 1), struct.pack("<HHI", 262, 3, 2**32 - 1)
        ),
    )
    for code in (0, 1, 8, 12, 13, 255):
        yield (
            f"GIF of code size {code}",
            gif(9, 9, gif_frame(width=9, height=9, code=code, data=b"\xff" * 200)),
        )
    yield "GIF with a frame outside", gif(4, 4, gif_frame(left=60_000, top=3))
    yield "GIF with a large second frame", gif(4, 4, gif_frame(), gif_frame(width=65_535, height=65_535))
    for flags in (0x02, 0x10, 0x3E):
        yield f"WebP with flags {flags}", riff(webp_canvas(64, 48, flags), webp_frame())
    yield "WebP with a wrong length", riff(webp_frame(), size=0xFFFFFFF0)
    yield "large JPEG cut short", claiming(7000, 7000)
    yield (
        "TIFF of a tile of 2³¹",
        tiff(
            8,
            8,
            (322, 4, (2**31,)),
            (323, 4, (2**31,)),
            (324, 4, (STRIP,)),
            (325, 4, (64,)),
            pixels=bytes(64),
        ),
    )
    yield "WebP without pixels", riff(webp_canvas(64, 48))
    yield "WebP with another canvas", riff(webp_canvas(100, 9), webp_frame())
    yield (
        "WebP with parts in parts",
        riff((b"VP8X", riff(webp_canvas(9, 9))), (b"ANMF", riff(webp_frame()))),
    )
    yield "WebP within a WebP", riff((b"VP8L", riff(webp_frame())))
    for kind in (*range(0xC0, 0xD0), 0xDA, 0xDD):
        yield f"JPEG with a segment {kind:X} of noughts", jpeg(marker(kind, bytes(20)))
    for components in (0, 1, 2, 4, 255):
        frame = marker(0xC0, struct.pack(">BHHB", 8, 9, 9, components) + b"\1\x11\0" * components)
        yield f"JPEG of {components} components", b"\xff\xd8" + frame + encoded(scene())[2:]
    for transform in (0, 1, 2, 255):
        adobe = marker(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))
        yield f"JPEG of transform {transform}", jpeg(adobe)
        yield f"CMYK JPEG of transform {transform}", jpeg(adobe, image=in_mode("CMYK"))
