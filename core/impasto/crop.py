"""Crop: which part of a picture is wanted, as the person chose it by buttons. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

STEP = 0.05
"""What one tap takes off a side, as a part of the whole picture."""

LEAST = 0.1
"""What is left of each direction, at least."""


class Side(StrEnum):
    """A side of a picture."""

    LEFT = "left"
    TOP = "top"
    RIGHT = "right"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True)
class Crop:
    """The edges of the wanted part, as fractions of width and height from the left and the top, 0 to 1."""

    left: float = 0.0
    top: float = 0.0
    right: float = 1.0
    bottom: float = 1.0

    @classmethod
    def centred(cls, width: int, height: int, across: int, down: int) -> Crop:
        """The largest part in the middle of `width` × `height` pixels that is `across` : `down`."""
        wide = min(1.0, height * across / (width * down))
        high = min(1.0, width * down / (height * across))
        return cls((1 - wide) / 2, (1 - high) / 2, (1 + wide) / 2, (1 + high) / 2)

    def trimmed(self, side: Side) -> Crop:
        """The same with a step less on one side; unchanged where too little would be left."""
        inwards = STEP if side in (Side.LEFT, Side.TOP) else -STEP
        trimmed = replace(self, **{side: round(getattr(self, side) + inwards, 6)})
        least = min(round(trimmed.right - trimmed.left, 6), round(trimmed.bottom - trimmed.top, 6))
        return trimmed if least >= LEAST else self

    def box(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The part of a picture of that size in whole pixels, at least one: left, top, right, bottom."""
        left, top = round(self.left * width), round(self.top * height)
        left, top = min(left, width - 1), min(top, height - 1)
        return left, top, max(left + 1, round(self.right * width)), max(top + 1, round(self.bottom * height))
