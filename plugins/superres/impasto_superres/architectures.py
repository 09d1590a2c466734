"""basicsr's networks, imported without the rest of basicsr.

`basicsr/__init__` and `basicsr/archs/__init__` import everything there is, OpenCV and lmdb included: 5 s,
system libraries that a bare machine lacks, and a module that torchvision no longer has. So the two networks
are imported past them. Where basicsr can't be installed (Python 3.13), spandrel's classes of the same
networks take its place.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from spandrel import ModelLoader
from torch import nn


def rrdbnet(state: Mapping[str, torch.Tensor], blocks: int) -> nn.Module:
    """RRDBNet ×4 (Wang et al. 2018) of so many blocks, with the weights `state`.

    (1, 3, H, W) in [0, 1] to (1, 3, 4H, 4W). Raises `RuntimeError` where `state` does not fit.
    """
    network_class = _from_basicsr("rrdbnet_arch", "RRDBNet")
    if network_class is None:
        return _from_spandrel(state)
    network: nn.Module = network_class(3, 3, scale=4, num_feat=64, num_block=blocks, num_grow_ch=32)
    network.load_state_dict(state)
    return network


def srvgg(state: Mapping[str, torch.Tensor], convolutions: int) -> nn.Module:
    """SRVGGNetCompact ×4 (Wang et al. 2021) with so many convolutions between first and last.

    (1, 3, H, W) in [0, 1] to (1, 3, 4H, 4W). Raises `RuntimeError` where `state` does not fit.
    """
    network_class = _from_basicsr("srvgg_arch", "SRVGGNetCompact")
    if network_class is None:
        return _from_spandrel(state)
    network: nn.Module = network_class(num_conv=convolutions, upscale=4)
    network.load_state_dict(state)
    return network


def _from_basicsr(module: str, name: str) -> Any:
    if find_spec("basicsr") is None:
        return None
    with _bare_packages():
        return getattr(importlib.import_module(f"basicsr.archs.{module}"), name)


def _from_spandrel(state: Mapping[str, torch.Tensor]) -> nn.Module:
    network: nn.Module = ModelLoader().load_from_state_dict(dict(state)).model
    return network


@contextmanager
def _bare_packages() -> Iterator[None]:
    """Packages of basicsr that can be imported from without their `__init__`; gone again afterwards."""
    spec = find_spec("basicsr")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("basicsr is not installed")
    root = Path(spec.submodule_search_locations[0])
    before = _take_away()
    try:
        for name in ("basicsr", "basicsr.archs", "basicsr.utils", "basicsr.ops"):
            module = ModuleType(name)
            module.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
            sys.modules[name] = module
        sys.modules["basicsr.utils"].get_root_logger = logging.getLogger  # type: ignore[attr-defined]
        yield
    finally:
        _take_away()
        sys.modules.update(before)


def _take_away() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] == "basicsr"]
    return {name: sys.modules.pop(name) for name in names}
