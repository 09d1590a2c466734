"""Large pictures in overlapping tiles, so that memory stays bounded and no seam is seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

OVERLAP = 48
"""Pixels that a tile sees beyond its own on each side.

Largest difference to the untiled result, of 255, in a photo of fur, the hardest found: x4plus 12 (28 with an
overlap of 32), x4plus-anime 2 (22), animevideov3 0. The mean step across a seam is larger than untiled by at
most 2 %, where 32 made it 15 % for x4plus and 48 % for x4plus-anime.
"""


@dataclass(frozen=True, slots=True)
class Span:
    """Along one side: what a tile keeps (`start` to `stop`) and what it sees (`seen_from` to `seen_to`)."""

    start: int
    stop: int
    seen_from: int
    seen_to: int


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of a picture."""

    x: Span
    y: Span


def tiles(width: int, height: int, side: int) -> list[Tile]:
    """Tiles that together keep each pixel once; none sees more than `side` pixels along a side."""
    return [Tile(x, y) for y in _spans(height, side) for x in _spans(width, side)]


def _spans(length: int, side: int) -> Iterator[Span]:
    if length <= side:
        yield Span(0, length, 0, length)
        return
    count = math.ceil((length - 2 * OVERLAP) / (side - 2 * OVERLAP))
    edges = [round(OVERLAP + place * (length - 2 * OVERLAP) / count) for place in range(count + 1)]
    edges[0], edges[-1] = 0, length
    for start, stop in itertools.pairwise(edges):
        yield Span(start, stop, max(0, start - OVERLAP), min(length, stop + OVERLAP))
