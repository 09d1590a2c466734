"""Any picture as style for very large pictures, with MicroAST."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.effects import JobContext
from impasto_nst.microast import LEAST, MULTIPLE, MicroAST, Style
from impasto_nst.pictures import fitted, to_batch, with_colours_of
from impasto_nst.states import read_state

_STYLE_SIDE = 768


class Large:
    """MicroAST on a device."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._device = torch.device(device)
        states = {name.removeprefix("microast-"): read_state(path) for name, path in weights.items()}
        self._network = MicroAST(states, self._device)

    @torch.inference_mode()
    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The content image in the manner of the style image, at most `size` pixels long.

        Strength goes from the content's own style to that of the style image.
        """
        content = fitted(images["content"][0], int(options["size"]))
        own = self._style(content)
        context.progress(0.05)
        style = own.towards(self._style(images["style"][0]), options["strength"] / 100)
        context.progress(0.1)
        pixels = self._batch(content)
        painted = self._network.paint(pixels, style, lambda part: context.progress(0.1 + 0.9 * part))
        result = Image.fromarray(painted[0].permute(1, 2, 0).cpu().numpy()).crop((0, 0, *content.size))
        return with_colours_of(result, content) if options["keep_colours"] else result

    def _style(self, image: Image.Image) -> Style:
        return self._network.style(self._batch(fitted(image, _STYLE_SIDE)))

    def _batch(self, image: Image.Image) -> torch.Tensor:
        return to_batch(image, self._device, MULTIPLE, LEAST)
