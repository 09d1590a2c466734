"""Fast styles: the networks in the owner's folder, each of one style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.effects import EffectError, JobContext
from impasto.effects import text as _
from impasto_nst.fast_styles import PREFIX, titles
from impasto_nst.fastnet import LEAST, MULTIPLE, FastNetwork, load_fast_network
from impasto_nst.pictures import fitted, to_batch, to_picture
from impasto_nst.states import WrongWeights

_KEPT = 4
"""Networks, of 7 MB each."""


class Fast:
    """Fast style networks on a device, made when they are first asked for."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._device = torch.device(device)
        self._files = dict(weights)
        self._network = lru_cache(maxsize=_KEPT)(self._load)

    @torch.inference_mode()
    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The content image in the chosen style, at most `size` pixels long.

        Raises `EffectError` where the file of the style holds no such network.
        """
        network = self._network(PREFIX + options["style"])
        content = fitted(images["content"][0], int(options["size"]))
        pixels = to_batch(content, self._device, MULTIPLE, LEAST)
        painted = network(pixels, context.progress).clamp_(0, 1)
        return to_picture(torch.lerp(pixels, painted, options["strength"] / 100), content.size)

    def _load(self, name: str) -> FastNetwork:
        if name not in self._files:
            raise EffectError(_("This style is not there any more. Please choose another."), name)
        path = self._files[name]
        try:
            return load_fast_network(path).to(self._device)
        except WrongWeights as error:
            title = titles(self._files.values())[path]
            raise EffectError(
                _("The file of the style “{style}” can't be used. Please choose another style.")(style=title),
                str(error),
            ) from error
