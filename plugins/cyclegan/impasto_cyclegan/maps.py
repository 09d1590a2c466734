"""Feature maps in stripes of rows, so that a network runs on a picture of any size in bounded memory.

A map gives any of its rows on demand. One that is kept reads them; any other computes them from the rows of
its source that they depend on, those beyond the stripe's edge included. Instance norms gather statistics from
all stripes before the first is normalised (`stripes.py`). So stripes differ from the whole picture by no more
than rounding, and there are no seams.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from impasto_cyclegan.layers import Convolution, Norm


class FeatureMap(ABC):
    """(1, channels, height, width), given by rows."""

    channels: int
    height: int
    width: int

    @property
    def row_elements(self) -> int:
        """Elements in memory for each of its rows, of the largest tensor on the way to it."""
        return self.channels * self.width

    @property
    def work(self) -> int:
        """Multiplications for all of its rows."""
        return 0

    @abstractmethod
    def rows(self, start: int, stop: int) -> torch.Tensor:
        """(1, channels, stop - start, width) on the device, not to be written to."""


class Kept(FeatureMap):
    """A map in memory, perhaps not the device's; its rows come to `device` as `dtype`."""

    def __init__(self, tensor: torch.Tensor, device: torch.device, dtype: torch.dtype) -> None:
        _, self.channels, self.height, self.width = tensor.shape
        self.tensor = tensor
        self._device, self._dtype = device, dtype

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Read."""
        return self.tensor[:, :, start:stop].to(self._device, self._dtype)


@dataclass
class Convolved(FeatureMap):
    """A convolution, plain or transposed, of `source`, computed whenever rows are asked for."""

    source: FeatureMap
    layer: Convolution

    def __post_init__(self) -> None:
        self.channels = self.layer.outputs
        self.height, self.width = (
            self.layer.length(side) for side in (self.source.height, self.source.width)
        )

    @property
    def row_elements(self) -> int:
        """The source's rows count too: as many more or fewer as it is higher or lower."""
        source = -(-self.source.row_elements * self.source.height // self.height)
        return max(self.channels * self.width, source)

    @property
    def work(self) -> int:
        """Its own and the source's."""
        return self.layer.multiplications(self.height, self.width) + self.source.work

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Compute."""
        return self._transposed(start, stop) if self.layer.transposed else self._plain(start, stop)

    def _plain(self, start: int, stop: int) -> torch.Tensor:
        layer, height = self.layer, self.source.height
        first = start * layer.stride - layer.padding
        end = (stop - 1) * layer.stride - layer.padding + layer.kernel
        above, below = max(0, -first), max(0, end - height)
        seen = self.source.rows(max(0, first), min(height, end))
        side = layer.padding
        mode = "reflect" if layer.reflect else "constant"
        padded = F.pad(seen, (side, side, above, below), mode=mode)
        return F.conv2d(padded, layer.weight, layer.bias, layer.stride)

    def _transposed(self, start: int, stop: int) -> torch.Tensor:
        layer, stride = self.layer, self.layer.stride
        first = max(0, start // stride - 1)
        end = min(self.source.height, -(-stop // stride) + 1)
        made = F.conv_transpose2d(
            self.source.rows(first, end),
            layer.weight,
            layer.bias,
            stride,
            layer.padding,
            layer.output_padding,
        )
        return made[:, :, start - stride * first : stop - stride * first]


@dataclass
class _Elementwise(FeatureMap):
    """A map of the shape of its source."""

    source: FeatureMap

    def __post_init__(self) -> None:
        self.channels, self.height, self.width = self.source.channels, self.source.height, self.source.width

    @property
    def row_elements(self) -> int:
        """Those of the source."""
        return self.source.row_elements

    @property
    def work(self) -> int:
        """That of the source."""
        return self.source.work


@dataclass
class Normalised(_Elementwise):
    """`source` with `mean` and `variance` (C,) of its channels taken away, then `norm`'s own put in."""

    norm: Norm
    mean: torch.Tensor
    variance: torch.Tensor

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Compute; in half precision too, statistics and arithmetic are in float32."""
        norm = self.norm
        return F.batch_norm(
            self.source.rows(start, stop), self.mean, self.variance, norm.weight, norm.bias, eps=norm.epsilon
        )


@dataclass
class Rectified(_Elementwise):
    """ReLU of `source`, or leaky ReLU with `slope` below zero."""

    slope: float = 0.0

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Compute."""
        return F.leaky_relu(self.source.rows(start, stop), self.slope)


@dataclass
class Tanh(_Elementwise):
    """Into [-1, 1]."""

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Compute."""
        return self.source.rows(start, stop).tanh()


@dataclass
class Added(_Elementwise):
    """`source` + `other`, of one shape."""

    other: FeatureMap

    @property
    def work(self) -> int:
        """That of both."""
        return self.source.work + self.other.work

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Compute."""
        return self.source.rows(start, stop) + self.other.rows(start, stop)


@dataclass
class Joined(FeatureMap):
    """The channels of `first`, then those of `second`."""

    first: FeatureMap
    second: FeatureMap

    def __post_init__(self) -> None:
        self.channels = self.first.channels + self.second.channels
        self.height, self.width = self.first.height, self.first.width

    @property
    def row_elements(self) -> int:
        """Both together."""
        return max(self.channels * self.width, self.first.row_elements, self.second.row_elements)

    @property
    def work(self) -> int:
        """That of both."""
        return self.first.work + self.second.work

    def rows(self, start: int, stop: int) -> torch.Tensor:
        """Compute."""
        return torch.cat((self.first.rows(start, stop), self.second.rows(start, stop)), dim=1)
