"""Which generator a state dict is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch

from impasto_cyclegan.layers import StateDict, WrongWeights
from impasto_cyclegan.maps import FeatureMap
from impasto_cyclegan.resnet import ResnetGenerator
from impasto_cyclegan.stripes import Run
from impasto_cyclegan.unet import UnetGenerator


class Generator(Protocol):
    """A network that translates pictures."""

    multiple: int
    """Height and width of a picture must be multiples of it."""

    margin: int
    """Pixels of reflection around a picture that keep the network's borders out of it."""

    side: int
    """Pixels of a picture's longer side that it does well with."""

    kept_per_pixel: int
    """Elements in memory for each pixel of the picture."""

    def translate(self, picture: FeatureMap, run: Run) -> FeatureMap:
        """(1, 3, H, W) in [-1, 1] to the same."""


def generator_for(state: Mapping[str, torch.Tensor], dtype: torch.dtype = torch.float32) -> Generator:
    """The generator with the weights `state`, its convolutions in `dtype`. Raises `WrongWeights`."""
    return _read(StateDict(state, dtype))


def needed_weights(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What a generator needs of `state`, under published names. Raises `WrongWeights`."""
    read = StateDict(state)
    _read(read)
    return read.taken


def _read(state: StateDict) -> Generator:
    generator: Generator
    if "model.model.0.weight" in state:
        generator = UnetGenerator(state)
    elif "model.1.weight" in state:
        generator = ResnetGenerator(state)
    else:
        raise WrongWeights(
            "there is neither model.1.weight (a ResNet generator) nor model.model.0.weight (a U-Net)"
        )
    state.finish()
    return generator
