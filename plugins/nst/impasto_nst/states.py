"""Reads and checks the state dicts of published networks. Code inside such files is never run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

State = dict[str, torch.Tensor]
"""Parameters by name."""


class WrongWeights(ValueError):
    """A file that does not hold the parameters of the network it was taken for."""


def read_state(path: Path) -> State:
    """The state dict in a .safetensors or, whatever its suffix, a torch file. Raises `WrongWeights`."""
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # there is no end to what a file of another kind makes the readers raise
        raise WrongWeights(f"{path.name} can't be read as a state dict: {error}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WrongWeights(f"{path.name} holds something else than a state dict")
    return dict(state)


def load_state(network: nn.Module, state: State) -> None:
    """Give `network` the parameters in `state`, frozen. Raises `WrongWeights` if they do not fit."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise WrongWeights(f"not the parameters of this network: {error}") from error
    network.eval().requires_grad_(False)


def without_running_statistics(state: State) -> State:
    """`state` without what instance norms recorded in training before torch 0.4 and never used."""
    return {
        name: value for name, value in state.items() if not name.endswith(("running_mean", "running_var"))
    }


def to_safetensors(downloaded: Path, kept: Path) -> None:
    """Keep a torch state dict as safetensors. Raises `WrongWeights` where it is none."""
    save_file({name: value.clone() for name, value in read_state(downloaded).items()}, kept)
