"""The network of Johnson et al. (2016) with instance norms (Ulyanov et al. 2016), one for each style.

Its layers have the names of pytorch/examples, whose state dicts many have trained; old ones come with
running statistics of the norms, which are left out.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from impasto_nst.states import WrongWeights, load_state, read_state, without_running_statistics
from impasto_nst.stripes import Tick, in_stripes

MULTIPLE = 4
"""Height and width are halved twice."""

LEAST = 16

_AREA = 1 << 17
"""Of a stripe in pixels of its result: 0.2 s on two cores for the most costly layers."""

_STEPS = 16
"""Convolutions."""


class FastNetwork(nn.Module):
    """The network with so many channels in its first layer: 32 as published."""

    def __init__(self, base: int) -> None:
        super().__init__()
        self.conv1, self.in1 = _Convolution(3, base, 9), _norm(base)
        self.conv2, self.in2 = _Convolution(base, 2 * base, 3, stride=2), _norm(2 * base)
        self.conv3, self.in3 = _Convolution(2 * base, 4 * base, 3, stride=2), _norm(4 * base)
        self.res1 = _Block(4 * base)
        self.res2 = _Block(4 * base)
        self.res3 = _Block(4 * base)
        self.res4 = _Block(4 * base)
        self.res5 = _Block(4 * base)
        self.deconv1, self.in4 = _Convolution(4 * base, 2 * base, 3, upsample=2), _norm(2 * base)
        self.deconv2, self.in5 = _Convolution(2 * base, base, 3, upsample=2), _norm(base)
        self.deconv3 = _Convolution(base, 3, 9)

    def forward(self, image: torch.Tensor, tick: Tick) -> torch.Tensor:
        """(1, 3, H, W) in [0, 1] to the same, perhaps beyond [0, 1]; H and W multiples of 4, at least 16."""
        count = _Count(tick)
        x = self.in1(self.conv1(image * 255, count)).relu_()
        x = self.in2(self.conv2(x, count)).relu_()
        x = self.in3(self.conv3(x, count)).relu_()
        for block in (self.res1, self.res2, self.res3, self.res4, self.res5):
            x = block(x, count)
        x = self.in4(self.deconv1(x, count)).relu_()
        x = self.in5(self.deconv2(x, count)).relu_()
        return self.deconv3(x, count).div_(255)  # type: ignore[no-any-return]


def load_fast_network(path: Path) -> FastNetwork:
    """The network with the parameters in `path`. Raises `WrongWeights` for those of another."""
    state = without_running_statistics(read_state(path))
    first = state.get("conv1.conv2d.weight")
    if first is None or first.ndim != 4:
        raise WrongWeights(f"{path.name} holds no fast style network: it has no conv1.conv2d.weight")
    network = FastNetwork(first.shape[0])
    try:
        load_state(network, state)
    except WrongWeights as error:
        raise WrongWeights(f"{path.name} holds no fast style network: {error}") from error
    return network


class _Count:
    """Tells how far all convolutions are, given how far one is."""

    def __init__(self, tick: Tick) -> None:
        self._tick, self._done = tick, 0

    def __call__(self, part: float) -> None:
        self._tick((self._done + part) / _STEPS)
        self._done += part == 1


class _Convolution(nn.Module):
    """A convolution with reflection padding, perhaps of the picture enlarged."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, upsample: int = 1) -> None:
        super().__init__()
        self._upsample = upsample
        self.conv2d = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, padding_mode="reflect")

    def forward(self, x: torch.Tensor, tick: Tick) -> torch.Tensor:
        stride = self.conv2d.stride[0]
        area = _AREA * stride**2 // self._upsample**2
        halo = self.conv2d.kernel_size[0] // 2
        return in_stripes(self._apply_to, x, tick, area=area, halo=halo, down=stride, up=self._upsample)

    def _apply_to(self, x: torch.Tensor) -> torch.Tensor:
        if self._upsample > 1:
            x = F.interpolate(x, scale_factor=self._upsample, mode="nearest")
        return self.conv2d(x)  # type: ignore[no-any-return]


class _Block(nn.Module):
    """A residual block."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.in1 = _Convolution(channels, channels, 3), _norm(channels)
        self.conv2, self.in2 = _Convolution(channels, channels, 3), _norm(channels)

    def forward(self, x: torch.Tensor, tick: Tick) -> torch.Tensor:
        inner = self.in1(self.conv1(x, tick)).relu_()
        return self.in2(self.conv2(inner, tick)).add_(x)  # type: ignore[no-any-return]


def _norm(channels: int) -> nn.InstanceNorm2d:
    return nn.InstanceNorm2d(channels, affine=True)
