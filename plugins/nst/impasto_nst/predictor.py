"""The style prediction network of Ghiasi et al. (2017): a picture to the 100 numbers of its style.

A MobileNetV2 (Sandler et al. 2018) with batch norms folded into its convolutions, and a linear layer.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

_STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)


class StylePredictor(nn.Module):
    """The network with the parameters of arbitrary_predict.onnx."""

    def __init__(self, parameters: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        for name, value in parameters.items():
            self.register_buffer(_flat(name), value)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(1, 3, H, W) in [0, 1], 256 px for the paper's result, to (100,)."""
        x = self._convolve(image, "MobilenetV2/Conv", stride=2)
        for block, stride in enumerate(_STRIDES):
            name = f"MobilenetV2/expanded_conv_{block}" if block else "MobilenetV2/expanded_conv"
            inner = self._convolve(x, f"{name}/expand") if block else x
            inner = self._convolve(
                inner, f"{name}/depthwise", stride, kind="depthwise_", groups=inner.shape[1]
            )
            inner = self._convolve(inner, f"{name}/project", clip=False)
            x = x + inner if inner.shape == x.shape else inner
        x = self._convolve(x, "MobilenetV2/Conv_1").mean(dim=(2, 3), keepdim=True)
        return self._convolve(x, "mobilenet_conv/Conv", clip=False).flatten()

    def _convolve(
        self,
        x: torch.Tensor,
        name: str,
        stride: int = 1,
        *,
        kind: str = "",
        groups: int = 1,
        clip: bool = True,
    ) -> torch.Tensor:
        weight = self.get_buffer(_flat(f"{name}/{kind}weights"))
        bias = self.get_buffer(_flat(f"{name}/{kind}bias" if kind else f"{name}/Conv2D_bias"))
        x = F.conv2d(_pad_as_tensorflow(x, weight.shape[-1], stride), weight, bias, stride, groups=groups)
        return x.clamp(0, 6) if clip else x


def _pad_as_tensorflow(x: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
    """TensorFlow's "SAME" padding, which puts the odd pixel right and below."""
    padding: list[int] = []
    for length in (x.shape[-1], x.shape[-2]):
        total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        padding += [total // 2, total - total // 2]
    return F.pad(x, padding)


def _flat(name: str) -> str:
    return name.replace("/", "_").replace(".", "_")
