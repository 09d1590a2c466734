"""Super-resolution: the published networks, run as published, in tiles that nobody sees."""

import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from spandrel import ModelLoader
from torchvision.transforms.functional import to_tensor

from impasto.effects import BadPicture, Cancelled
from impasto.plugins import load_plugins
from impasto_superres import architectures, processors, tiles
from impasto_superres.ncnn import WrongWeights
from impasto_superres.networks import load_srvgg, rrdbnet_state, srvgg_state
from tests.pictures import scene
from tests.plugins.context import RecordingContext

PLUGINS = load_plugins(Path("/nonexistent"), Path("/nonexistent"))


def weights(effect: str) -> dict[str, Path]:
    return PLUGINS.located(PLUGINS.effects[effect])


def largest_difference(a: Image.Image, b: Image.Image) -> int:
    return int(np.abs(np.asarray(a, np.int16) - np.asarray(b, np.int16)).max())


@pytest.fixture(scope="module")
def drawing() -> processors.DrawingX4:
    return processors.DrawingX4("cpu", weights("superres.drawing-x4"))


@pytest.mark.parametrize("name", ["superres.photo-x4", "superres.drawing-x4", "superres.fast"])
def test_the_result_is_that_of_the_published_network_run_plainly(name: str) -> None:
    path = next(iter(weights(name).values()))
    states = {
        "superres.photo-x4": lambda: rrdbnet_state(path, 23),
        "superres.drawing-x4": lambda: rrdbnet_state(path, 6),
        "superres.fast": lambda: srvgg_state(path),
    }
    published = ModelLoader().load_from_state_dict(states[name]())
    assert published.scale == 4
    picture = scene(40, 30)
    with torch.inference_mode():
        plain = published.model.eval()(to_tensor(picture).unsqueeze(0))[0].clamp(0, 1)
    expected = Image.fromarray(plain.mul(255).round().byte().permute(1, 2, 0).numpy())
    processor = getattr(processors, PLUGINS.effects[name].processor.partition(":")[2])
    made = processor("cpu", weights(name)).run({"content": [picture]}, {"scale": "4"}, RecordingContext())
    assert largest_difference(made, expected) <= 1


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


def test_seams_between_tiles_are_not_seen_even_in_fur(
    drawing: processors.DrawingX4, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = fur(176, 40)
    whole = drawing.run({"content": [picture]}, {}, RecordingContext())
    side = 88 + tiles.OVERLAP
    monkeypatch.setattr(processors, "_CPU_SIDE", side)
    in_tiles = drawing.run({"content": [picture]}, {}, RecordingContext())
    assert len(tiles.tiles(*picture.size, side)) == 2
    assert largest_difference(whole, in_tiles) <= 2, "with an overlap of 32 pixels it is 5"


@pytest.mark.parametrize("megabytes", [700, 2_000, 8_000])
def test_on_cuda_a_tile_takes_no_more_memory_than_the_job_may_use(megabytes: int) -> None:
    side = processors._side_within(megabytes * 10**6)
    assert (
        side**2 * processors._BYTES_PER_PIXEL
        <= megabytes * 10**6
        < (side + 1) ** 2 * processors._BYTES_PER_PIXEL
    )


def test_a_tile_is_never_mere_overlap_nor_larger_than_of_use() -> None:
    assert processors._side_within(0) > 3 * tiles.OVERLAP
    assert processors._side_within(10**12) == 1024


@pytest.mark.parametrize(("width", "height"), [(1, 1), (500, 3), (160, 161), (700, 333)])
def test_tiles_keep_each_pixel_once_and_see_enough_around_it(width: int, height: int) -> None:
    kept = np.zeros((height, width), int)
    for tile in tiles.tiles(width, height, 160):
        kept[tile.y.start : tile.y.stop, tile.x.start : tile.x.stop] += 1
        for span, length in ((tile.x, width), (tile.y, height)):
            assert span.seen_to - span.seen_from <= 160
            assert span.seen_from == max(0, span.start - tiles.OVERLAP)
            assert span.seen_to == min(length, span.stop + tiles.OVERLAP)
    assert (kept == 1).all()


def test_cancel_acts_within_a_layer_and_progress_only_rises(drawing: processors.DrawingX4) -> None:
    context = RecordingContext(stop=lambda looks: looks == 4)
    with pytest.raises(Cancelled):
        drawing.run({"content": [scene(40, 30)]}, {}, context)
    assert context.looks == 4
    through = RecordingContext()
    drawing.run({"content": [scene(40, 30)]}, {}, through)
    assert through.fractions == sorted(through.fractions)
    assert through.fractions[-1] == 1


@pytest.mark.parametrize("scale", ["2", "3", "4"])
def test_the_fast_effect_gives_each_size(scale: str) -> None:
    made = processors.Fast("cpu", weights("superres.fast")).run(
        {"content": [scene(21, 17)]}, {"scale": scale}, RecordingContext()
    )
    assert made.size == (21 * int(scale), 17 * int(scale))


def test_a_picture_that_is_large_already_is_explained(drawing: processors.DrawingX4) -> None:
    with pytest.raises(BadPicture) as refusal:
        drawing.run({"content": [Image.new("RGB", (3000, 2000))]}, {}, RecordingContext())
    assert "4 megapixels" in str(refusal.value.user_message)


@pytest.mark.parametrize("change", [lambda d: d[:-4], lambda d: d + bytes(4), lambda d: bytes(4) + d[4:]])
def test_a_weights_file_that_is_not_whole_is_refused(tmp_path: Path, change: object) -> None:
    path = next(iter(weights("superres.fast").values()))
    (tmp_path / "w.bin").write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(WrongWeights):
        load_srvgg(tmp_path / "w.bin")


def test_without_basicsr_spandrels_networks_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(iter(weights("superres.drawing-x4").values()))
    with_basicsr = processors.DrawingX4("cpu", {"realesrgan-x4plus-anime": path})
    monkeypatch.setattr(architectures, "find_spec", lambda name: None)
    without = processors.DrawingX4("cpu", {"realesrgan-x4plus-anime": path})
    pictures = [p.run({"content": [scene(24, 16)]}, {}, RecordingContext()) for p in (with_basicsr, without)]
    assert largest_difference(*pictures) <= 1


_IMPORTS = """
import sys, impasto_superres
assert "torch" not in sys.modules
import torch, torchvision, time
begin = time.perf_counter()
from pathlib import Path
from impasto.plugins import load_plugins
from impasto_superres.processors import Fast
plugins = load_plugins(Path("/x"), Path("/x"))
Fast("cpu", plugins.located(plugins.effects["superres.fast"]))
assert not {"cv2", "lmdb", "basicsr.data"} & sys.modules.keys()
print(time.perf_counter() - begin)
"""


def test_basicsr_is_imported_without_its_baggage_in_under_a_second() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2, "a second, and one more for a busy machine"
