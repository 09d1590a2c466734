"""The processors of the CycleGAN effects: one generator each, and pictures of any size through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image, to_tensor

from impasto.effects import JobContext
from impasto_cyclegan.generator import MULTIPLE, generator_for

_LEAST = 32
"""Pixels that the network sees along a side at least; its paddings need more than 8."""


class Translation:
    """A generator on a device."""

    weights_name: str

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        state = torch.load(weights[self.weights_name], map_location="cpu", weights_only=True)
        self._device = torch.device(device)
        self._generator = generator_for(state).to(self._device)

    @torch.inference_mode()
    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The picture translated, in the size that it came in.

        The network sees it at most `size` pixels long. What it changed there is added to the full picture, so
        that the details of a large photo stay.
        """
        image = images["content"][0]
        side = int(options["size"])
        full = to_tensor(image).unsqueeze(0).to(self._device).mul(2).sub(1)
        if max(image.size) <= side:
            return _to_image(self._translate(full, context))
        factor = side / max(image.size)
        size = [max(1, round(length * factor)) for length in full.shape[-2:]]
        small = F.interpolate(full, size, mode="bilinear", antialias=True)
        change = self._translate(small, context) - small
        return _to_image(full + F.interpolate(change, full.shape[-2:], mode="bicubic"))

    def _translate(self, pixels: torch.Tensor, context: JobContext) -> torch.Tensor:
        """(1, 3, H, W) in [-1, 1] of any size, padded to what the network takes and cropped again."""
        height, width = pixels.shape[-2:]
        made = pixels[..., _mirrored(height, pixels.device), :][..., _mirrored(width, pixels.device)]
        layers = list(self._generator.model)
        for done, layer in enumerate(layers, start=1):
            made = layer(made)
            context.progress(done / len(layers))
        return made[..., :height, :width]


class Vintage(Translation):
    """Modern photo to vintage photo, by vintagify's weights."""

    weights_name = "cyclegan-vintage"


def _mirrored(length: int, device: torch.device) -> torch.Tensor:
    """Indices that continue `length` pixels by reflection, to and fro, to a length that the network takes."""
    target = max(_LEAST, -(-length // MULTIPLE) * MULTIPLE)
    period = max(1, 2 * (length - 1))
    place = torch.arange(target, device=device) % period
    return torch.minimum(place, period - place).clamp(max=length - 1)


def _to_image(pixels: torch.Tensor) -> Image.Image:
    result: Image.Image = to_pil_image(pixels[0].add(1).div(2).clamp(0, 1).cpu())
    return result
