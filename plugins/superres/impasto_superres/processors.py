"""The processors of the super-resolution effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.effects import BadPicture, JobContext
from impasto.effects import text as _
from impasto_superres.dropped import load_dropped
from impasto_superres.network import Network
from impasto_superres.published import load_rrdbnet, load_srvgg
from impasto_superres.upscaler import Upscaler

OUTPUT_PIXELS = 64_000_000
"""A larger result is not made: as a file it would near the 50 MB that Telegram takes."""


class _Enlarger:
    """Makes pictures larger by one of `scales`, which the option "scale" names where there are several."""

    def __init__(self, network: Network, device: str, scales: tuple[int, ...]) -> None:
        self._upscaler = Upscaler(network, device)
        self._scales = scales

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The picture `scale` times as wide and high. Raises `BadPicture` where that would be too large."""
        (image,) = images["content"]
        scale = int(options["scale"]) if len(self._scales) > 1 else self._scales[0]
        _check_size(image, scale, self._scales)
        return self._upscaler.run(image, scale, context)


class PhotoX4(_Enlarger):
    """Real-ESRGAN x4plus: RRDBNet of 23 blocks."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        super().__init__(load_rrdbnet(weights["realesrgan-x4plus"], blocks=23), device, (2, 4))


class DrawingX4(_Enlarger):
    """Real-ESRGAN x4plus anime: RRDBNet of 6 blocks."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        super().__init__(load_rrdbnet(weights["realesrgan-x4plus-anime"], blocks=6), device, (2, 4))


class Fast(_Enlarger):
    """Real-ESRGAN animevideov3: a compact network."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        super().__init__(load_srvgg(weights["realesr-animevideov3"]), device, (2, 3, 4))


class Own(_Enlarger):
    """A network that the owner dropped, by its only weights; made larger or, with a scale of 1, better."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        (path,) = weights.values()
        network = load_dropped(path)
        super().__init__(network, device, (network.scale,))

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """As every enlarger; networks that draw by lot do so by the seed of the job."""
        torch.manual_seed(context.seed)
        return super().run(images, options, context)


def _check_size(image: Image.Image, scale: int, scales: tuple[int, ...]) -> None:
    pixels = image.width * image.height
    if pixels * scale**2 <= OUTPUT_PIXELS:
        return
    size = {"width": image.width, "height": image.height}
    if fitting := [smaller for smaller in scales if pixels * smaller**2 <= OUTPUT_PIXELS]:
        raise BadPicture(
            _(
                "This picture is large already, {width} × {height}: at ×{scale} it would be too large to "
                "send; ×{smaller} works. Please choose ×{smaller}."
            )(**size, scale=scale, smaller=max(fitting))
        )
    raise BadPicture(
        _(
            "This picture is large already, {width} × {height}. I can enlarge up to {megapixels} "
            "megapixels. Please send it as a photo, which Telegram makes smaller, or a smaller file."
        )(**size, megapixels=OUTPUT_PIXELS // min(scales) ** 2 // 1_000_000)
    )
