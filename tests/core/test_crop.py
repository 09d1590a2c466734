"""A part of a picture: its arithmetic, taking it out of a picture, and the preview that shows it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from impasto.crop import LEAST, Crop, Side
from impasto.gallery.crop_preview import draw, preview
from impasto.imaging import Picture, decode
from tests.pictures import decoded, encoded, rotated_by_exif, scene

sides = st.integers(1, 5000)
ratios = st.sampled_from([(1, 1), (4, 3), (3, 4), (16, 9), (9, 16)])
trims = st.lists(st.sampled_from(Side), max_size=60)


@st.composite
def crops(draw: st.DrawFn) -> Crop:
    """What people can choose: a shape or none, and then some trims."""
    crop = Crop()
    if draw(st.booleans()):
        crop = Crop.centred(draw(sides), draw(sides), *draw(ratios))
    for side in draw(trims):
        crop = crop.trimmed(side)
    return crop


@given(crops(), sides, sides)
def test_a_crop_of_any_picture_lies_inside_and_has_a_pixel(crop: Crop, width: int, height: int) -> None:
    left, top, right, bottom = crop.box(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


@given(crops(), st.sampled_from(Side), sides, sides)
def test_trimming_a_side_moves_that_side_inwards_or_nothing(
    crop: Crop, side: Side, width: int, height: int
) -> None:
    less = crop.trimmed(side)
    assert all(getattr(less, other) == getattr(crop, other) for other in Side if other is not side)
    outer, inner = crop.box(width, height), less.box(width, height)
    assert inner[0] >= outer[0] and inner[1] >= outer[1]
    assert inner[2] <= outer[2] and inner[3] <= outer[3]


@given(trims)
def test_trimming_ends_before_too_little_is_left(order: list[Side]) -> None:
    crop = Crop()
    for side in (*order, *40 * tuple(Side)):
        crop = crop.trimmed(side)
    assert crop.right - crop.left == pytest.approx(LEAST)
    assert crop.bottom - crop.top == pytest.approx(LEAST)


@given(sides, sides, ratios)
def test_a_shape_is_kept_within_a_pixel_and_as_large_as_fits(
    width: int, height: int, ratio: tuple[int, int]
) -> None:
    across, down = ratio
    left, top, right, bottom = Crop.centred(width, height, across, down).box(width, height)
    unit = min(width / across, height / down)
    assert abs((right - left) - unit * across) <= 1
    assert abs((bottom - top) - unit * down) <= 1
    assert abs(left - (width - right)) <= 1
    assert abs(top - (height - bottom)) <= 1


def test_the_part_is_taken_of_the_upright_picture_and_of_its_transparency() -> None:
    assert decode(rotated_by_exif(), 10_000).cropped(Crop(0, 0, 1, 0.5)).image.size == (40, 30)
    alpha = Image.linear_gradient("L").resize((64, 48))
    part = Picture(scene(), alpha).cropped(Crop(0.5, 0.5, 1, 1))
    assert part.image.tobytes() == scene().crop((32, 24, 64, 48)).tobytes()
    assert part.alpha is not None
    assert part.alpha.tobytes() == alpha.crop((32, 24, 64, 48)).tobytes()


async def test_a_preview_dims_what_is_cut_away_and_frames_the_rest() -> None:
    white = encoded(Image.new("RGB", (320, 240), "#c0c0c0"))
    shown = decoded(await preview(white, Crop(0.25, 0.25, 0.75, 1))).convert("L")
    assert shown.size == (640, 480), "large enough to see"
    assert shown.getpixel((80, 240)) < 90 < 180 < shown.getpixel((220, 200)), "dim outside"  # type: ignore[operator]
    assert shown.getpixel((161, 300)) > 240, "the frame"  # type: ignore[operator]
    third = [shown.getpixel((160 + 320 // 3 + step, 200)) for step in (-1, 0, 1)]
    assert max(third) > 200, "a line at a third"  # type: ignore[type-var, operator]


def test_a_sliver_is_shown_on_a_ground_so_that_telegram_takes_it() -> None:
    assert draw(encoded(scene(2000, 4), "PNG"), Crop()).size == (640, 160)
