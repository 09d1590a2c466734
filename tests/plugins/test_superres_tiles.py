"""Large pictures are enlarged in tiles: within memory, whatever happens, and so that nobody sees it."""

import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from spandrel import ModelTiling
from torch import nn
from torch.nn import functional as F

from impasto.plugins import load_plugins
from impasto_superres import tiles, upscaler
from impasto_superres.memory import measure
from impasto_superres.network import Network
from impasto_superres.published import load_rrdbnet
from impasto_superres.upscaler import Upscaler
from tests.pictures import scene
from tests.plugins.context import RecordingContext

PLUGINS = load_plugins(Path("/nonexistent"), Path("/nonexistent"))
TINY = 1
"""A budget of bytes that only the least tiles keep to."""


def located(effect: str) -> Path:
    (path,) = PLUGINS.located(PLUGINS.effects[effect]).values()
    return path


def largest_difference(a: Image.Image, b: Image.Image) -> int:
    return int(np.abs(np.asarray(a, np.int16) - np.asarray(b, np.int16)).max())


def fur(width: int, height: int) -> Image.Image:
    """Hairs of many greys: in such texture a network draws most, and differs most from tile to tile."""
    chance = random.Random(5)
    image = Image.new("RGB", (width, height), (120, 110, 100))
    draw = ImageDraw.Draw(image)
    for _hair in range(width * height // 6):
        x, y, grey = chance.random() * width, chance.random() * height, chance.randrange(40, 220)
        end = (x + chance.gauss(4, 2), y + chance.gauss(8, 2))
        draw.line((x, y, *end), fill=(grey, grey - 8, grey - 16), width=chance.choice((1, 2)))
    return image


class Doubling(nn.Module):
    """Each pixel becomes four; notes the shapes that it is given, and may be short of memory."""

    def __init__(self, most_pixels: float = float("inf"), spared: int = 0) -> None:
        super().__init__()
        self.most_pixels, self.spared = most_pixels, spared
        self.shapes: list[tuple[int, ...]] = []

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        self.shapes.append(tuple(pictures.shape))
        if pictures[:, 0].numel() > self.most_pixels and len(self.shapes) > self.spared:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate more than there is.")
        return F.interpolate(pictures, scale_factor=2)


def doubled(image: Image.Image) -> Image.Image:
    return image.resize((2 * image.width, 2 * image.height), Image.Resampling.NEAREST)


def context(budget: int | None) -> RecordingContext:
    recording = RecordingContext()
    recording.budget = budget  # type: ignore[assignment]
    return recording


@pytest.mark.parametrize("scale", [4, 2])
def test_seams_between_tiles_are_not_seen_even_in_fur(scale: int) -> None:
    drawing = Upscaler(load_rrdbnet(located("superres.drawing-x4"), blocks=6), "cpu")
    picture = fur(240, 40)
    assert len(tiles.tiles(*picture.size, tiles.LEAST_SIDE)) == 2
    whole = drawing.run(picture, scale, context(None))
    in_tiles = drawing.run(picture, scale, context(TINY))
    assert largest_difference(whole, in_tiles) <= 1, "with an overlap of 32 pixels it is 3"


@pytest.mark.parametrize("multiple", [1, 16])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (500, 3), (192, 193), (701, 333)])
def test_tiles_of_one_shape_keep_each_pixel_once_and_see_enough_around_it(
    width: int, height: int, multiple: int
) -> None:
    kept = np.zeros((height, width), int)
    placed = tiles.tiles(width, height, 192, multiple)
    assert len({tile.shape for tile in placed}) == 1
    for tile in placed:
        kept[tile.y.start : tile.y.stop, tile.x.start : tile.x.stop] += 1
        for span, length in ((tile.x, width), (tile.y, height)):
            assert span.seen <= 192
            assert span.seen % multiple == 0 or span.seen == length
            assert 0 <= span.seen_from <= max(0, span.start - tiles.OVERLAP)
            assert length >= span.seen_to >= min(length, span.stop + tiles.OVERLAP)
    assert (kept == 1).all()


def test_a_picture_of_tiles_is_that_of_one_piece() -> None:
    picture, network = fur(500, 300), Doubling()
    result = Upscaler(Network(network, network, 2), "cpu").run(picture, 2, context(TINY))
    _trial, *shapes = network.shapes
    assert len(shapes) == 15
    assert max(max(shape) for shape in shapes) <= tiles.LEAST_SIDE
    assert largest_difference(result, doubled(picture)) == 0


@pytest.mark.parametrize("made_before", [0, 2])
def test_when_memory_runs_out_smaller_tiles_go_on_and_give_the_same(made_before: int) -> None:
    picture = fur(900, 500)
    network = Doubling(most_pixels=40_000, spared=1 + made_before)
    upscale = Upscaler(Network(network, network, 2), "cpu")
    job = context(budget=12_000_000)
    result = upscale.run(picture, 2, job)
    _trial, *shapes = network.shapes
    sizes = [shape[2] * shape[3] for shape in shapes]
    assert min(sizes[: made_before + 1]) > 100_000
    assert all(size <= 40_000 for size in sizes[made_before + 3 :]), "large tiles are tried no more"
    assert largest_difference(result, doubled(picture)) == 0
    assert job.fractions == sorted(job.fractions)
    assert job.fractions[-1] == 1
    assert job.notes == []


def test_when_not_even_the_least_tile_fits_the_worker_is_told() -> None:
    network = Doubling(most_pixels=5_000, spared=1)
    with pytest.raises(torch.OutOfMemoryError):
        Upscaler(Network(network, network, 2), "cpu").run(scene(600, 400), 2, context(None))
    assert network.shapes[-1][2] <= tiles.LEAST_SIDE


@pytest.mark.parametrize(("most_pixels", "batches"), [(float("inf"), [15]), (40_000, [15, *[1] * 15])])
def test_batches_of_tiles_give_the_same_and_fall_back_to_single_tiles(
    monkeypatch: pytest.MonkeyPatch, most_pixels: float, batches: list[int]
) -> None:
    torch.manual_seed(3)
    picture = fur(500, 300)
    module = nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 12, 3), nn.PixelShuffle(2)
    )
    numbers = []

    def call(pictures: torch.Tensor) -> torch.Tensor:
        numbers.append(pictures.shape[0])
        if pictures[:, 0].numel() > most_pixels:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        made: torch.Tensor = module(F.pad(pictures, (1, 1, 1, 1), mode="replicate"))
        return made

    upscale = Upscaler(Network(module, call, 2), "cpu")
    numbers.clear()
    monkeypatch.setattr(upscale, "_side", lambda *_: tiles.LEAST_SIDE)
    singly = upscale.run(picture, 2, context(None))
    monkeypatch.setattr(upscaler, "_BATCHED_ON", ("cpu",))
    batched = upscale.run(picture, 2, context(None))
    assert numbers == [*[1] * 15, *batches]
    assert largest_difference(singly, batched) <= 1


@pytest.mark.parametrize("megabytes", [10, 40])
def test_tiles_use_the_memory_that_the_job_may_use_and_no_more(megabytes: int) -> None:
    picture, network = scene(1200, 700), Doubling()
    Upscaler(Network(network, network, 2), "cpu").run(picture, 2, context(megabytes * 10**6))
    _trial, *shapes = network.shapes
    given, made, rounded = 4 * 3, 4 * 12, 12
    used = (given + made + rounded) * shapes[0][2] * shapes[0][3]
    assert megabytes * 10**6 / 2 < used <= megabytes * 10**6


def test_the_memory_of_a_network_is_that_of_its_tensors_that_are_alive_at_once() -> None:
    module = nn.Sequential(nn.Conv2d(3, 10, 1), nn.Conv2d(10, 5, 1), nn.Conv2d(5, 3, 1))
    given = torch.zeros(1, 3, 20, 30)
    with torch.inference_mode():
        needs = measure(module, lambda: module(given), 600)
    assert needs.bytes_per_pixel == (10 + 5) * 4
    assert needs.calls == 3


def test_a_network_that_needs_the_whole_picture_gets_it_where_it_fits_and_people_are_told_where_not() -> None:
    picture, network = scene(700, 300), Doubling()
    upscale = Upscaler(Network(network, network, 2, tiling=ModelTiling.DISCOURAGED), "cpu")
    roomy, cramped = context(None), context(TINY)
    upscale.run(picture, 2, roomy)
    assert network.shapes[1:] == [(1, 3, 300, 700)]
    assert roomy.notes == []
    upscale.run(picture, 2, cramped)
    (note,) = cramped.notes
    assert "in parts" in str(note)


class Overflowing(nn.Module):
    """Passes its picture through numbers that half precision has not."""

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures * 60_000 * 60_000 / 3.6e9


def test_where_half_precision_is_not_enough_the_picture_is_made_in_single_precision() -> None:
    picture, network = scene(40, 30), Overflowing()
    upscale = Upscaler(Network(network, network, 1), "cpu")
    upscale._place(torch.float16)  # as on CUDA
    assert largest_difference(upscale.run(picture, 1, context(None)), picture) == 0
