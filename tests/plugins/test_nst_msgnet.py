"""MSG-Net: the published names and shapes load, and the network computes what the paper says."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional as F

from impasto.effects import Cancelled
from impasto.plugins import load_plugins
from impasto_nst.brush import Brush
from impasto_nst.msgnet import to_safetensors
from impasto_nst.pictures import to_batch
from impasto_nst.states import State, WrongWeights
from tests.pictures import scene
from tests.plugins.context import RecordingContext

EFFECT = load_plugins(Path("/nonexistent"), Path("/nonexistent")).effects["nst.msg"]

BOTTLENECKS = [f"model.{place}" for place in range(2, 8)]


def published_state() -> State:
    """Random numbers under every name of the published file: parts twice, norms with running statistics."""
    random = torch.Generator().manual_seed(1)
    state: State = {}

    def convolution(name: str, outputs: int, inputs: int, kernel: int) -> None:
        weight = torch.randn(outputs, inputs, kernel, kernel, generator=random)
        state[f"{name}.weight"] = weight / (inputs * kernel**2) ** 0.5
        state[f"{name}.bias"] = torch.randn(outputs, generator=random) / 4

    def norm(name: str, channels: int) -> None:
        state[f"{name}.running_mean"] = torch.randn(channels, generator=random)
        state[f"{name}.running_var"] = torch.rand(channels, generator=random)

    def block(name: str, inputs: int, planes: int) -> None:
        norm(f"{name}.0", inputs)
        convolution(f"{name}.2", planes, inputs, 1)
        norm(f"{name}.3", planes)
        convolution(f"{name}.5.conv2d", planes, planes, 3)
        norm(f"{name}.6", planes)
        convolution(f"{name}.8", 4 * planes, planes, 1)

    convolution("model1.0.conv2d", 64, 3, 7)
    norm("model1.1", 64)
    convolution("model1.3.residual_layer", 128, 64, 1)
    block("model1.3.conv_block", 64, 32)
    convolution("model1.4.residual_layer", 512, 128, 1)
    block("model1.4.conv_block", 128, 128)
    state["ins.weight"] = torch.eye(512)[None] + torch.randn(1, 512, 512, generator=random) / 30
    state |= {name.replace("model1.", "model.0."): value for name, value in state.items() if name[0] == "m"}
    state["model.1.weight"] = state["ins.weight"]
    for name in BOTTLENECKS:
        block(f"{name}.conv_block", 512, 128)
    for name, inputs, planes in (("model.8", 512, 32), ("model.9", 128, 16)):
        convolution(f"{name}.residual_layer.conv2d", 4 * planes, inputs, 1)
        block(f"{name}.conv_block", inputs, planes)
    norm("model.10", 64)
    convolution("model.12.conv2d", 3, 64, 7)
    state["model.12.conv2d.weight"] *= 40
    state["model.12.conv2d.bias"] += 128
    return state


STATE = published_state()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("msgnet") / "21styles.model"
    torch.save(STATE, path, _use_new_zipfile_serialization=False)
    return path


@pytest.fixture(scope="module")
def brush(published: Path) -> Brush:
    return Brush("cpu", {"msgnet-21styles": published})


def run(brush: Brush, content: Image.Image, style: Image.Image, **options: object) -> Image.Image:
    images = {"content": [content], "style": [style]}
    return brush.run(images, EFFECT.defaults() | options, RecordingContext())


def convolve(x: torch.Tensor, name: str, stride: int = 1) -> torch.Tensor:
    weight = STATE[f"{name}.weight"]
    if weight.shape[-1] > 1:
        x = F.pad(x, [weight.shape[-1] // 2] * 4, mode="reflect")
    return F.conv2d(x, weight, STATE[f"{name}.bias"], stride)


def bottleneck(x: torch.Tensor, name: str, stride: int = 1, upsample: int = 1) -> torch.Tensor:
    def enlarged(x: torch.Tensor) -> torch.Tensor:
        return x.repeat_interleave(upsample, 2).repeat_interleave(upsample, 3)

    inner = convolve(F.instance_norm(x).relu(), f"{name}.conv_block.2")
    inner = convolve(enlarged(F.instance_norm(inner).relu()), f"{name}.conv_block.5.conv2d", stride)
    inner = convolve(F.instance_norm(inner).relu(), f"{name}.conv_block.8")
    if upsample > 1:
        return inner + convolve(enlarged(x), f"{name}.residual_layer.conv2d")
    return inner + (convolve(x, f"{name}.residual_layer", stride) if stride > 1 else x)


def encoded(image: Image.Image) -> torch.Tensor:
    x = to_batch(image, torch.device("cpu"), 4, 16)[:, [2, 1, 0]] * 255
    x = F.instance_norm(convolve(x, "model1.0.conv2d")).relu()
    return bottleneck(bottleneck(x, "model1.3", stride=2), "model1.4", stride=2)


def by_the_paper(content: Image.Image, style: Image.Image) -> np.ndarray:
    features = encoded(style)[0].flatten(1)
    gram = features @ features.T / features.numel()
    x = encoded(content)
    x = ((STATE["ins.weight"][0] @ gram).T @ x[0].flatten(1)).view_as(x)
    for name in BOTTLENECKS:
        x = bottleneck(x, name)
    x = bottleneck(bottleneck(x, "model.8", upsample=2), "model.9", upsample=2)
    x = convolve(F.instance_norm(x).relu(), "model.12.conv2d")
    made: np.ndarray = x[0, [2, 1, 0]].clamp(0, 255).permute(1, 2, 0).numpy()
    return made[: content.height, : content.width]


@pytest.mark.parametrize("size", [(96, 64), (61, 90)])
def test_it_paints_what_the_paper_says(brush: Brush, size: tuple[int, int]) -> None:
    content, style = scene(*size), scene(120, 81).rotate(180)
    expected = by_the_paper(content, style)
    assert expected.std() > 10, "the comparison would say nothing of a flat picture"
    assert np.abs(np.asarray(run(brush, content, style), float) - expected).max() < 0.55  # rounding


def test_another_style_gives_another_picture(brush: Brush) -> None:
    one, other = (np.asarray(run(brush, scene(), style), float) for style in (scene(), scene().rotate(90)))
    assert np.abs(one - other).mean() > 1


def test_a_converted_download_paints_the_same_and_holds_nothing_twice(
    brush: Brush, published: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "msgnet-21styles.safetensors"
    to_safetensors(published, kept)
    made = run(Brush("cpu", {"msgnet-21styles": kept}), scene(), scene())
    assert made.tobytes() == run(brush, scene(), scene()).tobytes()
    names = load_file(kept).keys()
    assert not [name for name in names if "running" in name or name.startswith(("model1.", "ins."))]


def test_weights_of_another_network_are_refused_with_the_name_of_the_file(tmp_path: Path) -> None:
    wrong = tmp_path / "21styles.model"
    torch.save(STATE | {"ins.weight": torch.ones(1, 64, 64), "model.1.weight": torch.ones(1, 64, 64)}, wrong)
    with pytest.raises(WrongWeights, match=r"21styles\.model holds no MSG-Net"):
        Brush("cpu", {"msgnet-21styles": wrong})
    wrong.write_text("<html>Too many requests</html>")
    with pytest.raises(WrongWeights, match=r"21styles\.model holds no MSG-Net"):
        to_safetensors(wrong, tmp_path / "kept.safetensors")


def test_the_photos_colours_are_kept_if_asked(brush: Brush) -> None:
    content = scene(96, 64)

    def chroma(image: Image.Image) -> np.ndarray:
        return np.asarray(image.convert("YCbCr"), float)[..., 1:]

    kept, changed = (run(brush, content, scene().rotate(90), keep_colours=keep) for keep in (True, False))
    errors = [np.abs(chroma(made) - chroma(content)).mean() for made in (kept, changed)]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (300, 3), (37, 53)])
def test_small_and_narrow_pictures_keep_their_size(brush: Brush, size: tuple[int, int]) -> None:
    assert run(brush, scene(*size), scene(*size)).size == size


def test_a_large_picture_is_painted_in_the_size_that_was_chosen(brush: Brush) -> None:
    assert run(brush, scene(1200, 300), scene(), size="512").size == (512, 128)


def test_cancel_acts_within_a_layer_and_progress_only_rises(brush: Brush) -> None:
    images = {"content": [scene()], "style": [scene()]}
    context = RecordingContext(stop=lambda looks: looks == 3)
    with pytest.raises(Cancelled):
        brush.run(images, EFFECT.defaults(), context)
    assert context.looks == 3
    through = RecordingContext()
    made = brush.run(images, EFFECT.defaults(), through)
    assert through.fractions == sorted(through.fractions)
    assert through.fractions[-1] == pytest.approx(1)
    assert made.tobytes() == run(brush, scene(), scene()).tobytes(), "a cancelled job leaves nothing behind"
