"""A network and what is to be known of it to run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from spandrel import ModelTiling
from torch import nn


@dataclass(frozen=True, slots=True)
class Network:
    """A network that makes pictures larger, or better at the same size.

    `call` runs `module`: (N, 3, H, W) in about [0, 1] to (N, 3, scale·H, scale·W), for any H and W; it is
    quickest where they are multiples of `multiple`. `half` says that half precision is enough. A network
    that is `convolutional` throughout takes batches and channels-last memory; of others neither is sure.
    """

    module: nn.Module
    call: Callable[[torch.Tensor], torch.Tensor]
    scale: int
    half: bool = True
    convolutional: bool = True
    multiple: int = 1
    tiling: ModelTiling = ModelTiling.SUPPORTED
