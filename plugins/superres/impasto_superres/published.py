"""The published Real-ESRGAN networks: their layers in the order of the files, and loading them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from impasto_superres.architectures import rrdbnet, srvgg
from impasto_superres.ncnn import read_state
from impasto_superres.network import Network

_SCALE = 4
_FEATURES, _GROWTH = 64, 32
_FAST_CONVOLUTIONS = 16


def load_rrdbnet(path: Path, blocks: int) -> Network:
    """RRDBNet ×4 of 23 (photo) or 6 (drawing) blocks. Raises `WrongWeights`."""
    module = rrdbnet(rrdbnet_state(path, blocks), blocks)
    return Network(module, module, _SCALE)


def load_srvgg(path: Path) -> Network:
    """SRVGGNetCompact ×4, "animevideov3". Raises `WrongWeights`.

    There is no such network for ×2 and ×3: the files published for them hold the same parameters, and their
    networks end with the result of ×4 made smaller.
    """
    module = srvgg(srvgg_state(path), _FAST_CONVOLUTIONS)
    return Network(module, module, _SCALE)


def rrdbnet_state(path: Path, blocks: int) -> dict[str, torch.Tensor]:
    """The state dict of an RRDBNet under BasicSR's names."""
    return read_state(path, _rrdbnet_shapes(blocks))


def srvgg_state(path: Path) -> dict[str, torch.Tensor]:
    """The state dict of a SRVGGNetCompact under BasicSR's names."""
    return read_state(path, _srvgg_shapes())


def _rrdbnet_shapes(blocks: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "conv_first.weight", (_FEATURES, 3, 3, 3)
    for block in range(blocks):
        for dense in (1, 2, 3):
            for layer in range(5):
                outputs = _GROWTH if layer < 4 else _FEATURES
                name = f"body.{block}.rdb{dense}.conv{layer + 1}.weight"
                yield name, (outputs, _FEATURES + layer * _GROWTH, 3, 3)
    for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr"):
        yield f"{name}.weight", (_FEATURES, _FEATURES, 3, 3)
    yield "conv_last.weight", (3, _FEATURES, 3, 3)


def _srvgg_shapes() -> Iterator[tuple[str, tuple[int, ...]]]:
    inputs = 3
    for layer in range(_FAST_CONVOLUTIONS + 1):
        yield f"body.{2 * layer}.weight", (_FEATURES, inputs, 3, 3)
        yield f"body.{2 * layer + 1}.weight", (_FEATURES,)
        inputs = _FEATURES
    yield f"body.{2 * _FAST_CONVOLUTIONS + 2}.weight", (48, _FEATURES, 3, 3)
