"""Learnt styles: 26 paintings in one network (Dumoulin et al. 2017, conditional instance normalisation)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.effects import JobContext
from impasto_nst.onnx_weights import read_parameters
from impasto_nst.pictures import fitted, to_batch, to_picture
from impasto_nst.transformer import MULTIPLE, Convolution, Norms, StyleTransformer

_LEAST = 32


class Learnt:
    """The network of 26 styles on a device."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._device = torch.device(device)
        parameters = read_parameters(weights["multistyle26"])
        names = [name.removesuffix(".w") for name in parameters if name.endswith(".w")]
        convolutions = {name: Convolution(parameters[f"{name}.w"]) for name in names}
        self._network = StyleTransformer(convolutions).to(self._device)
        self._tables = {
            name: (
                parameters[f"{name}.norm.gamma"].to(self._device),
                parameters[f"{name}.norm.beta"].to(self._device),
            )
            for name in names
        }

    @torch.inference_mode()
    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The content image in the chosen style, at most `size` pixels long."""
        content = fitted(images["content"][0], int(options["size"]))
        pixels = to_batch(content, self._device, MULTIPLE, _LEAST)
        norms = self._norms(int(options["style"]) - 1, int(options["second"]) - 1, options["blend"] / 100)
        painted = self._network(pixels, norms, context.progress)
        return to_picture(torch.lerp(pixels, painted, options["strength"] / 100), content.size)

    def _norms(self, style: int, second: int, blend: float) -> Norms:
        """The norms of a style, mixed with those of a second (Dumoulin et al. 2017, section 3.2)."""
        return {
            name: (
                torch.lerp(gamma[style], gamma[second], blend),
                torch.lerp(beta[style], beta[second], blend),
            )
            for name, (gamma, beta) in self._tables.items()
        }
