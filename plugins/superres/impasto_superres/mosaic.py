"""Puts the tiles of a picture together, so that no border is seen between them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from impasto_superres.tiles import Span, Tile

Pixels = NDArray[np.uint8]

FADE = 8
"""Pixels on each side of a border, before enlarging, over which two tiles fade into each other.

What they made of the same place differs a little. At a sharp border, that is a step along a line.
"""


class Mosaic:
    """A picture `scale` times as wide and high as `width` × `height`, of tiles that come row by row."""

    def __init__(self, width: int, height: int, scale: int) -> None:
        self._scale = scale
        self._pixels = np.empty((scale * height, scale * width, 3), np.uint8)

    def add(self, tile: Tile, large: Pixels) -> None:
        """Lay `large`, all that `tile` sees at `scale`, in its place, after those to the left and above."""
        (rows, place_y, fade_y), (columns, place_x, fade_x) = self._along(tile.y), self._along(tile.x)
        new, place = large[rows, columns], self._pixels[place_y, place_x]
        top, left = len(fade_y), len(fade_x)
        place[top:, left:] = new[top:, left:]
        _fade(place[top:, :left], new[top:, :left], fade_x[np.newaxis, :])
        across = np.concatenate((fade_x, np.ones(new.shape[1] - left, np.float32)))
        _fade(place[:top], new[:top], fade_y[:, np.newaxis] * across)

    def image(self) -> Image.Image:
        """The picture, when all tiles are there."""
        return Image.fromarray(self._pixels)

    def _along(self, span: Span) -> tuple[slice, slice, NDArray[np.float32]]:
        """What is laid of a tile, where, and how much its first pixels count over those that lie there."""
        start, stop = max(span.seen_from, span.start - FADE), min(span.seen_to, span.stop + FADE)
        of_tile = slice(self._scale * (start - span.seen_from), self._scale * (stop - span.seen_from))
        faded = self._scale * 2 * (span.start - start)
        weights = (np.arange(faded) + 0.5).astype(np.float32) / np.float32(max(1, faded))
        return of_tile, slice(self._scale * start, self._scale * stop), weights


def _fade(place: Pixels, new: Pixels, weight: NDArray[np.float32]) -> None:
    old = place.astype(np.float32)
    place[:] = np.rint(old + weight[:, :, np.newaxis] * (new - old))
