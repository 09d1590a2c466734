"""Perceptual networks: image classifiers whose inner layers tell what is in a picture and how it is painted.

VGG-19 (Simonyan & Zisserman 2015), as Gatys et al. used it, where its weights are there; EfficientNet-Lite0
(after Tan & Le 2019), whose weights come with the install, otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from efficientnet_lite_pytorch import EfficientNet
from safetensors.torch import load_file, save_file
from torch import nn

Features = dict[str, torch.Tensor]
"""Activations (1, C, H, W) by name of layer."""


class PerceptualNetwork(nn.Module):
    """(1, 3, H, W) in [0, 1] to the features of the layers that losses are taken on."""

    name: str
    style_layers: tuple[str, ...]
    content_layers: tuple[str, ...]
    least_side: int
    """Pixels that a side needs."""
    variation: float
    """The weight of the total variation at which its noise is gone and its brush strokes are not."""

    def forward(self, image: torch.Tensor) -> Features:
        """The features."""
        raise TypeError("a perceptual network defines its own forward")


@dataclass(frozen=True, slots=True)
class _Convention:
    """How a set of VGG weights wants its input: channels reversed or not, range, mean and deviation."""

    reverse: bool
    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


_CAFFE = _Convention(True, 255.0, (103.939, 116.779, 123.68), (1.0, 1.0, 1.0))
_TORCHVISION = _Convention(False, 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))

_VGG_CONVOLUTIONS = (
    "1_1",
    "1_2",
    "2_1",
    "2_2",
    "3_1",
    "3_2",
    "3_3",
    "3_4",
    "4_1",
    "4_2",
    "4_3",
    "4_4",
    "5_1",
)
_TORCHVISION_PLACES = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)


class Vgg19(PerceptualNetwork):
    """VGG-19 up to conv5_1, with average pooling as Gatys et al. advise.

    `state` has the names of the Caffe export (conv1_1.weight) or of torchvision (features.0.weight); from
    them follows which input the weights expect. Layers that are not used are not kept.
    """

    style_layers = ("1_1", "2_1", "3_1", "4_1", "5_1")
    content_layers = ("4_2",)
    least_side = 16
    variation = 20.0

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        caffe = "conv1_1.weight" in state
        self._convention = _CAFFE if caffe else _TORCHVISION
        self.name = f"VGG-19 ({'Caffe' if caffe else 'torchvision'})"
        self._convolutions = nn.ModuleDict()
        for name, place in zip(_VGG_CONVOLUTIONS, _TORCHVISION_PLACES, strict=True):
            key = f"conv{name}" if caffe else f"features.{place}"
            weight = state[f"{key}.weight"].float()
            layer = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
            layer.weight, layer.bias = nn.Parameter(weight), nn.Parameter(state[f"{key}.bias"].float())
            self._convolutions[name] = layer
        for name in ("mean", "deviation"):
            self.register_buffer(name, torch.tensor(getattr(self._convention, name)).view(1, 3, 1, 1))
        self.eval().requires_grad_(False)

    def forward(self, image: torch.Tensor) -> Features:
        """Features after the ReLU of each convolution that a loss is taken on."""
        x = image.flip(1) if self._convention.reverse else image
        x = (x * self._convention.scale - self.get_buffer("mean")) / self.get_buffer("deviation")
        features: Features = {}
        for name, convolution in self._convolutions.items():
            if name.endswith("_1") and name != "1_1":
                x = nn.functional.avg_pool2d(x, 2)
            x = convolution(x).relu()
            if name in self.style_layers or name in self.content_layers:
                features[name] = x
        return features


class EfficientNetLite0(PerceptualNetwork):
    """The stem and first nine blocks of EfficientNet-Lite0."""

    name = "EfficientNet-Lite0"
    style_layers = ("stem", "0", "2", "4", "8")
    content_layers = ("4",)
    least_side = 32
    variation = 60.0

    def __init__(self, state: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        network = EfficientNet.from_name("efficientnet-lite0")
        network.load_state_dict(state)
        self._stem = nn.Sequential(network._conv_stem, network._bn0, nn.ReLU6())
        self._blocks = nn.ModuleList(list(network._blocks)[:9])
        self.eval().requires_grad_(False)

    def forward(self, image: torch.Tensor) -> Features:
        """Features of the stem and of the blocks that a loss is taken on."""
        x = self._stem((image * 255 - 127) / 128)
        features = {"stem": x}
        for number, block in enumerate(self._blocks):
            x = block(x)
            if str(number) in self.style_layers:
                features[str(number)] = x
        return features


def load_vgg19(path: Path) -> Vgg19:
    """VGG-19 from .safetensors or torchvision's .pth. Raises `KeyError` for another network's weights."""
    if path.suffix == ".safetensors":
        return Vgg19(load_file(path))
    return Vgg19(torch.load(path, map_location="cpu", weights_only=True))


def keep_vgg19(downloaded: Path, kept: Path) -> None:
    """Write what is used of torchvision's VGG-19, conv1_1 to conv5_1, in half precision: 26 MB of 575."""
    state = torch.load(downloaded, map_location="cpu", weights_only=True)
    names = [f"features.{place}.{kind}" for place in _TORCHVISION_PLACES for kind in ("weight", "bias")]
    save_file({name: state[name].half().contiguous() for name in names}, kept)


def load_efficientnet(path: Path) -> EfficientNetLite0:
    """EfficientNet-Lite0 from its .pth. Raises `RuntimeError` for another network's weights."""
    return EfficientNetLite0(torch.load(path, map_location="cpu", weights_only=True))
