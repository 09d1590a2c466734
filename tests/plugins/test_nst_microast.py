"""Any style at very large size: MicroAST, whose layers are named and shaped as published."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from impasto.effects import Cancelled
from impasto.plugins import load_plugins
from impasto_nst.large import Large
from impasto_nst.pictures import to_batch
from impasto_nst.states import State, WrongWeights, to_safetensors
from tests.pictures import scene
from tests.plugins.context import RecordingContext

EFFECT = load_plugins(Path("/nonexistent"), Path("/nonexistent")).effects["nst.large"]

ROUNDING = 0.55
"""Of a picture in 0 to 255 to whole numbers, and of float32."""

ENCODER = {
    "enc1.0": (16, 3, 9),
    "enc1.2": (32, 1, 3),
    "enc1.4": (32, 32, 1),
    "enc1.6": (64, 1, 3),
    "enc1.8": (64, 64, 1),
    "enc1.10.conv1": (64, 64, 3),
    "enc1.10.conv2": (64, 64, 3),
    "enc2.0.conv1": (64, 64, 3),
    "enc2.0.conv2": (64, 64, 3),
}
MODULATOR = {f"{name}.0": (64, 1, 3) for name in ("weight1", "bias1", "weight2", "bias2")}
DECODER = {
    "dec1.conv1": (64, 64, 3),
    "dec1.conv2": (64, 64, 3),
    "dec2.conv1": (64, 64, 3),
    "dec2.conv2": (64, 64, 3),
    "dec3.1": (32, 2, 3),
    "dec3.3": (32, 32, 1),
    "dec3.6": (16, 2, 3),
    "dec3.8": (16, 16, 1),
    "dec3.10": (3, 16, 9),
}


def random_state(shapes: Mapping[str, tuple[int, int, int]], seed: int) -> State:
    random = torch.Generator().manual_seed(seed)
    state = {}
    for layer, (outputs, inputs, kernel) in shapes.items():
        weight = torch.randn(outputs, inputs, kernel, kernel, generator=random)
        state[f"{layer}.conv_layer.weight"] = weight / (inputs * kernel**2) ** 0.5
        state[f"{layer}.conv_layer.bias"] = torch.randn(outputs, generator=random) / 4
    return state


STATES = {
    "content": random_state(ENCODER, 1),
    "style": random_state(ENCODER, 2),
    "modulator": random_state(MODULATOR, 3),
    "decoder": random_state(DECODER, 4),
}
STATES["decoder"]["dec3.10.conv_layer.weight"] *= 0.8
STATES["decoder"]["dec3.10.conv_layer.bias"] += 0.5


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("microast")
    for part, state in STATES.items():
        torch.save(state, folder / f"{part}.pth.tar")
    return {f"microast-{part}": folder / f"{part}.pth.tar" for part in STATES}


@pytest.fixture(scope="module")
def large(files: dict[str, Path]) -> Large:
    return Large("cpu", files)


def run(large: Large, content: Image.Image, style: Image.Image, **options: object) -> Image.Image:
    images = {"content": [content], "style": [style]}
    return large.run(images, EFFECT.defaults() | options, RecordingContext())


def noise(width: int, height: int) -> Image.Image:
    """Every row matters to its neighbours."""
    return Image.fromarray(np.random.default_rng(5).integers(0, 256, (height, width, 3), np.uint8))


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


def convolver(state: State) -> Callable[..., torch.Tensor]:
    def convolve(x: torch.Tensor, layer: str, stride: int = 1) -> torch.Tensor:
        weight, bias = state[f"{layer}.conv_layer.weight"], state[f"{layer}.conv_layer.bias"]
        x = F.pad(x, [weight.shape[-1] // 2] * 4, mode="reflect")
        return F.conv2d(x, weight, bias, stride, groups=x.shape[1] // weight.shape[1])

    return convolve


def encode(state: State, x: torch.Tensor) -> list[torch.Tensor]:
    convolve = convolver(state)
    for place, stride in ((0, 1), (2, 2), (4, 1), (6, 2), (8, 1)):
        x = convolve(x, f"enc1.{place}", stride).relu()
    shallow = x + convolve(convolve(x, "enc1.10.conv1").relu(), "enc1.10.conv2")
    return [shallow, shallow + convolve(convolve(shallow, "enc2.0.conv1").relu(), "enc2.0.conv2")]


def read_style(image: Image.Image) -> list[dict[str, torch.Tensor]]:
    features = encode(STATES["style"], to_batch(image, torch.device("cpu"), 4, 16))
    convolve = convolver(STATES["modulator"])
    return [
        {
            "mean": x.mean((2, 3), keepdim=True),
            "deviation": (x.var((2, 3), keepdim=True, unbiased=True) + 1e-5).sqrt(),
            "weight": convolve(x, f"weight{depth}.0").mean((2, 3), keepdim=True),
            "bias": convolve(x, f"bias{depth}.0").mean((2, 3), keepdim=True),
        }
        for depth, x in enumerate(features, start=1)
    ]


def by_the_paper(content: Image.Image, style: Image.Image, strength: float) -> np.ndarray:
    """The formulae, one after the other, of the whole picture."""
    shallow, deep = (
        {name: (1 - strength) * own[name] + strength * new[name] for name in own}
        for own, new in zip(read_style(content), read_style(style), strict=True)
    )
    convolve = convolver(STATES["decoder"])

    def block(x: torch.Tensor, name: str, level: dict[str, torch.Tensor]) -> torch.Tensor:
        deviation = (x.var((2, 3), keepdim=True, unbiased=True) + 1e-5).sqrt()
        y = (x - x.mean((2, 3), keepdim=True)) / deviation * level["deviation"] + level["mean"]
        inner = (level["weight"] * convolve(y, f"{name}.conv1") + level["bias"] * y).relu()
        return y + level["weight"] * convolve(inner, f"{name}.conv2") + level["bias"] * inner

    x = encode(STATES["content"], to_batch(content, torch.device("cpu"), 4, 16))[1]
    x = block(block(x, "dec1", deep), "dec2", shallow)
    for first, second in ((1, 3), (6, 8)):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = convolve(convolve(x, f"dec3.{first}").relu(), f"dec3.{second}").relu()
    made: np.ndarray = convolve(x, "dec3.10")[0].clamp(0, 1).mul(255).permute(1, 2, 0).numpy()
    return made[: content.height, : content.width]


@pytest.mark.parametrize(("size", "strength"), [((96, 64), 100), ((61, 90), 40), ((20, 17), 70)])
def test_it_paints_what_the_paper_says(large: Large, size: tuple[int, int], strength: int) -> None:
    content, style = scene(*size), scene(120, 80).rotate(90)
    expected = by_the_paper(content, style, strength / 100)
    assert expected.std() > 10, "the comparison would say nothing of a flat picture"
    made = run(large, content, style, strength=strength)
    assert np.abs(np.asarray(made, float) - expected).max() < ROUNDING


def test_a_picture_of_many_stripes_has_no_seams(large: Large) -> None:
    content, style = noise(900, 1300), scene(120, 80).rotate(90)
    made = run(large, content, style, strength=100)
    assert np.abs(np.asarray(made, float) - by_the_paper(content, style, 1)).max() < ROUNDING


def test_strength_goes_from_the_photos_own_style_to_the_other(large: Large) -> None:
    content, style = scene(96, 64), Image.new("RGB", (64, 64), "red")
    own = run(large, content, content)
    changes = [difference(run(large, content, style, strength=share), own) for share in (10, 50, 100)]
    assert changes == sorted(changes)
    assert changes[0] < changes[-1] / 2


def test_the_photos_colours_are_kept_if_asked(large: Large) -> None:
    content, style = scene(96, 64), Image.new("RGB", (64, 64), "red")

    def chroma(image: Image.Image) -> np.ndarray:
        return np.asarray(image.convert("YCbCr"), float)[..., 1:]

    kept, changed = (run(large, content, style, keep_colours=keep) for keep in (True, False))
    errors = [np.abs(chroma(made) - chroma(content)).mean() for made in (kept, changed)]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (300, 3), (37, 53)])
def test_small_and_narrow_pictures_keep_their_size(large: Large, size: tuple[int, int]) -> None:
    assert run(large, scene(*size), scene(*size)).size == size


def test_a_large_picture_is_painted_in_the_size_that_was_chosen(large: Large) -> None:
    assert run(large, scene(1600, 400), scene(), size="1024").size == (1024, 256)


def test_the_same_pictures_give_the_same_result(large: Large) -> None:
    made = [run(large, scene(96, 64), scene()).tobytes() for _ in range(2)]
    assert made[0] == made[1]


def test_cancel_acts_at_once_and_progress_only_rises(large: Large) -> None:
    images = {"content": [scene(1000, 600)], "style": [scene()]}
    context = RecordingContext(stop=lambda looks: looks == 4)
    with pytest.raises(Cancelled):
        large.run(images, EFFECT.defaults(), context)
    assert context.looks == 4
    through = RecordingContext()
    large.run(images, EFFECT.defaults(), through)
    assert through.fractions == sorted(through.fractions)
    assert through.fractions[-1] == pytest.approx(1)
    assert len(through.fractions) >= 7


def test_a_converted_download_paints_the_same(large: Large, files: dict[str, Path], tmp_path: Path) -> None:
    for name, path in files.items():
        to_safetensors(path, tmp_path / f"{name}.safetensors")
    converted = Large("cpu", {name: tmp_path / f"{name}.safetensors" for name in files})
    made, expected = (run(which, scene(96, 64), scene()) for which in (converted, large))
    assert made.tobytes() == expected.tobytes()


def test_a_download_that_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "content_encoder.pth.tar"
    page.write_text("<html>Not found</html>")
    with pytest.raises(WrongWeights, match=r"content_encoder\.pth\.tar"):
        to_safetensors(page, tmp_path / "kept.safetensors")
    assert not (tmp_path / "kept.safetensors").exists()


def test_weights_of_another_network_are_refused(files: dict[str, Path]) -> None:
    swapped = files | {"microast-decoder": files["microast-modulator"]}
    with pytest.raises(WrongWeights, match="decoder"):
        Large("cpu", swapped)
