"""Files of generators: reading them safely, and keeping of a download what is needed."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from impasto_cyclegan.generator import needed_weights
from impasto_cyclegan.layers import WrongWeights


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """The state dict in a .safetensors or torch file, on the CPU. Raises `WrongWeights`.

    A torch file is read without running what might be pickled in it.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise WrongWeights(f"{path} can't be read: {error}") from error
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise WrongWeights(f"{path} holds something else than a state dict of tensors")
    return state


def to_safetensors(downloaded: Path, kept: Path) -> None:
    """Write what a generator needs of the torch file `downloaded` to `kept`, in half precision.

    Half precision halves the file; a picture made with it differs by less than the rounding to 8 bit.
    Raises `WrongWeights` where it is not the file of a generator.
    """
    needed = needed_weights(read_state(downloaded))
    save_file({name: value.half().contiguous() for name, value in needed.items()}, kept)
