"""Networks of any architecture that spandrel knows, from the owner's files, whose code is never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from spandrel import (
    ImageModelDescriptor,
    ModelDescriptor,
    ModelLoader,
    canonicalize_state_dict,
)

from impasto_superres.network import Network

_CONVOLUTIONAL = {"ESRGAN", "Compact"}


def read_descriptor(path: Path) -> ModelDescriptor:
    """The network in a .pth or .safetensors file, on the CPU.

    Raises `spandrel.UnsupportedModelError` where it is of no known architecture, and what the readers of
    the two formats raise where the file is damaged.
    """
    state: dict[str, Any]
    if path.suffix.lower() == ".safetensors":
        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    return ModelLoader().load_from_state_dict(canonicalize_state_dict(state))


def obstacle(descriptor: ModelDescriptor) -> str | None:
    """Why the network can't serve here, in English for the owner's log; None where it can."""
    if not isinstance(descriptor, ImageModelDescriptor) or descriptor.purpose not in ("SR", "Restoration"):
        return f"{descriptor.architecture.name} is for {descriptor.purpose}, not for whole pictures"
    if (descriptor.input_channels, descriptor.output_channels) != (3, 3):
        return (
            f"it turns {descriptor.input_channels} colour channels into {descriptor.output_channels}, "
            "and pictures here have 3"
        )
    return None


def load_dropped(path: Path) -> Network:
    """The network in the file at `path`. Raises as `read_descriptor`, and `ValueError` with the obstacle."""
    descriptor = read_descriptor(path)
    reason = obstacle(descriptor)
    if reason is not None or not isinstance(descriptor, ImageModelDescriptor):
        raise ValueError(f"{path}: {reason}")
    return Network(
        descriptor.model,
        descriptor,  # which mirrors the picture at its border where the network needs another size
        descriptor.scale,
        half=descriptor.supports_half,
        convolutional=descriptor.architecture.id in _CONVOLUTIONAL,
        multiple=descriptor.size_requirements.multiple_of,
        tiling=descriptor.tiling,
    )
