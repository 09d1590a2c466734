"""Runs a network over a picture, tile by tile, within the memory there is."""

from __future__ import annotations

import logging
import math
from collections import deque
from itertools import islice, takewhile

import numpy as np
import torch
from PIL import Image
from spandrel import ModelTiling

from impasto.effects import JobContext
from impasto.effects import text as _
from impasto_superres.memory import layers, measure
from impasto_superres.mosaic import Mosaic, Pixels
from impasto_superres.network import Network
from impasto_superres.tiles import LEAST_SIDE, Tile, quarters, tiles

log = logging.getLogger(__name__)

_MOST_SIDE = 1024
"""Larger tiles would save a fifth of the time at most, and act on a cancel late."""

_CPU_MEMORY = 1_400_000_000
"""Gives RRDBNet tiles of 384 pixels. Smaller ones take longer in all, larger ones act on a cancel late."""

_SCRATCH = 2
"""CUDA's convolutions may use as much again as their tensors."""

_TRIAL_SIDE = 32
_BATCHED_ON = ("cuda",)
"""On the CPU a batch of tiles takes no less time than the same tiles one by one."""


class Upscaler:
    """A network on a device, in half precision on CUDA, where that is faster and looks the same."""

    def __init__(self, network: Network, device: str) -> None:
        self._network = network
        self._device = torch.device(device)
        self._layers = layers(network.module)
        network.module.eval().requires_grad_(False)
        self._place(torch.float16 if network.half and self._device.type == "cuda" else torch.float32)
        side = max(_TRIAL_SIDE, network.multiple)
        trial = np.zeros((1, side, side, 3), np.uint8)
        self._needs = measure(network.module, lambda: self._forward(trial), side * side)

    def run(self, image: Image.Image, scale: int, context: JobContext) -> Image.Image:
        """`image` (RGB) `scale` times as wide and high: by the network, then smaller where that gives more.

        Raises `torch.OutOfMemoryError` where even the least tile does not fit.
        """
        pixels = np.asarray(image)
        mosaic = Mosaic(*image.size, scale)
        memory = self._memory(context)
        todo = deque(tiles(*image.size, self._side(image, memory), self._network.multiple))
        at_once = self._at_once(todo[0], memory)
        progress = _Progress(context, self._needs.calls, image.width * image.height)
        hooks = [layer.register_forward_hook(progress) for layer in self._layers]
        parts = 0
        try:
            while todo:
                batch = _alike(todo, at_once)
                progress.begin(batch)
                try:
                    made = self._forward(np.stack([_seen(pixels, tile) for tile in batch]))
                except torch.OutOfMemoryError:
                    todo, made = self._smaller(todo, len(batch), image), None
                    if not todo:
                        raise
                if made is None:  # past the handler, where nothing holds the tensors of the failed run
                    torch.cuda.empty_cache()
                    log.warning("out of memory: going on with tiles of %d × %d, one by one", *todo[0].shape)
                    at_once = 1
                    continue
                for tile, large in zip(batch, made, strict=True):
                    mosaic.add(tile, self._reduced(large, tile, scale))
                    todo.popleft()
                progress.end()
                parts += len(batch)
        finally:
            for hook in hooks:
                hook.remove()
        if parts > 1 and self._network.tiling is ModelTiling.DISCOURAGED:
            context.note(
                _("I made this picture in parts, which may differ a little. A smaller one is made in one go.")
            )
        return mosaic.image()

    @torch.inference_mode()
    def _forward(self, seen: Pixels) -> Pixels:
        """Pictures (N, H, W, 3) as the network makes them (N, scale·H, scale·W, 3)."""
        given = torch.from_numpy(seen).to(self._device).permute(0, 3, 1, 2).to(self._dtype).div_(255)
        made = self._network.call(given if self._network.convolutional else given.contiguous())
        if self._dtype is torch.float16 and not made.isfinite().all():
            log.warning("half precision is not enough here: the network runs in single precision from now on")
            self._place(torch.float32)
            return self._forward(seen)
        rounded = made.float().clamp_(0, 1).mul_(255).round_().to(torch.uint8)
        return rounded.permute(0, 2, 3, 1).cpu().numpy()

    def _place(self, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._network.module.to(self._device, dtype)
        if self._network.convolutional:
            self._network.module.to(memory_format=torch.channels_last)

    def _reduced(self, large: Pixels, tile: Tile, scale: int) -> Pixels:
        """What a tile sees, at the scale that is wanted: cut only afterwards, so that no seam shows."""
        if scale == self._network.scale:
            return large
        height, width = tile.shape
        small = Image.fromarray(large).resize((scale * width, scale * height), Image.Resampling.LANCZOS)
        return np.asarray(small)

    def _memory(self, context: JobContext) -> int:
        """Bytes that the tensors of a tile may take."""
        if self._device.type != "cuda":
            return min(_CPU_MEMORY, context.budget or _CPU_MEMORY)
        free, _total = torch.cuda.mem_get_info(self._device)
        kept = torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
        return min((free + kept) // 2, context.budget or free) // _SCRATCH

    def _side(self, image: Image.Image, memory: int) -> int:
        """The side of the tiles of `image`: all of it where the network wants that, and memory lets it."""
        tiling, multiple = self._network.tiling, self._network.multiple
        fits = memory / self._needs.bytes_per_pixel
        if tiling is ModelTiling.INTERNAL or (
            tiling is ModelTiling.DISCOURAGED and image.width * image.height <= fits
        ):
            return max(image.size)
        side = max(LEAST_SIDE, min(_MOST_SIDE, math.isqrt(int(fits))))
        return side // multiple * multiple

    def _at_once(self, tile: Tile, memory: int) -> int:
        """How many such tiles make a batch: what fits, up to the pixels of the largest tile."""
        if self._device.type not in _BATCHED_ON or not self._network.convolutional:
            return 1
        fits = min(memory / self._needs.bytes_per_pixel, _MOST_SIDE**2)
        return max(1, int(fits) // math.prod(tile.shape))

    def _smaller(self, todo: deque[Tile], failed: int, image: Image.Image) -> deque[Tile]:
        """What to go on with after a batch of so many tiles was too much; nothing where all are small."""
        if failed > 1:
            return todo
        parts = deque(part for tile in todo for part in quarters(tile, *image.size))
        if len(parts) == len(todo) or self._network.tiling is ModelTiling.INTERNAL:
            return deque()
        return parts


class _Progress:
    """A forward hook that reports progress layer by layer, so that a cancel acts within a layer's time.

    CUDA runs layers after they are called: there a cancel acts within a batch's time.
    """

    def __init__(self, context: JobContext, calls: int, pixels: int) -> None:
        self._context, self._calls, self._pixels = context, calls, pixels
        self._done = self._area = self._called = 0
        self._fraction = 0.0

    def begin(self, batch: list[Tile]) -> None:
        """These are made next, perhaps for another time."""
        self._area, self._called = sum(tile.area for tile in batch), 0

    def __call__(self, *_: object) -> None:
        self._called += 1
        self._report(self._done + self._area * min(1.0, self._called / self._calls))

    def end(self) -> None:
        """They are made."""
        self._done += self._area
        self._report(self._done)

    def _report(self, pixels: float) -> None:
        self._fraction = max(self._fraction, pixels / self._pixels)
        self._context.progress(self._fraction)


def _alike(todo: deque[Tile], most: int) -> list[Tile]:
    """The next tiles of one shape, `most` at most."""
    return list(takewhile(lambda tile: tile.shape == todo[0].shape, islice(todo, most)))


def _seen(pixels: Pixels, tile: Tile) -> Pixels:
    return pixels[tile.y.seen_from : tile.y.seen_to, tile.x.seen_from : tile.x.seen_to]
