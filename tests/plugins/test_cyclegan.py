"""CycleGAN's effects: published networks on pictures of any size, and what is kept of a download."""

import math
import pickle
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn
from torchvision.transforms.functional import pad, to_tensor
from vintagify.generator import ResnetGenerator as PublishedGenerator

from impasto.effects import Cancelled, EffectError
from impasto.plugins import load_plugins
from impasto_cyclegan.checkpoints import read_state, to_safetensors
from impasto_cyclegan.layers import WrongWeights
from impasto_cyclegan.processors import Redrawing, Translation
from tests.pictures import scene
from tests.plugins.context import RecordingContext
from tests.plugins.test_cyclegan_generators import NORMS, PlainResnet, PlainUnet, trained, translated

PLUGINS = load_plugins(Path("/nonexistent"), Path("/nonexistent"))
WEIGHTS = PLUGINS.located(PLUGINS.effects["cyclegan.vintage"])
MARGIN = 16


@pytest.fixture(scope="module")
def vintage() -> Translation:
    return Translation("cpu", WEIGHTS)


@pytest.fixture(scope="module")
def published() -> nn.Module:
    """vintagify's own class with its weights."""
    network = PublishedGenerator()
    network.load_state_dict(torch.load(WEIGHTS["cyclegan-vintage"], map_location="cpu", weights_only=True))
    return network


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ResNet generator of few features, which is quick."""
    path = tmp_path_factory.mktemp("weights") / "small.pth"
    torch.save(trained(PlainResnet(NORMS["instance"], 6)).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def quick(small: Path) -> Translation:
    return Translation("cpu", {"small": small})


def apply(
    effect: Translation, image: Image.Image, size: str = "512", context: RecordingContext | None = None
) -> Image.Image:
    return effect.run({"content": [image]}, {"size": size}, context or RecordingContext())


def apart(one: Image.Image, other: Image.Image) -> np.ndarray:
    return np.abs(np.asarray(one, float) - np.asarray(other, float))


@torch.inference_mode()
def test_the_network_is_the_published_one_whole_or_in_stripes(published: nn.Module) -> None:
    picture = to_tensor(scene(96, 128)).unsqueeze(0) * 2 - 1
    state = read_state(WEIGHTS["cyclegan-vintage"])
    plain = published(picture)
    for elements in (2**40, 2**14):
        difference = (translated(state, picture, elements) - plain).abs() * 127.5
        assert difference.max() < 0.01, "of 255"


@torch.inference_mode()
def test_the_result_is_that_of_the_published_network_on_the_picture_and_its_reflection(
    vintage: Translation, published: nn.Module
) -> None:
    picture = scene(96, 64)
    plain = published(to_tensor(pad(picture, MARGIN, padding_mode="reflect")).unsqueeze(0) * 2 - 1)
    kept = plain[0, :, MARGIN:-MARGIN, MARGIN:-MARGIN].add(1).mul(127.5).permute(1, 2, 0).numpy()
    assert np.abs(np.asarray(apply(vintage, picture), float) - kept).max() <= 1


def test_a_large_picture_keeps_its_size_and_its_details(vintage: Translation) -> None:
    picture = scene(1100, 800)
    picture.paste(Image.effect_noise((200, 200), 60).convert("RGB"), (100, 500))
    made = apply(vintage, picture, "256")
    assert made.size == picture.size
    box = (120, 520, 280, 680)
    before, after = (np.asarray(p.crop(box).convert("L"), float) for p in (picture, made))
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.9, "single pixels are still there"
    assert apart(made, picture).mean() > 3, "and it looks different"


def test_full_size_is_seen_in_full(quick: Translation) -> None:
    picture = scene(700, 300)
    full = apply(quick, picture, "full")
    assert apart(full, apply(quick, picture, "768")).max() == 0, "768 is more than it has"
    assert apart(full, apply(quick, picture, "512")).mean() > 0.5


def test_what_is_too_large_is_seen_smaller_and_said_so(quick: Translation) -> None:
    context = RecordingContext()
    assert apply(quick, scene(20_000, 4), "full", context).size == (20_000, 4)
    assert [str(note) for note in context.notes] == [
        "This picture is too large to work on in full, so I worked at 16384 × 3."
    ]


def test_with_less_memory_it_works_in_thinner_stripes_then_on_a_smaller_picture(quick: Translation) -> None:
    picture = scene(700, 500)
    plenty, little, least = RecordingContext(), RecordingContext(), RecordingContext()
    little.budget, least.budget = 20_000_000, 10_000_000  # type: ignore[assignment]
    made = [apply(quick, picture, "full", context) for context in (plenty, little, least)]
    assert len(little.fractions) > 3 * len(plenty.fractions)
    assert apart(made[0], made[1]).max() <= 1
    assert (plenty.notes, little.notes) == ([], [])
    assert "too large to work on in full" in str(least.notes[0])
    assert made[2].size == picture.size


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (700, 3), (37, 53)])
@pytest.mark.parametrize("detail", ["512", "full", "usual"])
def test_any_size_comes_back_as_it_came(quick: Translation, size: tuple[int, int], detail: str) -> None:
    assert apply(quick, scene(*size), detail).size == size


def test_a_unet_takes_any_size_and_redraws(tmp_path: Path) -> None:
    path = tmp_path / "map.pth"
    torch.save(trained(PlainUnet(NORMS["batch"], 7), 128).state_dict(), path)
    redrawing, translation = (kind("cpu", {"map": path}) for kind in (Redrawing, Translation))
    for size in ((1, 1), (100, 150), (600, 200)):
        assert apply(redrawing, scene(*size), "usual").size == size
    picture = scene(600, 200)
    noisy = Image.blend(picture, Image.effect_noise(picture.size, 90).convert("RGB"), 0.3)
    redrawn, kept_grain = (apply(effect, noisy, "usual") for effect in (redrawing, translation))
    kept = np.asarray(kept_grain, float) - np.asarray(redrawn, float)
    grain = np.diff(np.asarray(noisy, float), axis=1)
    likeness = np.corrcoef(np.diff(kept, axis=1).ravel(), grain.ravel())[0, 1]
    assert likeness > 0.6, "a translation adds the picture's own grain, redrawing leaves it out"


def test_the_same_picture_gives_the_same_result(quick: Translation) -> None:
    assert apart(apply(quick, scene()), apply(quick, scene())).max() == 0


def test_cancel_acts_within_a_stripe_and_progress_only_rises(quick: Translation) -> None:
    context = RecordingContext(stop=lambda looks: looks == 5)
    with pytest.raises(Cancelled):
        apply(quick, scene(), "512", context)
    assert context.looks == 5
    through = RecordingContext()
    apply(quick, scene(1400, 1000), "full", through)
    assert through.fractions == sorted(through.fractions)
    assert through.fractions[-1] == 1
    steps = np.diff(through.fractions)
    assert steps.max() < 0.05, "a step is a small part of a large picture's work"


def test_a_download_is_kept_at_half_the_size_and_looks_the_same(vintage: Translation, tmp_path: Path) -> None:
    kept = tmp_path / "vintage.safetensors"
    to_safetensors(WEIGHTS["cyclegan-vintage"], kept)
    assert kept.stat().st_size < 0.51 * WEIGHTS["cyclegan-vintage"].stat().st_size
    picture = scene(96, 64)
    assert apart(apply(Translation("cpu", {"vintage": kept}), picture), apply(vintage, picture)).max() <= 1


def test_a_download_in_the_old_format_is_kept_without_statistics(tmp_path: Path) -> None:
    plain = trained(PlainResnet(NORMS["instance"], 9, dropout=True))
    old = dict(plain.state_dict())
    for name in ("model.2", "model.10.conv_block.2"):
        old |= {f"{name}.running_mean": torch.ones(8), f"{name}.running_var": torch.ones(8)}
        old[f"{name}.num_batches_tracked"] = torch.tensor(0)
    downloaded, kept = tmp_path / "horse2zebra.pth", tmp_path / "kept.safetensors"
    torch.save(old, downloaded, _use_new_zipfile_serialization=False)
    to_safetensors(downloaded, kept)
    assert load_file(kept).keys() == plain.state_dict().keys()
    assert apply(Translation("cpu", {"kept": kept}), scene()).size == scene().size


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize(
    "content", [b"", b"no weights", b"<html>404</html>", pickle.dumps(Evil(), protocol=2)]
)
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_a_file_that_is_none_is_refused_with_a_sentence(content: bytes, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"broken.{suffix}"
    path.write_bytes(content)
    with pytest.raises(WrongWeights):
        to_safetensors(path, tmp_path / "kept.safetensors")
    with pytest.raises(EffectError, match=str(path)) as refused:
        Translation("cpu", {"broken": path})
    assert f"broken.{suffix}" in str(refused.value.user_message)


@pytest.mark.parametrize(
    "held", [[1, 2], {"epoch": 3}, {"model": {"weight": torch.ones(1)}}, nn.Linear(1, 1).state_dict()]
)
def test_a_file_of_something_else_is_refused(held: object, tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save(held, path)
    with pytest.raises(EffectError):
        Translation("cpu", {"other": path})


def test_every_direction_is_offered_when_its_download_is_there(small: Path, tmp_path: Path) -> None:
    ids = {
        "cyclegan.summer-to-winter",
        "cyclegan.winter-to-summer",
        "cyclegan.horse-to-zebra",
        "cyclegan.zebra-to-horse",
        "cyclegan.photo-to-monet",
        "cyclegan.photo-to-van-gogh",
        "cyclegan.photo-to-cezanne",
        "cyclegan.photo-to-ukiyo-e",
    }
    before = load_plugins(Path("/nonexistent"), tmp_path)
    assert ids <= before.effects.keys()
    assert not ids & {effect.id for effect in before.offered()}
    for effect in (before.effects[key] for key in ids):
        weights = before.weights[effect.weights[0]]
        assert len(weights.addresses) == 1
        pkgutil.resolve_name(weights.convert)(small, tmp_path / weights.file)
    after = load_plugins(Path("/nonexistent"), tmp_path)
    assert ids <= {effect.id for effect in after.offered()}
    for effect in (after.effects[key] for key in ids):
        made = pkgutil.resolve_name(effect.processor)("cpu", after.located(effect))
        picture = made.run({"content": [scene()]}, effect.defaults(), RecordingContext())
        assert picture.size == scene().size
        assert not math.isclose(apart(picture, scene()).mean(), 0)


def test_the_core_can_read_what_plugins_offer_without_torch(tmp_path: Path) -> None:
    (tmp_path / "cyclegan").mkdir()
    (tmp_path / "cyclegan" / "night.toml").write_text('title = "Night"')
    (tmp_path / "cyclegan" / "night.pth").touch()
    load = f"load_plugins(Path({str(tmp_path)!r}), Path({str(tmp_path)!r}))"
    check = "assert 'cyclegan.own-night' in p.effects; assert 'torch' not in sys.modules"
    code = (
        f"import sys; from pathlib import Path; from impasto.plugins import load_plugins; p = {load}; {check}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
