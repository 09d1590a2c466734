"""The processors of the super-resolution effects: networks run tile by tile on the device."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torchvision.transforms.functional import to_tensor

from impasto.effects import BadPicture, JobContext
from impasto.effects import text as _
from impasto_superres.networks import load_rrdbnet, load_srvgg
from impasto_superres.tiles import tiles

SCALE = 4
OUTPUT_PIXELS = 64_000_000
"""A larger result is not made: as a file it would near the 50 MB that Telegram takes."""

_CPU_SIDE = 384
"""1.3 GB at work. Smaller tiles spend most of their time on overlap, larger ones act on a cancel late."""

_LEAST_SIDE, _MOST_SIDE = 192, 1024
_BYTES_PER_PIXEL = 16_384
"""Device memory per input pixel in half precision, for the layers at ×4: 64 channels × 16 × 8 tensors."""


class _Upscaler:
    """A network ×4 on a device, in half precision on CUDA, where that is faster and looks the same."""

    def __init__(self, network: nn.Module, device: str) -> None:
        self._device = torch.device(device)
        self._dtype = torch.float16 if self._device.type == "cuda" else torch.float32
        self._network = network.eval().requires_grad_(False)
        self._network.to(self._device, self._dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._layers = [module for module in self._network.modules() if isinstance(module, nn.Conv2d)]

    @torch.inference_mode()
    def run(self, image: Image.Image, context: JobContext) -> Image.Image:
        """`image` ×4. Raises `BadPicture` where the result would be too large."""
        _check_size(image)
        pixels = to_tensor(image).unsqueeze(0)
        parts = tiles(image.width, image.height, self._side(context))
        result = np.empty((SCALE * image.height, SCALE * image.width, 3), np.uint8)
        ticks = _Ticks(context, len(parts) * len(self._layers))
        hooks = [layer.register_forward_hook(ticks) for layer in self._layers]
        try:
            for tile in parts:
                x, y = tile.x, tile.y
                seen = pixels[:, :, y.seen_from : y.seen_to, x.seen_from : x.seen_to]
                made = self._network(seen.to(self._device, self._dtype, memory_format=torch.channels_last))
                top, left = SCALE * (y.start - y.seen_from), SCALE * (x.start - x.seen_from)
                kept = made[
                    0,
                    :,
                    top : top + SCALE * (y.stop - y.start),
                    left : left + SCALE * (x.stop - x.start),
                ]
                rounded = kept.float().clamp(0, 1).mul(255).round().to(torch.uint8)
                result[SCALE * y.start : SCALE * y.stop, SCALE * x.start : SCALE * x.stop] = (
                    rounded.permute(1, 2, 0).cpu().numpy()
                )
        finally:
            for hook in hooks:
                hook.remove()
        return Image.fromarray(result)

    def _side(self, context: JobContext) -> int:
        """The side of a tile that fits the device's memory."""
        if self._device.type != "cuda":
            return _CPU_SIDE
        free, _total = torch.cuda.mem_get_info(self._device)
        memory = min(free // 2, context.budget or free)
        return _side_within(memory)


class _Ticks:
    """A forward hook that reports progress layer by layer, so that a cancel acts within a layer's time.

    CUDA runs layers after they are called: there a cancel acts within a tile's time.
    """

    def __init__(self, context: JobContext, total: int) -> None:
        self._context, self._total, self._done = context, total, 0

    def __call__(self, *_: object) -> None:
        self._done += 1
        self._context.progress(self._done / self._total)


class PhotoX4:
    """Real-ESRGAN x4plus: RRDBNet of 23 blocks."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._upscaler = _Upscaler(load_rrdbnet(weights["realesrgan-x4plus"], blocks=23), device)

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The picture ×4."""
        return self._upscaler.run(images["content"][0], context)


class DrawingX4:
    """Real-ESRGAN x4plus anime: RRDBNet of 6 blocks."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._upscaler = _Upscaler(load_rrdbnet(weights["realesrgan-x4plus-anime"], blocks=6), device)

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The picture ×4."""
        return self._upscaler.run(images["content"][0], context)


class Fast:
    """Real-ESRGAN animevideov3: a compact network ×4; for ×2 and ×3 its result is scaled, as published."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._upscaler = _Upscaler(load_srvgg(weights["realesr-animevideov3"]), device)

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The picture ×2, ×3 or ×4."""
        image, scale = images["content"][0], int(options["scale"])
        large = self._upscaler.run(image, context)
        if scale == SCALE:
            return large
        return large.resize((scale * image.width, scale * image.height), Image.Resampling.BICUBIC)


def _side_within(memory: int) -> int:
    """The side of the largest tile whose layers take at most `memory` bytes on CUDA, within reason."""
    return max(_LEAST_SIDE, min(_MOST_SIDE, math.isqrt(memory // _BYTES_PER_PIXEL)))


def _check_size(image: Image.Image) -> None:
    most = OUTPUT_PIXELS // SCALE**2
    if image.width * image.height > most:
        raise BadPicture(
            _(
                "This picture is large already, {width} × {height}. I can enlarge up to {megapixels} "
                "megapixels. Please send it as a photo, which Telegram makes smaller, or a smaller file."
            )(width=image.width, height=image.height, megapixels=most // 1_000_000)
        )
