"""The processors of the effects: one generator each, and pictures of any size through it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.nn import functional as F
from torchvision.transforms.functional import to_pil_image, to_tensor

from impasto.effects import EffectError, JobContext
from impasto.effects import text as _
from impasto_cyclegan.checkpoints import read_state
from impasto_cyclegan.detail import FULL, USUAL
from impasto_cyclegan.generator import generator_for
from impasto_cyclegan.layers import WrongWeights
from impasto_cyclegan.maps import Kept
from impasto_cyclegan.stripes import Stripes, Survey

_LEAST = 32
"""Pixels that the network sees along a side at least; its paddings need more than 8."""

_LONGEST = 16_384
"""Pixels of a side at most: a stripe is as wide as the picture."""

_KEPT_BYTES = 3_000_000_000
"""Of the feature maps of a picture in full size; the published ones take 15 megapixels in it on a CPU."""

_CPU_ELEMENTS = 2**21
"""Of a stripe's tensors, 8 MB: as fast as larger ones, faster beside other work, soon done on a cancel."""

_LEAST_ELEMENTS, _MOST_ELEMENTS = 2**22, 2**27
_STRIPE_TENSORS = 12
"""As many tensors of a stripe are in memory at once, workspaces of convolutions counted in."""


class Translation:
    """A generator on a device, in half precision on CUDA.

    What it changes in a picture made smaller is added to the picture in full, so that the details of a large
    photo stay.
    """

    keeps_details = True

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        (path,) = weights.values()
        self._device = torch.device(device)
        self._dtype = torch.float16 if self._device.type == "cuda" else torch.float32
        try:
            state = read_state(path)
            state = {name: value.to(self._device) for name, value in state.items()}
            self._generator = generator_for(state, self._dtype)
        except WrongWeights as error:
            raise EffectError(
                _(
                    "The network of this effect can't be used: {file} is damaged or of a kind that I don't "
                    "know. Please tell whoever runs this bot."
                )(file=path.name),
                f"{path}: {error}",
            ) from error

    @torch.inference_mode()
    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The picture translated, in the size that it came in.

        The network sees it with the longer side at most `size` pixels long, at "full" size as far as memory
        goes, or at a "usual" one, as its training suggests.
        """
        image = images["content"][0]
        size = self._seen_size(image, str(options["size"]), context)
        full = to_tensor(image).unsqueeze(0).to(self._device).mul_(2).sub_(1)
        if size == full.shape[-2:]:
            return _to_image(self._translate(full, context))
        small = F.interpolate(full, size, mode="bilinear", antialias=True)
        made = self._translate(small, context)
        if not self.keeps_details:
            return _to_image(F.interpolate(made, full.shape[-2:], mode="bicubic"))
        return _to_image(full.add_(F.interpolate(made - small, full.shape[-2:], mode="bicubic")))

    def _seen_size(self, image: Image.Image, size: str, context: JobContext) -> tuple[int, int]:
        """Height and width that the network sees."""
        longest = max(image.size)
        side = {FULL: longest, USUAL: self._generator.side}.get(size) or int(size)
        most_kept = _KEPT_BYTES
        if self._device.type == "cpu" and context.budget is not None:
            most_kept = min(most_kept, context.budget // 2)
        pixels = most_kept // (self._generator.kept_per_pixel * self._dtype.itemsize)
        most = min(math.sqrt(pixels / (image.width * image.height)), _LONGEST / longest)
        factor = min(1.0, side / longest, most)
        height, width = (max(1, round(length * factor)) for length in (image.height, image.width))
        if factor == most < 1:
            context.note(
                _("This picture is too large to work on in full, so I worked at {width} × {height}.")(
                    width=width, height=height
                )
            )
        return height, width

    def _translate(self, pixels: torch.Tensor, context: JobContext) -> torch.Tensor:
        """(1, 3, H, W) in [-1, 1] of any size, padded to what the network takes and cropped again."""
        height, width = pixels.shape[-2:]
        margin = self._generator.margin
        padded = pixels[..., self._mirrored(height), :][..., self._mirrored(width)]
        picture = Kept(padded, self._device, self._dtype)
        survey = Survey()
        survey.kept(self._generator.translate(picture, survey))
        store, elements = self._memory(padded, context)
        ticks = _Ticks(context, survey.work, self._device)
        stripes = Stripes(self._device, self._dtype, store, elements, ticks)
        made = stripes.kept(self._generator.translate(picture, stripes)).tensor
        return made[..., margin : margin + height, margin : margin + width].to(self._device, torch.float32)

    def _mirrored(self, length: int) -> torch.Tensor:
        """Indices that continue `length` pixels by reflection, to and fro, to what the network takes."""
        margin, multiple = self._generator.margin, self._generator.multiple
        target = -(-max(_LEAST, length + 2 * margin) // multiple) * multiple
        period = max(1, 2 * (length - 1))
        place = (torch.arange(target, device=self._device) - margin) % period
        return torch.minimum(place, period - place).clamp(max=length - 1)

    def _memory(self, padded: torch.Tensor, context: JobContext) -> tuple[torch.device, int]:
        """Where feature maps are kept, and how many elements a stripe's tensors may have."""
        per_element = _STRIPE_TENSORS * self._dtype.itemsize
        if self._device.type != "cuda":
            elements = _CPU_ELEMENTS if context.budget is None else context.budget // 2 // per_element
            return self._device, min(_CPU_ELEMENTS, elements)
        free, _total = torch.cuda.mem_get_info(self._device)
        half = min(free, context.budget or free) // 2
        kept = self._generator.kept_per_pixel * self._dtype.itemsize * padded.shape[-2] * padded.shape[-1]
        store = self._device if kept <= half else torch.device("cpu")
        elements = half // per_element
        return store, max(_LEAST_ELEMENTS, min(_MOST_ELEMENTS, elements))


class Redrawing(Translation):
    """A generator that makes another picture, of a drawing or a map: what it made is only enlarged."""

    keeps_details = False


class _Ticks:
    """Reports progress by the work done. Waits for CUDA, so that a cancel acts within a stripe's time."""

    def __init__(self, context: JobContext, total: int, device: torch.device) -> None:
        self._context, self._total, self._device = context, total, device
        self._done = 0

    def __call__(self, multiplications: int) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        self._done += multiplications
        self._context.progress(self._done / self._total)


def _to_image(pixels: torch.Tensor) -> Image.Image:
    result: Image.Image = to_pil_image(pixels[0].add_(1).div_(2).clamp_(0, 1).cpu())
    return result
