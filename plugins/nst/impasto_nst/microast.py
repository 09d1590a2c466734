"""MicroAST: any style in one pass of a very small network (Wang et al., AAAI 2023).

Without normalisation inside encoders and decoder blocks, all is local but the statistics of two feature maps.
So pictures of any size are made in stripes, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

from impasto_nst.states import State, WrongWeights, load_state
from impasto_nst.stripes import Tick, in_stripes

MULTIPLE = 4
"""Height and width are halved twice."""

LEAST = 16
"""The features of a smaller picture could not be continued by reflection."""

_EPSILON = 1e-5
_CHANNELS = 64

_PIXELS, _FEATURES = 1 << 19, 1 << 16
"""Of a stripe: about 0.2 s of work on two cores for each stage."""


@dataclass(frozen=True, slots=True)
class Level:
    """A style at one depth, each (1, 64, 1, 1): statistics of features and modulation of filters."""

    mean: torch.Tensor
    deviation: torch.Tensor
    weight: torch.Tensor
    bias: torch.Tensor

    def towards(self, other: Level, amount: float) -> Level:
        """This level at amount 0, the other at 1."""
        return Level(
            torch.lerp(self.mean, other.mean, amount),
            torch.lerp(self.deviation, other.deviation, amount),
            torch.lerp(self.weight, other.weight, amount),
            torch.lerp(self.bias, other.bias, amount),
        )


@dataclass(frozen=True, slots=True)
class Style:
    """What the decoder is to know of a picture's style."""

    shallow: Level
    deep: Level

    def towards(self, other: Style, amount: float) -> Style:
        """This style at amount 0, the other at 1."""
        return Style(self.shallow.towards(other.shallow, amount), self.deep.towards(other.deep, amount))


class MicroAST:
    """The four networks with their published state dicts: content, style, modulator, decoder.

    Raises `WrongWeights` for those of other networks.
    """

    def __init__(self, states: Mapping[str, State], device: torch.device) -> None:
        self._content, self._style = _Encoder(), _Encoder()
        self._modulator, self._decoder = _Modulator(), _Decoder()
        for part, network in (
            ("content", self._content),
            ("style", self._style),
            ("modulator", self._modulator),
            ("decoder", self._decoder),
        ):
            try:
                load_state(network, states[part])
            except WrongWeights as error:
                raise WrongWeights(f"microast-{part}: {error}") from error
            network.to(device)

    def style(self, image: torch.Tensor) -> Style:
        """The style of (1, 3, H, W) in [0, 1], of any height and width from 16 on."""
        shallow, deep = self._style(image)
        (weight, bias), (deep_weight, deep_bias) = self._modulator(shallow, deep)
        return Style(
            Level(*_statistics(shallow), weight, bias), Level(*_statistics(deep), deep_weight, deep_bias)
        )

    def paint(self, image: torch.Tensor, style: Style, tick: Tick) -> torch.Tensor:
        """(1, 3, H, W) in [0, 1] to the same in 0 to 255, uint8; H and W multiples of 4, from 16 on."""
        encoder, decoder = self._content, self._decoder
        x = in_stripes(encoder.contract, image, _between(tick, 0, 0.35), area=_PIXELS, halo=8, down=4)
        x = in_stripes(encoder.blocks, x, _between(tick, 0.35, 0.5), area=_FEATURES, halo=4)
        for block, level, start in ((decoder.dec1, style.deep, 0.5), (decoder.dec2, style.shallow, 0.6)):
            x = _painted(x, block, level, _between(tick, start, start + 0.1))
        return in_stripes(
            decoder.expand, x, _between(tick, 0.7, 1), area=_PIXELS // MULTIPLE**2, halo=4, up=MULTIPLE
        )


@dataclass(frozen=True, slots=True)
class _Affine:
    """Adaptive instance normalisation (Huang & Belongie 2017) with what is known of the whole map."""

    scale: torch.Tensor
    shift: torch.Tensor

    @classmethod
    def between(cls, x: torch.Tensor, level: Level) -> _Affine:
        """From the statistics of `x` to those of `level`."""
        mean, deviation = _statistics(x)
        scale = level.deviation / deviation
        return cls(scale, level.mean - mean * scale)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return torch.addcmul(self.shift, x, self.scale)


class _Convolution(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv_layer = nn.Conv2d(
            inputs,
            outputs,
            kernel,
            stride,
            kernel // 2,
            groups=groups,
            padding_mode="reflect" if kernel > 1 else "zeros",  # reflection by nothing would copy
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv_layer(x)  # type: ignore[no-any-return]


class _Block(nn.Module):
    """A residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Convolution(_CHANNELS, _CHANNELS, 3)
        self.conv2 = _Convolution(_CHANNELS, _CHANNELS, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.conv2(self.conv1(x).relu_())
        return made.add_(x)


class _ModulatedBlock(_Block):
    """A residual block whose filters are modulated by the style."""

    def forward(self, x: torch.Tensor, level: Level) -> torch.Tensor:  # type: ignore[override]
        inner = torch.addcmul(level.bias * x, self.conv1(x), level.weight).relu_()
        inner = torch.addcmul(level.bias * inner, self.conv2(inner), level.weight)
        return inner.add_(x)


class _Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enc1 = nn.Sequential(
            _Convolution(3, 16, 9),
            nn.ReLU(inplace=True),
            _Convolution(16, 32, 3, stride=2, groups=16),
            nn.ReLU(inplace=True),
            _Convolution(32, 32, 1),
            nn.ReLU(inplace=True),
            _Convolution(32, 64, 3, stride=2, groups=32),
            nn.ReLU(inplace=True),
            _Convolution(64, 64, 1),
            nn.ReLU(inplace=True),
            _Block(),
        )
        self.enc2 = nn.Sequential(_Block())

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(1, 3, H, W) in [0, 1] to the shallow and the deep features, each (1, 64, H / 4, W / 4)."""
        shallow = self.enc1(image)
        return shallow, self.enc2(shallow)

    def contract(self, image: torch.Tensor) -> torch.Tensor:
        """The convolutions before the blocks; they see 7 pixels around."""
        return self.enc1[:-1](image)  # type: ignore[no-any-return]

    def blocks(self, x: torch.Tensor) -> torch.Tensor:
        """The two residual blocks, of which each sees 2 rows around."""
        return self.enc2(self.enc1[-1](x))  # type: ignore[no-any-return]


class _Modulator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name in ("weight1", "bias1", "weight2", "bias2"):
            convolution = _Convolution(_CHANNELS, _CHANNELS, 3, groups=_CHANNELS)
            self.add_module(name, nn.Sequential(convolution, nn.AdaptiveAvgPool2d(1)))

    def forward(self, *features: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Weight and bias for each of the two feature maps, each (1, 64, 1, 1)."""
        return [
            (self.get_submodule(f"weight{depth}")(x), self.get_submodule(f"bias{depth}")(x))
            for depth, x in enumerate(features, start=1)
        ]


class _Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dec1 = _ModulatedBlock()
        self.dec2 = _ModulatedBlock()
        self.dec3 = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            _Convolution(64, 32, 3, groups=32),
            nn.ReLU(inplace=True),
            _Convolution(32, 32, 1),
            nn.ReLU(inplace=True),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            _Convolution(32, 16, 3, groups=16),
            nn.ReLU(inplace=True),
            _Convolution(16, 16, 1),
            nn.ReLU(inplace=True),
            _Convolution(16, 3, 9),
        )

    def expand(self, x: torch.Tensor) -> torch.Tensor:
        """Features to a picture in 0 to 255, uint8; 13 pixels, 4 rows of features, are seen around."""
        return self.dec3(x).clamp_(0, 1).mul_(255).round_().to(torch.uint8)  # type: ignore[no-any-return]


def _statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of each channel."""
    variance, mean = torch.var_mean(x, dim=(2, 3), keepdim=True)
    return mean, (variance + _EPSILON).sqrt()


def _painted(x: torch.Tensor, block: _ModulatedBlock, level: Level, tick: Tick) -> torch.Tensor:
    """A decoder block on features that have been given the statistics of the style."""
    affine = _Affine.between(x, level)
    return in_stripes(lambda rows: block(affine(rows), level), x, tick, area=_FEATURES, halo=2)


def _between(tick: Tick, start: float, stop: float) -> Tick:
    """Tells `tick` of a part of the work."""
    return lambda part: tick(start + (stop - start) * part)
