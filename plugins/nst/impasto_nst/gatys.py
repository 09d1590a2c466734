"""Style transfer by optimisation (Gatys et al. 2016), from coarse to fine (Gatys et al. 2017)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from impasto.effects import JobContext
from impasto_nst.losses import Weighting, losses, targets
from impasto_nst.perceptual import PerceptualNetwork, load_efficientnet, load_vgg19
from impasto_nst.pictures import covering, fitted, to_batch, to_picture, with_colours_of

_FIRST_SIDE = 256
"""The coarsest scale in pixels of the longer side; each next is up to twice as large."""

_FLAT = 0.002
"""A scale is finished when ten evaluations gain less than this part of the loss."""

_STYLE = 20.0
"""The style loss against the content loss at strength 100."""


class Gatys:
    """A perceptual network on a device."""

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        self._device = torch.device(device)
        vgg = weights.get("vgg19-caffe") or weights.get("vgg19-torchvision")
        network: PerceptualNetwork = (
            load_vgg19(vgg) if vgg else load_efficientnet(weights["efficientnet-lite0"])
        )
        self._network = network.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """The content image repainted, at most `size` pixels long."""
        content = fitted(images["content"][0], int(options["size"]))
        styles = _weighted(images["style"], options)
        context.record("network", self._network.name)
        picture = content
        sides = _scales(max(content.size))
        work = [side**2 * (2 if place == 0 else 1) for place, side in enumerate(sides)]
        done = 0.0
        for side, share in zip(sides, work, strict=True):
            steps = int(options["steps"]) * (2 if side == sides[0] else 1)
            scale = _Scale(self._network, fitted(content, side), styles, self._device)
            part = share / sum(work)
            picture = scale.paint(picture, steps, options["strength"], context, done, part)
            done += part
        return with_colours_of(picture, content) if options["keep_colours"] else picture


class _Scale:
    """One scale of the optimisation."""

    def __init__(
        self,
        network: PerceptualNetwork,
        content: Image.Image,
        styles: Sequence[tuple[Image.Image, float]],
        device: torch.device,
    ) -> None:
        self._network, self._size, self._device = network, content.size, device
        self._batch = to_batch(content, device, 1, network.least_side)
        height, width = self._batch.shape[-2:]
        batches = [(to_batch(covering(style, (width, height)), device), weight) for style, weight in styles]
        self._targets = targets(network, self._batch, batches)

    def paint(
        self, start: Image.Image, steps: int, strength: float, context: JobContext, done: float, part: float
    ) -> Image.Image:
        """Go on from `start` for so many evaluations of the loss; `done` and `part` are of the whole work."""
        enlarged = start.resize(self._size, Image.Resampling.BICUBIC)
        image = to_batch(enlarged, self._device, 1, self._network.least_side).contiguous().requires_grad_()
        weighting = Weighting(1.0, _STYLE * strength / 100, self._network.variation)
        optimiser = torch.optim.LBFGS([image], max_iter=10, tolerance_grad=0, tolerance_change=0)
        evaluations, value = 0, torch.tensor(float("inf"))

        def closure() -> torch.Tensor:
            nonlocal evaluations, value
            optimiser.zero_grad()
            batch = image.contiguous(memory_format=torch.channels_last)  # the leaf stays as L-BFGS needs it
            parts = losses(self._network, batch, self._targets)
            value = parts.total(weighting)
            torch.autograd.backward(value)
            evaluations += 1
            for name in ("content", "style", "variation"):
                context.record(f"{name} loss", getattr(parts, name).item())
            context.record("total loss", value.item())
            context.progress(done + part * min(1.0, evaluations / steps), to_picture(image, self._size))
            return value

        before = float("inf")
        while evaluations < steps and not value.item() > before * (1 - _FLAT):
            before = value.item()
            optimiser.step(closure)  # type: ignore[no-untyped-call]
        return to_picture(image, self._size)


def _weighted(styles: Sequence[Image.Image], options: Mapping[str, Any]) -> list[tuple[Image.Image, float]]:
    """The style images with their weights; alike where they are all 0."""
    weights = [float(options.get(f"share_{number}", 1)) for number in range(1, len(styles) + 1)]
    return list(zip(styles, weights if any(weights) else [1.0] * len(styles), strict=True))


def _scales(side: int) -> list[int]:
    """From coarse to fine, up to `side`."""
    sides = [side]
    while sides[0] > _FIRST_SIDE * 1.3:
        sides.insert(0, round(sides[0] / 2) if sides[0] / 2 > _FIRST_SIDE else _FIRST_SIDE)
    return sides
