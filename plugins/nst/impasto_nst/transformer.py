"""The style transformer network of Dumoulin et al. (2017) and Ghiasi et al. (2017).

Three convolutions down, residual blocks, three convolutions up; the style is in the scales and shifts of its
instance norms, which are given with each picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

MULTIPLE = 4
"""Height and width are halved twice."""

_EPSILON = 1e-5
"""Of the instance norms; both published networks have this one."""

Norms = Mapping[str, tuple[torch.Tensor, torch.Tensor]]
"""Scale γ and shift β, each (C,), of the norm behind a convolution."""


@dataclass(frozen=True, slots=True)
class Convolution:
    """The parameters of one convolution: (out, in, k, k) and (out,)."""

    weight: torch.Tensor
    bias: torch.Tensor | None = None


class StyleTransformer(nn.Module):
    """The network with `convolutions` by name: contract.0 to 2, res.N.0 and 1, expand.0 to 2.

    A convolution without norms in the call is followed by its bias alone, as in Ghiasi's contracting part.
    """

    def __init__(self, convolutions: Mapping[str, Convolution]) -> None:
        super().__init__()
        self._blocks = sum(name.startswith("res.") for name in convolutions) // 2
        self._layers = nn.ModuleDict()
        for name, given in convolutions.items():
            outputs, inputs, kernel, _kernel = given.weight.shape
            stride = 2 if name in ("contract.1", "contract.2") else 1
            layer = nn.Conv2d(
                inputs,
                outputs,
                kernel,
                stride,
                kernel // 2,
                bias=given.bias is not None,
                padding_mode="reflect",
            )
            layer.weight = nn.Parameter(given.weight)
            if given.bias is not None:
                layer.bias = nn.Parameter(given.bias)
            self._layers[name.replace(".", "_")] = layer
        self.eval().requires_grad_(False)

    def forward(self, image: torch.Tensor, norms: Norms, tick: Callable[[float], None]) -> torch.Tensor:
        """(1, 3, H, W) in [0, 1] to the same; H and W multiples of 4, at least 32.

        `tick` is told the finished part after every layer.
        """
        steps = 6 + self._blocks
        x = image
        for layer in range(3):
            x = self._step(x, f"contract.{layer}", norms).relu()
            tick((layer + 1) / steps)
        for block in range(self._blocks):
            inner = self._step(x, f"res.{block}.0", norms).relu()
            x = x + self._step(inner, f"res.{block}.1", norms)
            tick((block + 4) / steps)
        for layer in range(3):
            if layer < 2:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = self._step(x, f"expand.{layer}", norms)
            x = x.relu() if layer < 2 else x.sigmoid()
            tick((self._blocks + layer + 4) / steps)
        return x

    def _step(self, x: torch.Tensor, name: str, norms: Norms) -> torch.Tensor:
        x = self._layers[name.replace(".", "_")](x)
        if name not in norms:
            return x
        scale, shift = norms[name]
        return F.instance_norm(x, weight=scale, bias=shift, eps=_EPSILON)
