"""Reads the parameters of convolutions and PReLUs from ncnn model files, strictly: every byte counts.

Format, by ncnn's documentation: the .bin holds, in the order of the network, for a convolution a 4-byte tag
(0x01306B47 says fp16), its weights (fp16, padded to 4 bytes) and its bias (fp32); for a PReLU its slopes
(fp32).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch

_FP16_TAG = 0x01306B47

Shapes = Iterable[tuple[str, tuple[int, ...]]]


class WrongWeights(Exception):
    """The file does not hold what the network needs."""


def read_state(path: Path, shapes: Shapes) -> dict[str, torch.Tensor]:
    """The parameters in the file at `path` as a state dict of float32.

    `shapes` names, in the order of the network, each convolution ("conv.weight", (out, in, h, w)), whose bias
    is taken along as "conv.bias", and each PReLU ("act.weight", (channels,)). Raises `WrongWeights` where
    the file is longer or shorter than that, or is not in fp16.
    """
    data = path.read_bytes()
    state: dict[str, torch.Tensor] = {}
    at = 0

    def take(dtype: str, count: int) -> torch.Tensor:
        nonlocal at
        size = count * np.dtype(dtype).itemsize
        if at + size > len(data):
            raise WrongWeights(f"{path} ends too early: at byte {len(data)}, {at + size} are needed")
        values = np.frombuffer(data, dtype, count, at).astype(np.float32)
        at += size + -size % 4
        return torch.from_numpy(values)

    for name, shape in shapes:
        count = int(np.prod(shape))
        if len(shape) == 1:
            state[name] = take("<f4", count)
            continue
        tag = int.from_bytes(data[at : at + 4], "little")
        if tag != _FP16_TAG:
            raise WrongWeights(f"{path}: {name} at byte {at} has tag {tag:#x}, not that of fp16")
        at += 4
        state[name] = take("<f2", count).reshape(shape)
        state[name.removesuffix("weight") + "bias"] = take("<f4", shape[0])
    if at != len(data):
        raise WrongWeights(f"{path} has {len(data) - at} bytes more than the network needs")
    return state
