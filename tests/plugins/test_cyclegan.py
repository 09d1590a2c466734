"""CycleGAN: the published generator, on pictures of any size."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torchvision.transforms.functional import to_tensor
from vintagify.generator import ResnetGenerator as PublishedGenerator

from impasto.effects import Cancelled
from impasto.plugins import load_plugins
from impasto_cyclegan.generator import WrongWeights, generator_for
from impasto_cyclegan.processors import Vintage
from tests.pictures import scene
from tests.plugins.context import RecordingContext

PLUGINS = load_plugins(Path("/nonexistent"), Path("/nonexistent"))
WEIGHTS = PLUGINS.located(PLUGINS.effects["cyclegan.vintage"])


@pytest.fixture(scope="module")
def vintage() -> Vintage:
    return Vintage("cpu", WEIGHTS)


def apply(vintage: Vintage, image: Image.Image, context: RecordingContext | None = None) -> Image.Image:
    return vintage.run({"content": [image]}, {"size": "512"}, context or RecordingContext())


def test_the_result_is_that_of_the_published_network_run_plainly(vintage: Vintage) -> None:
    published = PublishedGenerator()
    published.load_state_dict(torch.load(WEIGHTS["cyclegan-vintage"], map_location="cpu", weights_only=True))
    picture = scene(96, 64)
    with torch.inference_mode():
        plain = published(to_tensor(picture).unsqueeze(0) * 2 - 1)[0].add(1).div(2)
    expected = plain.mul(255).permute(1, 2, 0).numpy()
    assert np.abs(np.asarray(apply(vintage, picture), float) - expected).max() <= 1


def test_a_large_picture_keeps_its_size_and_its_details(vintage: Vintage) -> None:
    picture = scene(1100, 800)
    stripes = Image.effect_noise((200, 200), 60).convert("RGB")
    picture.paste(stripes, (100, 500))
    made = apply(vintage, picture)
    assert made.size == picture.size
    box = (120, 520, 280, 680)
    before, after = (np.asarray(p.crop(box).convert("L"), float) for p in (picture, made))
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.9, "single pixels are still there"
    assert np.abs(np.asarray(made, float) - np.asarray(picture, float)).mean() > 3, "and it looks different"


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (700, 3), (37, 53)])
def test_any_size_comes_back_as_it_came(vintage: Vintage, size: tuple[int, int]) -> None:
    assert apply(vintage, scene(*size)).size == size


def test_cancel_acts_within_a_layer_and_progress_only_rises(vintage: Vintage) -> None:
    context = RecordingContext(stop=lambda looks: looks == 5)
    with pytest.raises(Cancelled):
        apply(vintage, scene(), context)
    assert context.looks == 5
    through = RecordingContext()
    apply(vintage, scene(), through)
    assert through.fractions == sorted(through.fractions)
    assert through.fractions[-1] == 1


def published_state(blocks: int, *, affine: bool, tracked: bool, dropout: bool) -> dict[str, torch.Tensor]:
    """The names and shapes of pytorch-CycleGAN-and-pix2pix, with random values."""
    state: dict[str, torch.Tensor] = {}

    def layer(name: str, *shape: int) -> None:
        outputs = shape[1] if name in (f"model.{10 + blocks}", f"model.{13 + blocks}") else shape[0]
        state[f"{name}.weight"] = torch.randn(shape) * 0.02
        state[f"{name}.bias"] = torch.zeros(outputs)

    def norm(name: str, features: int) -> None:
        kept = {"weight": affine, "bias": affine, "running_mean": tracked, "running_var": tracked}
        state.update({f"{name}.{key}": torch.ones(features) for key, there in kept.items() if there})
        if tracked:
            state[f"{name}.num_batches_tracked"] = torch.tensor(1)

    for place, inputs, outputs, kernel in ((1, 3, 8, 7), (4, 8, 16, 3), (7, 16, 32, 3)):
        layer(f"model.{place}", outputs, inputs, kernel, kernel)
        norm(f"model.{place + 1}", outputs)
    for block in range(blocks):
        for place in (1, 6 if dropout else 5):
            layer(f"model.{10 + block}.conv_block.{place}", 32, 32, 3, 3)
            norm(f"model.{10 + block}.conv_block.{place + 1}", 32)
    for place, inputs in ((10 + blocks, 32), (13 + blocks, 16)):
        layer(f"model.{place}", inputs, inputs // 2, 3, 3)
        norm(f"model.{place + 1}", inputs // 2)
    layer(f"model.{17 + blocks}", 3, 8, 7, 7)
    return state


@pytest.mark.parametrize("blocks", [6, 9])
@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("tracked", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
def test_every_published_kind_of_checkpoint_loads(
    blocks: int, affine: bool, tracked: bool, dropout: bool
) -> None:
    state = published_state(blocks, affine=affine, tracked=tracked, dropout=dropout)
    generator = generator_for({f"module.{key}": value for key, value in state.items()})
    made = generator(torch.rand(1, 3, 32, 40))
    assert made.shape == (1, 3, 32, 40)
    assert made.std() > 0


@pytest.mark.parametrize("change", ["another net", "a lost key", "another shape"])
def test_weights_of_another_network_are_refused(change: str) -> None:
    state = published_state(6, affine=False, tracked=False, dropout=False)
    if change == "another net":
        state = dict(nn.Linear(2, 2).state_dict())
    elif change == "a lost key":
        del state["model.12.conv_block.5.weight"]
    else:
        state["model.4.weight"] = torch.zeros(1)
    with pytest.raises(WrongWeights):
        generator_for(state)


@pytest.mark.parametrize("plugin", ["impasto_cyclegan", "impasto_nst", "impasto_superres"])
def test_the_core_can_read_what_a_plugin_offers_without_torch(plugin: str) -> None:
    look = "p.impasto_effects(); p.impasto_weights(); assert 'torch' not in sys.modules"
    code = f"import sys, {plugin} as p; {look}"
    subprocess.run([sys.executable, "-c", code], check=True)
