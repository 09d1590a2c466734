"""Gatys' optimisation: it gets nearer to the style, it can be watched, stopped and repeated."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torchvision.models import VGG19_Weights, vgg19

from impasto.effects import Cancelled
from impasto.plugins import load_plugins
from impasto_nst.gatys import Gatys
from impasto_nst.losses import gram_matrix
from impasto_nst.perceptual import Vgg19, keep_vgg19, load_vgg19
from impasto_nst.pictures import covering, to_batch
from tests.pictures import scene
from tests.plugins.context import RecordingContext

PLUGINS = load_plugins(Path("/nonexistent"), Path("/nonexistent"))
GATYS = PLUGINS.effects["nst.gatys"]
QUICK = GATYS.defaults() | {"steps": "20", "size": "256"}


@pytest.fixture(scope="module")
def gatys() -> Gatys:
    return Gatys("cpu", PLUGINS.located(GATYS))


def stripes(size: int = 96) -> Image.Image:
    wave = Image.linear_gradient("L").resize((size, 8)).resize((size, size), Image.Resampling.NEAREST)
    return Image.merge("RGB", (wave, wave.rotate(90), Image.new("L", (size, size), 40)))


def paint(gatys: Gatys, context: RecordingContext, **options: object) -> Image.Image:
    return gatys.run({"content": [scene(96, 64)], "style": [stripes()]}, QUICK | options, context)


def style_distance(gatys: Gatys, image: Image.Image, style: Image.Image) -> float:
    """How different the Gram matrices are, relative to the style's, over all layers."""
    network = gatys._network
    pictures = (image, covering(style, image.size))
    with torch.inference_mode():
        ours, theirs = (network(to_batch(picture, torch.device("cpu"))) for picture in pictures)
    return float(
        sum(
            (gram_matrix(ours[layer]) - gram_matrix(theirs[layer])).square().mean()
            / gram_matrix(theirs[layer]).square().mean()
            for layer in network.style_layers
        )
    )


def test_the_picture_gets_nearer_to_the_style_and_stays_the_content(gatys: Gatys) -> None:
    context = RecordingContext()
    made = paint(gatys, context, strength=400.0)
    assert style_distance(gatys, made, stripes()) < 0.7 * style_distance(gatys, scene(96, 64), stripes())
    grey = [np.asarray(p.convert("L"), float).ravel() for p in (made, scene(96, 64))]
    assert np.corrcoef(*grey)[0, 1] > 0.5
    assert context.fractions == sorted(context.fractions)
    assert context.previews[-1].size == (96, 64)


def test_two_styles_share_the_picture_by_their_weights(gatys: Gatys) -> None:
    """The nearer to a style, the larger its share; a style of share 0 has no part in it."""
    plain = Image.new("RGB", (96, 96), (200, 30, 30))
    images = {"content": [scene(96, 64)], "style": [stripes(), plain]}

    def made(first: float, second: float) -> Image.Image:
        shares = {"share_1": first, "share_2": second, "strength": 400.0}
        return gatys.run(images, QUICK | shares, RecordingContext())

    pictures = [made(*shares) for shares in ((100, 0), (100, 100), (0, 100))]
    to_first, to_second = ([style_distance(gatys, p, s) for p in pictures] for s in (stripes(), plain))
    assert to_first == sorted(to_first)
    assert to_second == sorted(to_second, reverse=True)
    assert to_first[2] > 1.3 * to_first[0]
    alone = paint(gatys, RecordingContext(), strength=400.0, share_1=50.0)
    assert made(100, 0).tobytes() == alone.tobytes()


def test_the_losses_of_each_step_are_recorded_and_the_network_named(gatys: Gatys) -> None:
    context = RecordingContext()
    paint(gatys, context)
    assert context.facts == {"network": "EfficientNet-Lite0"}
    assert list(context.curves) == ["content loss", "style loss", "variation loss", "total loss"]
    assert {len(values) for values in context.curves.values()} == {len(context.fractions)}
    total = context.curves["total loss"]
    assert total[-1] < 0.7 * total[0]


def test_a_small_style_is_continued_by_its_mirror_image_and_never_stretched() -> None:
    style = Image.new("RGB", (40, 40), "white")
    style.paste("black", (0, 0, 20, 40))
    row = np.asarray(covering(style, (180, 60)).convert("L"))[30]
    edges = np.flatnonzero(np.abs(np.diff((row > 127).astype(int))))
    assert len(row) == 180
    assert list(np.diff(edges)) == [60, 60], "stripes of twice 20 px, enlarged 1.5 times"


def test_cancel_acts_within_one_step(gatys: Gatys) -> None:
    context = RecordingContext(stop=lambda looks: looks == 3)
    with pytest.raises(Cancelled):
        paint(gatys, context)
    assert context.looks == 3


def test_the_same_job_gives_the_same_picture(gatys: Gatys) -> None:
    first, second = (paint(gatys, RecordingContext()) for _again in range(2))
    assert first.tobytes() == second.tobytes()


def test_large_pictures_go_from_coarse_to_fine(gatys: Gatys) -> None:
    context = RecordingContext()
    images = {"content": [scene(600, 90)], "style": [stripes()]}
    made = gatys.run(images, QUICK | {"size": "512"}, context)
    assert made.size == (512, 77)
    assert [context.previews[0].width, context.previews[-1].width] == [256, 512]


@pytest.mark.parametrize("size", [(1, 1), (1, 90), (200, 3)])
def test_small_and_narrow_pictures_keep_their_size(gatys: Gatys, size: tuple[int, int]) -> None:
    images = {"content": [scene(*size)], "style": [scene(*size)]}
    assert gatys.run(images, QUICK | {"steps": "20"}, RecordingContext()).size == size


def test_vgg_weights_of_either_convention_see_the_same_in_a_picture(tmp_path: Path) -> None:
    """torchvision's weights, rewritten for Caffe's input (BGR, 0 to 255, only the mean taken off)."""
    torch.manual_seed(0)
    theirs = vgg19(weights=None).features.state_dict()
    torchvision = {f"features.{key}": value for key, value in theirs.items() if int(key.split(".")[0]) <= 28}
    torch.save(torchvision, tmp_path / "vgg19-dcbb9e9d.pth")
    places = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)
    names = ("1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1", "4_2", "4_3", "4_4", "5_1")
    caffe = {
        f"conv{name}.{kind}": torchvision[f"features.{place}.{kind}"].clone()
        for name, place in zip(names, places, strict=True)
        for kind in ("weight", "bias")
    }
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    caffe_mean = torch.tensor([123.68, 116.779, 103.939])
    first = torchvision["features.0.weight"] / deviation.view(1, 3, 1, 1) / 255
    caffe["conv1_1.weight"] = first.flip(1).contiguous()
    caffe["conv1_1.bias"] += (first * (caffe_mean - mean * 255).view(1, 3, 1, 1)).sum(dim=(1, 2, 3))
    save_file(caffe, tmp_path / "caffe.safetensors")

    image = to_batch(scene(64, 48), torch.device("cpu"))
    ours = [load_vgg19(tmp_path / name)(image) for name in ("vgg19-dcbb9e9d.pth", "caffe.safetensors")]
    assert ours[0].keys() == set(Vgg19.style_layers) | set(Vgg19.content_layers)
    for layer in ours[0]:
        inner = [features[layer][..., 4:-4, 4:-4] for features in ours]  # zero padding differs at the border
        if inner[0].numel():
            torch.testing.assert_close(*inner, rtol=1e-3, atol=1e-4)


def test_what_is_kept_of_torchvisions_download_sees_the_same_in_a_picture(tmp_path: Path) -> None:
    torch.manual_seed(0)
    whole = {f"features.{key}": value for key, value in vgg19(weights=None).features.state_dict().items()}
    torch.save(whole | {"classifier.0.weight": torch.zeros(9, 9)}, tmp_path / "vgg19.pth")
    keep_vgg19(tmp_path / "vgg19.pth", tmp_path / "kept.safetensors")
    assert (tmp_path / "kept.safetensors").stat().st_size < 27_000_000
    image = to_batch(scene(64, 48), torch.device("cpu"))
    ours = [load_vgg19(tmp_path / name)(image) for name in ("vgg19.pth", "kept.safetensors")]
    for layer in ours[0]:
        torch.testing.assert_close(ours[1][layer], ours[0][layer], rtol=0.02, atol=0.02)


def test_the_torchvision_convention_is_torchvisions() -> None:
    transforms = VGG19_Weights.IMAGENET1K_V1.transforms()
    network = Vgg19({f"features.{k}": v for k, v in vgg19(weights=None).features.state_dict().items()})
    assert network.get_buffer("mean").flatten().tolist() == pytest.approx(transforms.mean)
    assert network.get_buffer("deviation").flatten().tolist() == pytest.approx(transforms.std)
