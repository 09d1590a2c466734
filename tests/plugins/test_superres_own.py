"""Networks that the owner drops into a folder become effects; files that are none do no harm."""

import logging
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from spandrel import ModelLoader
from spandrel.architectures.NAFNet import NAFNet
from spandrel.architectures.RealCUGAN import UpCunet2x
from spandrel.architectures.SwinIR import SwinIR
from torchvision.transforms.functional import to_tensor

from impasto.effects import Category
from impasto.plugins import Plugins, load_plugins
from impasto_superres import descriptions, processors
from impasto_superres.published import srvgg_state
from tests.pictures import scene
from tests.plugins.context import RecordingContext

NOWHERE = Path("/nonexistent")
PUBLISHED = {"superres.photo-x4", "superres.drawing-x4", "superres.fast"}


def published() -> dict[str, torch.Tensor]:
    """A real network of scale 4."""
    plugins = load_plugins(NOWHERE, NOWHERE)
    (path,) = plugins.located(plugins.effects["superres.fast"]).values()
    return srvgg_state(path)


def of_scale(scale: int) -> dict[str, torch.Tensor]:
    """The real network with the last layer averaged, so that each pixel is the mean of those at scale 4."""
    state, step = published(), 4 // scale
    for name in ("body.34.weight", "body.34.bias"):
        parts = state[name].reshape(3, scale, step, scale, step, *state[name].shape[1:])
        state[name] = parts.mean((2, 4)).flatten(0, 2).contiguous()
    return state


def of_grey() -> dict[str, torch.Tensor]:
    """A network that takes one channel and gives one."""
    state = published()
    state["body.0.weight"] = state["body.0.weight"][:, :1].contiguous()
    for name in ("body.34.weight", "body.34.bias"):
        state[name] = state[name][:16].contiguous()
    return state


class Evil:
    """Runs code where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


DEADLY = """
import os, sys
def look(event, arguments):
    if event == "open" and "deadly" in str(arguments[0]):
        os._exit(9)
sys.addaudithook(look)
"""
"""Lets a Python process die when it opens a file of that name, as a crash in a reader would."""


@pytest.fixture(scope="module")
def weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of an owner who has dropped all sorts of files."""
    torch.manual_seed(1)
    weights = tmp_path_factory.mktemp("weights")
    folder = weights / "superres"
    folder.mkdir()
    save_file(of_scale(2), folder / "2x-Sharper.safetensors")
    torch.save({"params": of_scale(1)}, folder / "Cleaner.pth")
    transformer = SwinIR(
        upscale=2, embed_dim=12, depths=[2], num_heads=[2], window_size=8, upsampler="pixelshuffledirect"
    )
    save_file(transformer.state_dict(), folder / "transformer.safetensors")
    u_net = NAFNet(width=4, enc_blk_nums=[1, 1], dec_blk_nums=[1, 1])
    save_file(u_net.state_dict(), folder / "u-net.safetensors")
    save_file(UpCunet2x().state_dict(), folder / "cunet.safetensors")
    for alike in ("лев.pth", "4x_Faces.pth", "4X faces.pth", f"{'long ' * 9}1.pth", f"{'long ' * 9}2.pth"):
        torch.save(published(), folder / alike)
    save_file(of_grey(), folder / "grey.safetensors")
    save_file({"a": torch.zeros(3)}, folder / "unknown.safetensors")
    torch.save({"params": published(), "more": Evil(weights / "code was run")}, folder / "evil.pth")
    (folder / "broken.pth").write_bytes(b"no network at all")
    (folder / "notes.txt").write_text("no network either")
    return weights


@dataclass
class Loaded:
    """The plugins, and what the log said of which file."""

    plugins: Plugins
    said: dict[str, str]


@pytest.fixture(scope="module")
def loaded(weights_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    torch.save(published(), weights_folder / "superres" / "deadly.pth")
    hook = tmp_path_factory.mktemp("hook")
    (hook / "sitecustomize.py").write_text(DEADLY)
    said: dict[str, str] = {}

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            path, reason = record.args  # type: ignore[misc]
            said[Path(str(path)).name] = str(reason)

    handler, log = Handler(logging.WARNING), logging.getLogger("impasto_superres.descriptions")
    log.addHandler(handler)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(hook))
        plugins = load_plugins(NOWHERE, weights_folder)
    log.removeHandler(handler)
    return Loaded(plugins, said)


@pytest.fixture
def plugins(loaded: Loaded) -> Plugins:
    return loaded.plugins


def own(plugins: Plugins) -> dict[str, str]:
    """The titles of the owner's effects, by id."""
    return {
        effect.id: str(effect.title)
        for effect in plugins.offered()
        if effect.id.startswith("superres.") and effect.id not in PUBLISHED
    }


def run(plugins: Plugins, effect: str, picture: Image.Image, context: RecordingContext) -> Image.Image:
    processor = processors.Own("cpu", plugins.located(plugins.effects[effect]))
    return processor.run({"content": [picture]}, {}, context)


def plainly(path: Path, picture: Image.Image) -> Image.Image:
    """`picture` as spandrel itself runs the network in the file."""
    descriptor = ModelLoader().load_from_file(path)
    made = descriptor(to_tensor(picture).unsqueeze(0))[0]
    return Image.fromarray(made.mul(255).round().byte().permute(1, 2, 0).numpy())


def largest_difference(a: Image.Image, b: Image.Image) -> int:
    return int(np.abs(np.asarray(a, np.int16) - np.asarray(b, np.int16)).max())


def test_each_usable_network_is_an_effect_with_the_name_of_its_file(plugins: Plugins) -> None:
    offered = own(plugins)
    assert offered["superres.own-2x-sharper"] == "2x-Sharper ×2"
    assert offered["superres.own-cleaner"] == "Restore: Cleaner"
    assert offered["superres.own-transformer"] == "transformer ×2"
    assert offered["superres.own-u-net"] == "Restore: u-net"
    assert plugins.effects["superres.own-2x-sharper"].category is Category.ENLARGE
    assert plugins.weights["superres-own-2x-sharper"].size > 2_000_000


def test_names_that_are_alike_or_of_other_letters_give_distinct_ids(plugins: Plugins) -> None:
    titles = sorted(own(plugins).values())
    alike = ["4x_Faces ×4", "4X faces ×4", *[f"{'long ' * 7}long… ×4"] * 2, "лев ×4"]
    others = ["2x-Sharper ×2", "Restore: Cleaner", "Restore: u-net", "cunet ×2", "transformer ×2"]
    assert titles == sorted([*others, *alike])
    assert sum(effect.startswith("superres.own-4x-faces-") for effect in own(plugins)) == 2


def test_the_other_files_are_named_in_the_log_with_the_reason(loaded: Loaded) -> None:
    reasons = {
        "grey.safetensors": "colour channels",
        "unknown.safetensors": "spandrel 0",
        "evil.pth": "not safe to read",
        "broken.pth": "damaged",
        "deadly.pth": "ended with code 9",
    }
    assert loaded.said.keys() == reasons.keys()
    for name, reason in reasons.items():
        assert reason in loaded.said[name]


def test_a_file_that_kills_the_process_that_looks_is_left_out_and_those_after_it_are_offered(
    loaded: Loaded,
) -> None:
    assert "superres.own-deadly" not in loaded.plugins.effects
    assert {"superres.own-cleaner", "superres.own-transformer"} <= own(loaded.plugins).keys()


def test_code_in_a_file_is_not_run(plugins: Plugins, weights_folder: Path) -> None:
    assert "superres.own-evil" not in own(plugins)
    assert not (weights_folder / "code was run").exists()


@pytest.mark.parametrize("name", ["2x-Sharper.safetensors", "transformer.safetensors", "u-net.safetensors"])
def test_the_result_is_that_of_the_network_run_plainly(
    plugins: Plugins, weights_folder: Path, name: str
) -> None:
    picture = scene(61, 45)
    result = run(plugins, f"superres.own-{Path(name).stem.lower()}", picture, RecordingContext())
    assert largest_difference(result, plainly(weights_folder / "superres" / name, picture)) <= 1


def test_a_network_of_scale_2_gives_the_means_of_the_one_of_scale_4_that_it_was_made_of(
    plugins: Plugins,
) -> None:
    faces = next(effect for effect in own(plugins) if "faces" in effect)
    dull = scene(48, 40).point(lambda value: 64 + value // 2)  # so that nothing is clipped before the mean
    large = run(plugins, faces, dull, RecordingContext())
    small = run(plugins, "superres.own-2x-sharper", dull, RecordingContext())
    assert largest_difference(small, large.resize(small.size, Image.Resampling.BOX)) <= 1


@pytest.mark.parametrize("effect", ["2x-sharper", "cleaner", "cunet", "transformer", "u-net"])
@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (33, 7)])
def test_any_picture_is_taken_and_comes_back_the_same(
    plugins: Plugins, effect: str, size: tuple[int, int]
) -> None:
    context = RecordingContext()
    processor = processors.Own("cpu", plugins.located(plugins.effects[f"superres.own-{effect}"]))
    first, second = (processor.run({"content": [scene(*size)]}, {}, context) for _ in range(2))
    scale = 2 if effect in {"2x-sharper", "cunet", "transformer"} else 1
    assert first.size == (scale * size[0], scale * size[1])
    assert largest_difference(first, second) == 0


def test_a_network_that_works_better_in_one_piece_says_when_there_were_parts(plugins: Plugins) -> None:
    whole, parts = RecordingContext(), RecordingContext()
    parts.budget = 1  # type: ignore[assignment]
    run(plugins, "superres.own-transformer", scene(250, 60), whole)
    run(plugins, "superres.own-transformer", scene(250, 60), parts)
    assert whole.notes == []
    assert len(parts.notes) == 1


def without_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process can be started, and nothing is remembered from earlier ones in this process."""
    descriptions._usable.cache_clear()
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")


def test_files_are_looked_at_once(
    plugins: Plugins, weights_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_process(monkeypatch)
    assert own(load_plugins(NOWHERE, weights_folder)) == own(plugins)


def test_when_looking_fails_the_published_effects_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "superres").mkdir()
    save_file(of_scale(2), tmp_path / "superres" / "new.safetensors")
    (tmp_path / "superres" / descriptions.KEPT_IN).write_text('{"networks": [1, 2]}')
    without_process(monkeypatch)
    with caplog.at_level(logging.WARNING):
        plugins = load_plugins(NOWHERE, tmp_path)
    assert plugins.broken == []
    assert {effect for effect in plugins.effects if effect.startswith("superres.")} == PUBLISHED
    assert "new.safetensors is not offered: no process could be started" in caplog.text


def test_a_changed_file_is_looked_at_again(
    plugins: Plugins,
    weights_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert "superres.own-cleaner" in own(plugins)
    (tmp_path / "superres").mkdir()
    for name in ("Cleaner.pth", descriptions.KEPT_IN):
        shutil.copy2(weights_folder / "superres" / name, tmp_path / "superres")
    without_process(monkeypatch)
    assert list(own(load_plugins(NOWHERE, tmp_path))) == ["superres.own-cleaner"]
    torch.save({"params": of_scale(2)}, tmp_path / "superres" / "Cleaner.pth")
    assert own(load_plugins(NOWHERE, tmp_path)) == {}
    assert "no process could be started to look at it" in caplog.text
