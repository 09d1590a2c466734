"""Pictures to tensors and back, for networks that want a certain size."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageOps


def fitted(image: Image.Image, side: int) -> Image.Image:
    """`image` with its longer side at most `side` pixels; never enlarged."""
    if max(image.size) <= side:
        return image
    factor = side / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3)


def to_batch(image: Image.Image, device: torch.device, multiple: int = 1, least: int = 1) -> torch.Tensor:
    """(1, 3, H, W) in [0, 1], continued by reflection to multiples of `multiple`, at least `least`."""
    pixels = np.asarray(image)
    extra = [max(least, -(-length // multiple) * multiple) - length for length in pixels.shape[:2]]
    pixels = np.pad(pixels, ((0, extra[0]), (0, extra[1]), (0, 0)), mode="reflect")
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).to(device, torch.float32).div(255)


def to_picture(batch: torch.Tensor, size: tuple[int, int] | None = None) -> Image.Image:
    """The first of (N, 3, H, W) in [0, 1], cropped to `size` (width, height)."""
    pixels = batch[0].detach().clamp(0, 1).mul(255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    picture = Image.fromarray(pixels)
    return picture.crop((0, 0, *size)) if size else picture


def with_colours_of(picture: Image.Image, content: Image.Image) -> Image.Image:
    """`picture` in luminance, `content` in colour (Gatys et al. 2016b, luminance-only transfer)."""
    luminance = picture.convert("YCbCr").getchannel(0)
    _own, blue, red = content.resize(picture.size, Image.Resampling.LANCZOS).convert("YCbCr").split()
    return Image.merge("YCbCr", (luminance, blue, red)).convert("RGB")


_MOST_ENLARGED = 1.5
"""A style enlarged further has no strokes left to learn from."""


def covering(style: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The centre of `style` in exactly `size` (width, height), scaled alike in both directions.

    A style that is much smaller is continued by its mirror image instead of being enlarged over 1.5 times.
    """
    needed = max(size[0] / style.width, size[1] / style.height)
    if needed <= _MOST_ENLARGED:
        return ImageOps.fit(style, size, Image.Resampling.LANCZOS)
    enlarged = ImageOps.scale(style, _MOST_ENLARGED, Image.Resampling.LANCZOS)
    pixels = np.asarray(enlarged)
    lacking = [max(0, wanted - has) for wanted, has in zip(reversed(size), pixels.shape, strict=False)]
    padding = [(length // 2, length - length // 2) for length in lacking]
    mirrored = Image.fromarray(np.pad(pixels, (*padding, (0, 0)), mode="symmetric"))
    return ImageOps.fit(mirrored, size, Image.Resampling.LANCZOS)
