"""The layers that the generators are made of, and reading them from a state dict, strictly.

Every parameter that a network needs must be there in the right shape, and nothing else may be, but what
frameworks leave behind: running statistics of norms that have no use for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch


class WrongWeights(Exception):
    """The state dict is not that of a generator that can be run here; the message says what is off."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution with a square kernel; a transposed one makes height and width `stride` times as large.

    `weight` is (outputs, inputs, k, k), transposed (inputs, outputs, k, k). Pads by reflection or with zeros.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    stride: int = 1
    padding: int = 0
    reflect: bool = False
    transposed: bool = False

    @property
    def kernel(self) -> int:
        """Its side."""
        return self.weight.shape[-1]

    @property
    def outputs(self) -> int:
        """Channels that it makes."""
        return self.weight.shape[1 if self.transposed else 0]

    @property
    def output_padding(self) -> int:
        """What a transposed one lacks to `stride` times the length."""
        return self.stride + 2 * self.padding - self.kernel

    def length(self, side: int) -> int:
        """Height or width after it."""
        if self.transposed:
            return side * self.stride
        return (side + 2 * self.padding - self.kernel) // self.stride + 1

    def multiplications(self, height: int, width: int) -> int:
        """For an output of that size."""
        count = height * width * self.weight.numel()
        return count // self.stride**2 if self.transposed else count


@dataclass(frozen=True, slots=True)
class Norm:
    """Instance norm (Ulyanov et al. 2016), or batch norm where `mean` and `variance` (C,) are given.

    Instance norm goes by the statistics of the picture, as published networks are run. Batch norm goes by
    those of its training, as with the published test's `--eval`: nothing that is padded to a picture changes
    the result. All in float32.
    """

    weight: torch.Tensor | None = None
    bias: torch.Tensor | None = None
    mean: torch.Tensor | None = None
    variance: torch.Tensor | None = None
    epsilon: float = 1e-5


class StateDict:
    """A state dict from which layers are taken by name.

    DataParallel's prefix "module." and vintagify's name of a block are known. Convolutions are given in
    `dtype`; nothing leaves its device.
    """

    def __init__(self, state: Mapping[str, torch.Tensor], dtype: torch.dtype = torch.float32) -> None:
        self._left = {_published_name(key): value for key, value in state.items()}
        self._dtype = dtype
        self.taken: dict[str, torch.Tensor] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def has_part(self, name: str) -> bool:
        """Whether there is anything below `name`."""
        return any(key.startswith(f"{name}.") for key in self._left)

    def shape(self, key: str) -> tuple[int, ...]:
        """The shape of a parameter. Raises `WrongWeights` where it is missing."""
        if key not in self._left:
            raise WrongWeights(f"{key} is missing")
        return tuple(self._left[key].shape)

    def convolution(
        self,
        name: str,
        inputs: int,
        outputs: int,
        kernel: int,
        *,
        stride: int = 1,
        padding: int = 0,
        reflect: bool = False,
        transposed: bool = False,
    ) -> Convolution:
        """The convolution `name`. Raises `WrongWeights`."""
        channels = (inputs, outputs) if transposed else (outputs, inputs)
        weight = self._take(f"{name}.weight", (*channels, kernel, kernel)).to(self._dtype)
        bias = self._take(f"{name}.bias", (outputs,)).to(self._dtype) if f"{name}.bias" in self else None
        return Convolution(weight, bias, stride, padding, reflect, transposed)

    def norm(self, name: str, features: int) -> Norm:
        """The norm `name`: affine with running statistics is batch norm. Raises `WrongWeights`."""
        if f"{name}.weight" not in self:
            self._drop(name)
            return Norm()
        weight, bias = (self._take(f"{name}.{key}", (features,)).float() for key in ("weight", "bias"))
        if f"{name}.running_mean" not in self:
            return Norm(weight, bias)
        mean, variance = (
            self._take(f"{name}.{key}", (features,)).float() for key in ("running_mean", "running_var")
        )
        self._drop(name)
        return Norm(weight, bias, mean, variance)

    def finish(self) -> None:
        """Raises `WrongWeights` if there are parameters that no layer took."""
        if self._left:
            raise WrongWeights(f"{next(iter(self._left))} belongs to no layer of the network")

    def _take(self, key: str, shape: tuple[int, ...]) -> torch.Tensor:
        if (found := self.shape(key)) != shape:
            raise WrongWeights(f"{key} is {found}, not {shape}")
        self.taken[key] = self._left.pop(key)
        return self.taken[key]

    def _drop(self, name: str) -> None:
        for key in ("running_mean", "running_var", "num_batches_tracked"):
            self._left.pop(f"{name}.{key}", None)


def _published_name(key: str) -> str:
    return key.removeprefix("module.").replace(".block.", ".conv_block.")
