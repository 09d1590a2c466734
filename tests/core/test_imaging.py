"""Strangers' bytes to pictures, and pictures to what Telegram takes."""

import pytest
from PIL import Image, ImageCms

from impasto.bot.limits import FILE, PHOTO
from impasto.effects import BadPicture
from impasto.imaging import Output, decode, encode, with_alpha
from tests.pictures import animated, bomb, decoded, encoded, photo, rotated_by_exif, scene

LIMIT = 50_000_000


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "I;16", "YCbCr"])
def test_every_kind_of_pixels_becomes_the_same_picture_in_rgb(mode: str) -> None:
    grey = scene().convert("L")
    kinds = {
        "1": encoded(grey.convert("1"), "PNG"),
        "L": encoded(grey, "PNG"),
        "P": encoded(scene().quantize(64), "PNG"),
        "RGB": encoded(scene(), "PNG"),
        "CMYK": encoded(scene().convert("CMYK"), "JPEG", quality=95),
        "I;16": encoded(grey.convert("I;16").point(lambda v: v * 257), "PNG"),
        "YCbCr": encoded(scene(), "JPEG", quality=95),
    }
    picture = decode(kinds[mode], LIMIT)
    assert picture.image.mode == "RGB"
    assert picture.alpha is None
    expected = {"1": grey.convert("1"), "L": grey, "I;16": grey}.get(mode, scene()).convert("RGB")
    assert _mean_difference(picture.image, expected) < 6


def test_a_photo_taken_sideways_stands_upright() -> None:
    assert decode(rotated_by_exif(), LIMIT).image.size == (40, 60)


def test_of_a_moving_picture_the_first_frame_is_taken_and_the_person_told() -> None:
    picture = decode(animated(), LIMIT)
    assert _mean_difference(picture.image, scene()) < 12
    assert "first frame" in str(picture.notes[0])


def test_transparency_is_set_aside_and_put_back_in_the_size_of_the_result() -> None:
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    picture = decode(encoded(image, "PNG"), LIMIT)
    assert picture.alpha is not None
    result = with_alpha(picture.image.resize((128, 96)), picture.alpha)
    assert result.getpixel((64, 0))[3] < 10 < 240 < result.getpixel((64, 95))[3]  # type: ignore[index]


def test_a_picture_with_another_colour_space_is_brought_to_srgb() -> None:
    lab_white = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    same = decode(encoded(scene(), "PNG", icc_profile=lab_white.tobytes()), LIMIT)
    assert _mean_difference(same.image, scene()) < 1
    junk = decode(encoded(scene(), "PNG", icc_profile=b"junk" * 40), LIMIT)
    assert _mean_difference(junk.image, scene()) < 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "can't read this file"),
        (b"I am a text, not a picture.", "can't read this file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "can't read this file"),
        (photo(200, 200)[:-900], "damaged"),
        (encoded(scene(200, 200), "PNG")[:-300], "damaged"),
        (bomb(12_000, 10_000), "120 megapixels"),
        (bomb(), "far too large"),
    ],
    ids=["empty", "text", "postscript", "half a JPEG", "half a PNG", "large", "bomb"],
)
def test_what_is_no_good_picture_is_refused_with_a_sentence(data: bytes, says: str) -> None:
    with pytest.raises(BadPicture) as refusal:
        decode(data, LIMIT)
    assert says in str(refusal.value.user_message)


def test_a_photo_is_made_as_small_as_telegram_takes_it() -> None:
    noise = Image.effect_noise((7000, 6000), 90).convert("RGB")
    made = encode(noise, PHOTO)
    assert made is not None
    assert made.width + made.height <= 10_000
    assert len(made.data) <= 10_000_000


def test_a_sliver_is_no_photo_but_a_file() -> None:
    sliver = scene(1, 2000)
    assert encode(sliver, PHOTO) is None
    made = encode(sliver, FILE)
    assert made is not None
    assert (made.format, made.width, made.height) == ("PNG", 1, 2000)


def test_a_file_that_is_too_large_as_png_becomes_jpeg() -> None:
    made = encode(Image.effect_noise((500, 500), 90).convert("RGB"), Output("file", "PNG", 200_000))
    assert made is not None
    assert made.format == "JPEG"
    assert len(made.data) <= 200_000


def test_transparent_parts_are_white_in_a_photo() -> None:
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    made = encode(clear, PHOTO)
    assert made is not None
    assert min(decoded(made.data).convert("L").getextrema()) >= 250  # type: ignore[type-var]


def _mean_difference(a: Image.Image, b: Image.Image) -> float:
    pairs = zip(a.convert("RGB").tobytes(), b.convert("RGB").tobytes(), strict=True)
    return sum(abs(x - y) for x, y in pairs) / (3 * a.width * a.height)


def test_what_a_file_says_beside_its_pixels_is_not_in_what_is_made_of_it() -> None:
    exif = Image.Exif()
    exif[0x013B] = "Ada"
    signed = encoded(scene(), exif=exif, comment=b"Ada")
    for output in (PHOTO, FILE):
        made = encode(decode(signed, LIMIT).image, output)
        assert made is not None
        assert b"Ada" not in made.data
