"""Fast styles: networks of Johnson et al. that the owner puts into a folder."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch.nn import functional as F

from impasto.effects import Cancelled, ChoiceOption, EffectError
from impasto.plugins import Plugins, load_plugins
from impasto_nst.fast import Fast
from impasto_nst.pictures import to_batch
from impasto_nst.states import State
from tests.pictures import scene
from tests.plugins.context import RecordingContext

ROUNDING = 0.55
"""Of a picture in 0 to 255 to whole numbers, and of float32."""


def layers(base: int) -> dict[str, tuple[int, int, int]]:
    """Outputs, inputs and kernel of each convolution."""
    blocks = {f"res{block}.conv{half}": (4 * base, 4 * base, 3) for block in range(1, 6) for half in (1, 2)}
    return {
        "conv1": (base, 3, 9),
        "conv2": (2 * base, base, 3),
        "conv3": (4 * base, 2 * base, 3),
        **blocks,
        "deconv1": (2 * base, 4 * base, 3),
        "deconv2": (base, 2 * base, 3),
        "deconv3": (3, base, 9),
    }


NORM_AFTER = {"deconv1": "in4", "deconv2": "in5"}


def norm_after(layer: str) -> str:
    return NORM_AFTER.get(layer, layer.replace("conv", "in"))


def published_state(base: int, seed: int, *, running: bool = False) -> State:
    random = torch.Generator().manual_seed(seed)
    state: State = {}
    for layer, (outputs, inputs, kernel) in layers(base).items():
        weight = torch.randn(outputs, inputs, kernel, kernel, generator=random)
        state[f"{layer}.conv2d.weight"] = weight / (inputs * kernel**2) ** 0.5
        state[f"{layer}.conv2d.bias"] = torch.randn(outputs, generator=random) / 4
        if layer == "deconv3":
            continue
        norm = norm_after(layer)
        state[f"{norm}.weight"] = 1 + torch.randn(outputs, generator=random) / 4
        state[f"{norm}.bias"] = torch.randn(outputs, generator=random) / 4
        if running:
            state[f"{norm}.running_mean"] = torch.randn(outputs, generator=random)
            state[f"{norm}.running_var"] = torch.rand(outputs, generator=random)
    state["deconv3.conv2d.weight"] *= 40
    state["deconv3.conv2d.bias"] += 128
    return state


STATES = {
    "rain-princess_nc16.model": published_state(4, 1),
    "Udnie.pth": published_state(8, 2, running=True),
    "mosaic.safetensors": published_state(4, 3),
}


def put(folder: Path, states: dict[str, State]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, state in states.items():
        if name.endswith(".safetensors"):
            save_file(state, folder / name)
        else:
            torch.save(state, folder / name, _use_new_zipfile_serialization=False)


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Plugins:
    weights = tmp_path_factory.mktemp("weights")
    put(weights / "fast-style", STATES)
    (weights / "fast-style" / "broken one.pth").write_bytes(b"not a network")
    torch.save({"conv1.weight": torch.ones(3)}, weights / "fast-style" / "other.model")
    torch.save(STATES["Udnie.pth"] | {"in1.weight": torch.ones(9)}, weights / "fast-style" / "uneven.pth")
    (weights / "fast-style" / "README.txt").write_text("where they are from")
    return load_plugins(Path("/nonexistent"), weights)


@pytest.fixture(scope="module")
def fast(plugins: Plugins) -> Fast:
    return Fast("cpu", plugins.located(plugins.effects["nst.fast"]))


def style_option(plugins: Plugins) -> ChoiceOption:
    option = plugins.effects["nst.fast"].option("style")
    assert isinstance(option, ChoiceOption)
    return option


def values(plugins: Plugins) -> dict[str, str]:
    """Values of the choices by title."""
    return {str(choice.title): choice.value for choice in style_option(plugins).choices}


def run(fast: Fast, plugins: Plugins, picture: Image.Image, title: str, **options: object) -> Image.Image:
    chosen = plugins.effects["nst.fast"].defaults() | {"style": values(plugins)[title]} | options
    return fast.run({"content": [picture]}, chosen, RecordingContext())


def by_the_paper(state: State, picture: Image.Image) -> np.ndarray:
    def layer(x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
        weight = state[f"{name}.conv2d.weight"]
        x = F.pad(x, [weight.shape[-1] // 2] * 4, mode="reflect")
        x = F.conv2d(x, weight, state[f"{name}.conv2d.bias"], stride)
        if name == "deconv3":
            return x
        norm = norm_after(name)
        return F.instance_norm(x, weight=state[f"{norm}.weight"], bias=state[f"{norm}.bias"])

    x = to_batch(picture, torch.device("cpu"), 4, 16) * 255
    for name, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2)):
        x = layer(x, name, stride).relu()
    for block in range(1, 6):
        x = x + layer(layer(x, f"res{block}.conv1").relu(), f"res{block}.conv2")
    for name in ("deconv1", "deconv2"):
        x = layer(x.repeat_interleave(2, 2).repeat_interleave(2, 3), name).relu()
    made: np.ndarray = layer(x, "deconv3")[0].clamp(0, 255).permute(1, 2, 0).numpy()
    return made[: picture.height, : picture.width]


def test_without_files_there_is_no_such_effect(tmp_path: Path) -> None:
    assert "nst.fast" not in load_plugins(Path("/nonexistent"), tmp_path).effects
    (tmp_path / "fast-style").mkdir()
    (tmp_path / "fast-style" / "README.txt").write_text("empty")
    assert "nst.fast" not in load_plugins(Path("/nonexistent"), tmp_path).effects


def test_every_network_in_the_folder_is_a_style_with_a_readable_name(plugins: Plugins) -> None:
    assert plugins.broken == []
    assert list(values(plugins)) == ["Mosaic", "Rain princess", "Udnie", "Uneven"]
    assert plugins.effects["nst.fast"] in plugins.offered()


def test_what_is_no_network_is_left_out_and_the_log_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "fast-style"
    put(folder, {"a good one.pth": {"conv1.conv2d.weight": torch.zeros(1)}, "other.pth": {}})
    (folder / "broken.pth").write_bytes(bytes(range(256)) * 20)
    plugins = load_plugins(Path("/nonexistent"), tmp_path)
    assert list(values(plugins)) == ["A good one"]
    assert caplog.text.count("broken.pth is left out") == 1
    assert "other.pth is left out" in caplog.text


def test_names_that_are_alike_or_strange_give_distinct_styles(tmp_path: Path) -> None:
    names = [
        "candy.pth",
        "candy.model",
        "candy_nc16.pth",
        "CANDY.pth",
        "Ночь.pth",
        "День.pth",
        "x" * 90 + ".pth",
    ]
    put(tmp_path / "fast-style", {name: {"conv1.conv2d.weight": torch.zeros(1)} for name in names})
    plugins = load_plugins(Path("/nonexistent"), tmp_path)
    assert plugins.broken == []
    found = values(plugins)
    assert len(found) == len(set(found.values())) == len(names)
    assert {"Ночь", "День", "Candy nc16", "candy.pth", "candy.model"} < set(found)
    assert all(len(value) <= 32 and value.isascii() for value in found.values()), "they go into buttons"
    assert len(plugins.located(plugins.effects["nst.fast"])) == len(names)


@pytest.mark.parametrize(
    ("title", "file"),
    [("Rain princess", "rain-princess_nc16.model"), ("Udnie", "Udnie.pth"), ("Mosaic", "mosaic.safetensors")],
)
def test_a_style_is_what_the_network_paints(fast: Fast, plugins: Plugins, title: str, file: str) -> None:
    picture = scene(93, 62)
    expected = by_the_paper(STATES[file], picture)
    assert expected.std() > 10, "the comparison would say nothing of a flat picture"
    assert np.abs(np.asarray(run(fast, plugins, picture, title), float) - expected).max() < ROUNDING


def test_a_picture_of_many_stripes_has_no_seams(fast: Fast, plugins: Plugins) -> None:
    picture = scene(600, 801)
    expected = by_the_paper(STATES["mosaic.safetensors"], picture)
    assert np.abs(np.asarray(run(fast, plugins, picture, "Mosaic"), float) - expected).max() < ROUNDING


def test_a_file_that_is_no_network_is_named_and_the_others_paint(fast: Fast, plugins: Plugins) -> None:
    with pytest.raises(EffectError) as raised:
        run(fast, plugins, scene(), "Uneven")
    assert "Uneven" in str(raised.value.user_message)
    assert run(fast, plugins, scene(), "Mosaic").size == scene().size


def test_a_style_that_has_been_taken_away_is_an_error_with_advice(plugins: Plugins) -> None:
    chosen = plugins.effects["nst.fast"].defaults() | {"style": values(plugins)["Mosaic"]}
    with pytest.raises(EffectError, match="mosaic"):
        Fast("cpu", {}).run({"content": [scene()]}, chosen, RecordingContext())


def test_strength_goes_from_the_photo_to_the_painting(fast: Fast, plugins: Plugins) -> None:
    picture = scene(96, 64)

    def change(strength: float) -> float:
        made = run(fast, plugins, picture, "Udnie", strength=strength)
        return float(np.abs(np.asarray(made, float) - np.asarray(picture, float)).mean())

    assert change(10) < change(50) < change(100)


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (300, 3), (37, 53)])
def test_small_and_narrow_pictures_keep_their_size(
    fast: Fast, plugins: Plugins, size: tuple[int, int]
) -> None:
    assert run(fast, plugins, scene(*size), "Mosaic").size == size


def test_a_large_picture_is_painted_in_the_size_that_was_chosen(fast: Fast, plugins: Plugins) -> None:
    assert run(fast, plugins, scene(1200, 300), "Mosaic", size="512").size == (512, 128)


def test_cancel_acts_within_a_layer_and_progress_only_rises(fast: Fast, plugins: Plugins) -> None:
    chosen = plugins.effects["nst.fast"].defaults() | {"style": values(plugins)["Mosaic"]}
    context = RecordingContext(stop=lambda looks: looks == 3)
    with pytest.raises(Cancelled):
        fast.run({"content": [scene()]}, chosen, context)
    assert context.looks == 3
    through = RecordingContext()
    fast.run({"content": [scene()]}, chosen, through)
    assert through.fractions == sorted(through.fractions)
    assert through.fractions[-1] == pytest.approx(1)
