"""MSG-Net: any style by matching Gram matrices inside the network (Zhang & Dana 2017, arXiv 1703.06953)."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from impasto_nst.states import State, WrongWeights, load_state, read_state, without_running_statistics

MULTIPLE = 4
"""Height and width are halved twice."""

LEAST = 16

_EXPANSION = 4
"""Channels around a bottleneck for each inside."""

_WIDTH = 128


class MSGNet(nn.Module):
    """The network as published, with the names of its state dict."""

    def __init__(self) -> None:
        super().__init__()
        inside = _WIDTH * _EXPANSION
        self.model = nn.Sequential(
            nn.Sequential(
                _Convolution(3, 64, 7),
                nn.InstanceNorm2d(64),
                nn.ReLU(inplace=True),
                _Bottleneck(64, 32, stride=2),
                _Bottleneck(32 * _EXPANSION, _WIDTH, stride=2),
            ),
            _Inspiration(inside),
            *(_Bottleneck(inside, _WIDTH) for _ in range(6)),
            _UpBottleneck(inside, 32),
            _UpBottleneck(32 * _EXPANSION, 16),
            nn.InstanceNorm2d(16 * _EXPANSION),
            nn.ReLU(inplace=True),
            _Convolution(16 * _EXPANSION, 3, 7),
        )

    def gram_matrix(self, style: torch.Tensor) -> torch.Tensor:
        """The Gram matrix, (1, 512, 512), of the features of a style, (1, 3, H, W) in [0, 1]."""
        features: torch.Tensor = self.model[0](_published_range(style)).flatten(2)
        return features @ features.transpose(1, 2) / (features.shape[1] * features.shape[2])

    def forward(self, content: torch.Tensor, gram: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) in [0, 1], H and W multiples of 4, at least 16, to the same in the style of `gram`.

        The result may lie beyond [0, 1].
        """
        x = _published_range(content)
        for layer in self.model:
            x = layer(x, gram) if isinstance(layer, _Inspiration) else layer(x)
        return x.flip(1).div_(255)

    def convolutions(self) -> list[nn.Conv2d]:
        """Every convolution; each is called once for a picture."""
        return [module for module in self.modules() if isinstance(module, nn.Conv2d)]


def load_msgnet(path: Path) -> MSGNet:
    """The network with the parameters in `path`. Raises `WrongWeights` for those of another."""
    network = MSGNet()
    try:
        load_state(network, _once(without_running_statistics(read_state(path))))
    except WrongWeights as error:
        raise WrongWeights(f"{path.name} holds no MSG-Net: {error}") from error
    return network


def to_safetensors(downloaded: Path, kept: Path) -> None:
    """Keep what the network uses of a download. Raises `WrongWeights` if that is something else."""
    save_file(load_msgnet(downloaded).state_dict(), kept)


def _once(state: State) -> State:
    """Published files hold the first two parts twice, by themselves and inside of `model`."""
    return {
        name.replace("model1.", "model.0.").replace("ins.weight", "model.1.weight"): value
        for name, value in state.items()
    }


def _published_range(image: torch.Tensor) -> torch.Tensor:
    """RGB in [0, 1] to BGR in 0 to 255."""
    return image.flip(1) * 255


class _Convolution(nn.Module):
    """A convolution with reflection padding, perhaps of the picture enlarged."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, upsample: int = 1) -> None:
        super().__init__()
        self._upsample = upsample
        self.conv2d = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, padding_mode="reflect")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self._upsample > 1:
            x = F.interpolate(x, scale_factor=self._upsample, mode="nearest")
        return self.conv2d(x)  # type: ignore[no-any-return]


class _PointwiseUpsample(nn.Module):
    """A 1×1 convolution of an enlarged picture; enlarging after it gives the same in less memory."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv2d = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.interpolate(self.conv2d(x), scale_factor=2, mode="nearest")


def _pre_activated(inputs: int, planes: int, middle: nn.Module) -> nn.Sequential:
    """1×1, `middle` and 1×1, each after instance norm and ReLU."""

    def activation(channels: int) -> tuple[nn.Module, nn.Module]:
        return nn.InstanceNorm2d(channels), nn.ReLU(inplace=True)

    return nn.Sequential(
        *activation(inputs),
        nn.Conv2d(inputs, planes, 1),
        *activation(planes),
        middle,
        *activation(planes),
        nn.Conv2d(planes, planes * _EXPANSION, 1),
    )


class _Bottleneck(nn.Module):
    """A pre-activation bottleneck (He et al. 2016); one with a stride has a convolution beside it."""

    def __init__(self, inputs: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        self.residual_layer = nn.Conv2d(inputs, planes * _EXPANSION, 1, stride) if stride > 1 else None
        self.conv_block = _pre_activated(inputs, planes, _Convolution(planes, planes, 3, stride))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        beside = x if self.residual_layer is None else self.residual_layer(x)
        return self.conv_block(x).add_(beside)  # type: ignore[no-any-return]


class _UpBottleneck(nn.Module):
    """A bottleneck that doubles height and width."""

    def __init__(self, inputs: int, planes: int) -> None:
        super().__init__()
        self.residual_layer = _PointwiseUpsample(inputs, planes * _EXPANSION)
        self.conv_block = _pre_activated(inputs, planes, _Convolution(planes, planes, 3, upsample=2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv_block(x).add_(self.residual_layer(x))  # type: ignore[no-any-return]


class _Inspiration(nn.Module):
    """The CoMatch layer: mixes the channels so that their Gram matrix comes near the style's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, channels, channels))

    def forward(self, x: torch.Tensor, gram: torch.Tensor) -> torch.Tensor:
        mixing = self.weight @ gram
        return (mixing.transpose(1, 2) @ x.flatten(2)).view_as(x)
