"""Any picture as style, at once (Ghiasi et al. 2017): one network reads the style, another paints with it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.effects import JobContext
from impasto_nst.onnx_weights import read_parameters
from impasto_nst.pictures import covering, fitted, to_batch, to_picture, with_colours_of
from impasto_nst.predictor import StylePredictor
from impasto_nst.transformer import MULTIPLE, Convolution, Norms, StyleTransformer

_LEAST = 32
_STYLE_SIDE = 256
"""The predictor was trained on crops of this size."""

_CONVOLUTION = re.compile(r"transformer/(contract|residual|expand)/(.+)/weights")


class AnyStyle:
    """Predictor and transformer on a device."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._device = torch.device(device)
        self._predictor = StylePredictor(read_parameters(weights["arbitrary-predict"])).to(self._device)
        parameters = read_parameters(weights["arbitrary-transform"])
        layers = {
            _name(name): name.removesuffix("/weights") for name in parameters if _CONVOLUTION.fullmatch(name)
        }
        convolutions = {
            name: Convolution(parameters[f"{layer}/weights"], parameters.get(f"{layer}/Conv2D_bias"))
            for name, layer in layers.items()
        }
        self._network = StyleTransformer(convolutions).to(self._device)
        self._style_layers = {
            name: tuple(
                parameters[f"style_params/{layer}/StyleNorm/{part}"]
                .flatten(1 if "weights" in part else 0)
                .to(self._device)
                for part in ("Conv_1/weights", "Conv_1/Conv2D_bias", "Conv/weights", "Conv/Conv2D_bias")
            )
            for name, layer in layers.items()
            if not name.startswith("contract")
        }

    @torch.inference_mode()
    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The content image in the manner of the style image, at most `size` pixels long."""
        content = fitted(images["content"][0], int(options["size"]))
        strength = options["strength"] / 100
        style = torch.lerp(self.embedding(content), self.embedding(images["style"][0]), strength)
        context.progress(0.1)
        pixels = to_batch(content, self._device, MULTIPLE, _LEAST)
        painted = self._network(pixels, self._norms(style), lambda part: context.progress(0.1 + 0.9 * part))
        result = to_picture(painted, content.size)
        return with_colours_of(result, content) if options["keep_colours"] else result

    def embedding(self, image: Image.Image) -> torch.Tensor:
        """The 100 numbers of a picture's style, read from its centre."""
        return self._predictor(to_batch(covering(image, (_STYLE_SIDE, _STYLE_SIDE)), self._device))  # type: ignore[no-any-return]

    def _norms(self, style: torch.Tensor) -> Norms:
        return {
            name: (gamma @ style + gamma_bias, beta @ style + beta_bias)
            for name, (gamma, gamma_bias, beta, beta_bias) in self._style_layers.items()
        }


def _name(parameter: str) -> str:
    """The transformer's name of a convolution; "transformer/residual/residual1/conv2/weights" is res.0.1."""
    part, layer = _CONVOLUTION.fullmatch(parameter).groups()  # type: ignore[union-attr]
    numbers = [int(digit) - 1 for digit in re.findall(r"\d", layer)]
    return ".".join([{"residual": "res"}.get(part, part), *map(str, numbers)])
