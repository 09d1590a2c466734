"""Any picture as style with MSG-Net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.effects import JobContext
from impasto_nst.msgnet import LEAST, MULTIPLE, load_msgnet
from impasto_nst.pictures import fitted, to_batch, to_picture, with_colours_of

_STYLE_SIDE = 512


class Brush:
    """MSG-Net on a device."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._device = torch.device(device)
        self._network = load_msgnet(weights["msgnet-21styles"]).to(self._device)

    @torch.inference_mode()
    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The content image in the manner of the style image, at most `size` pixels long."""
        content = fitted(images["content"][0], int(options["size"]))
        gram = self._network.gram_matrix(self._batch(fitted(images["style"][0], _STYLE_SIDE)))
        context.progress(0.1)
        convolutions = self._network.convolutions()
        done = 0

        def tick(*_: object) -> None:
            nonlocal done
            done += 1
            context.progress(0.1 + 0.9 * done / len(convolutions))

        hooks = [convolution.register_forward_hook(tick) for convolution in convolutions]
        try:
            painted = self._network(self._batch(content), gram)
        finally:
            for hook in hooks:
                hook.remove()
        result = to_picture(painted, content.size)
        return with_colours_of(result, content) if options["keep_colours"] else result

    def _batch(self, image: Image.Image) -> torch.Tensor:
        return to_batch(image, self._device, MULTIPLE, LEAST)
