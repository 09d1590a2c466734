"""Bytes to upright sRGB pictures and back, within stated limits. Runs in the worker; imports no torch."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Literal

from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from impasto.crop import Crop
from impasto.effects import BadPicture
from impasto.text import Text
from impasto.text import text as _

READABLE = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""The formats that are opened; Pillow's other decoders are never tried on strangers' bytes."""

_TIFF_COMPRESSIONS = frozenset(
    ("raw", "packbits", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "jpeg", "lzma", "zstd")
)
"""The others are rare, and the decoders of faxes write a line to the log for every damaged row."""

_SCAN = b"\xff\xda"
_MOST_SCANS = 500
"""Of a JPEG. A common one has 14 at most; each costs a walk over all pixels and may be of 90 bytes. In 20 MB
of anything, such as the film that a phone puts behind its photo, there are 300 such marks by chance."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How a picture is turned upright, by its EXIF orientation."""

warnings.filterwarnings("ignore", module=r"PIL\.")  # odd metadata are common, our limit is below Pillow's

_UNREADABLE = _("I can't read this file as a picture. Please send a JPEG, PNG or WebP picture.")

_SRGB = ImageCms.createProfile("sRGB")
_QUALITY = (92, 85, 75, 60, 40)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: RGB, upright, sRGB; its transparency apart; notes on what was left out."""

    image: Image.Image
    alpha: Image.Image | None = None
    notes: tuple[Text, ...] = ()

    def cropped(self, crop: Crop) -> Picture:
        """The part of it that `crop` says, at least one pixel."""
        box = crop.box(*self.image.size)
        alpha = None if self.alpha is None else self.alpha.crop(box)
        return replace(self, image=self.image.crop(box), alpha=alpha)


@dataclass(frozen=True, slots=True)
class Output:
    """In which form a result is wanted, and what its receiver takes.

    `max_side_sum` bounds width + height, `max_ratio` the longer side over the shorter. A picture that is
    too large is made smaller; one that is too narrow is left out.
    """

    name: str
    format: Literal["JPEG", "PNG"]
    max_bytes: int
    max_side_sum: int | None = None
    max_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """A result as a file. `width` and `height` are in pixels."""

    output: str
    data: bytes
    format: str
    width: int
    height: int


def decode(data: bytes, max_pixels: int) -> Picture:
    """Open a picture that came from a stranger.

    Turns it upright by its EXIF orientation and into sRGB by its ICC profile; takes the first frame of
    several. Raises `BadPicture` for what is not a picture, is damaged, or has over `max_pixels` pixels,
    before it is unpacked.
    """
    try:
        return _decoded(data, max_pixels)
    except (BadPicture, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise BadPicture(_UNREADABLE, str(error)) from error
    except Image.DecompressionBombError as error:
        raise BadPicture(
            _("This picture is far too large. Please send a smaller one."), str(error)
        ) from error
    except Exception as error:  # Pillow's decoders raise whatever comes to pass in a damaged file
        raise BadPicture(
            _("This picture is damaged: a part of it is missing. Please send it again, or another one."),
            f"{type(error).__name__}: {error}",
        ) from error


def _check(image: Image.Image, data: bytes, max_pixels: int) -> None:
    """Raise `BadPicture` for what would take too much memory or time, or fill the log, once unpacked."""
    width, height = image.size
    if width * height > max_pixels:
        raise BadPicture(
            _("This picture has {megapixels} megapixels; I can take {limit}. Please send a smaller one.")(
                megapixels=round(width * height / 1e6), limit=round(max_pixels / 1e6)
            )
        )
    if image.format in ("JPEG", "MPO") and data.count(_SCAN) > _MOST_SCANS:
        raise BadPicture(_UNREADABLE, f"a JPEG of over {_MOST_SCANS} scans")
    if image.format == "TIFF" and (packed := image.info.get("compression")) not in _TIFF_COMPRESSIONS:
        raise BadPicture(_UNREADABLE, f"a TIFF of compression {packed}")


def _decoded(data: bytes, max_pixels: int) -> Picture:
    image: Image.Image = Image.open(BytesIO(data), formats=READABLE)
    _check(image, data, max_pixels)
    notes: tuple[Text, ...] = ()
    if image.format != "MPO" and getattr(image, "is_animated", False):
        notes = (_("The picture moves: I took its first frame."),)
    profile = image.info.get("icc_profile")
    image.load()
    if (turn := _turn(image)) is not None:
        image = image.transpose(turn)
    alpha = None
    if image.has_transparency_data:
        image = image if image.mode == "RGBA" else image.convert("RGBA")
        alpha = image.getchannel("A")
        if alpha.getextrema() == (255, 255):
            alpha = None
    upright = _to_srgb(image, profile)
    upright.info.clear()  # Pillow would write a JPEG's comment into every JPEG that is made of it
    return Picture(upright, alpha, notes)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """What brings it upright, by EXIF or XMP; whatever is wrong with them is no reason to refuse it."""
    try:
        return _UPRIGHT.get(image.getexif()[ExifTags.Base.Orientation])
    except Exception:
        return None


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode.startswith("I;16"):
        image = image.convert("F").point(lambda value: value / 257).convert("L")
    elif image.mode in ("I", "F"):  # no agreed range: stretch what there is
        low, high = image.convert("F").getextrema()
        scale = 255 / (high - low or 1)  # type: ignore[operator]
        image = image.convert("F").point(lambda value: value * scale - low * scale).convert("L")  # type: ignore[operator]
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L"):
        source = image.convert("RGB") if image.mode == "RGBA" else image
        try:
            converted = ImageCms.profileToProfile(
                source, ImageCms.ImageCmsProfile(BytesIO(profile)), _SRGB, outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a broken profile is common and no reason to refuse the picture
        if converted is not None:
            return converted
    return image.convert("RGB")


def with_alpha(image: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """`image` with the transparency of the picture it was made from, resized to fit."""
    if alpha is None:
        return image
    result = image.convert("RGB")
    result.putalpha(alpha.resize(image.size, Image.Resampling.LANCZOS))
    return result


def encode(image: Image.Image, output: Output) -> EncodedPicture | None:
    """`image` in the form that `output` asks for, smaller if need be.

    Returns None where no size would do: the picture is too narrow. Metadata are left out.
    """
    if output.max_ratio is not None and max(image.size) > output.max_ratio * min(image.size):
        return None
    if output.max_side_sum is not None and sum(image.size) > output.max_side_sum:
        factor = output.max_side_sum / sum(image.size)
        image = _scaled(image, factor)
    if output.format == "PNG":
        data = _png(image)
        if len(data) > output.max_bytes:  # a photograph of this size compresses only as JPEG
            return encode(image, replace(output, format="JPEG"))
        return EncodedPicture(output.name, data, "PNG", *image.size)
    flat = flatten(image)
    while True:
        for quality in _QUALITY:
            data = _jpeg(flat, quality)
            if len(data) <= output.max_bytes:
                return EncodedPicture(output.name, data, "JPEG", *flat.size)
        flat = _scaled(flat, 0.7)


def flatten(image: Image.Image) -> Image.Image:
    """`image` as RGB, on white where it is transparent."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def thumbnail_jpeg(image: Image.Image, side: int, quality: int = 80) -> bytes:
    """A JPEG of `image` with sides of at most `side` pixels: for previews."""
    small = flatten(image)
    small.thumbnail((side, side))
    return _jpeg(small, quality)


def written(image: Image.Image) -> bytes:
    """A JPEG of a picture that was drawn here."""
    return _jpeg(image, 88)


def _scaled(image: Image.Image, factor: float) -> Image.Image:
    size = (max(1, int(image.width * factor)), max(1, int(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _jpeg(image: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=image.width * image.height < 4_000_000)
    return file.getvalue()


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", compress_level=4)
    return file.getvalue()
