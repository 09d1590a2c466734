"""Local operations on large pictures, some rows at a time: exact, in little memory, and soon cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

Operation = Callable[[torch.Tensor], torch.Tensor]
Tick = Callable[[float], None]
"""Is told the finished part, 0 to 1."""


@dataclass(frozen=True, slots=True)
class _Stripe:
    """Rows to make, and those that have to be seen for that."""

    start: int
    stop: int
    seen_from: int
    seen_to: int


def in_stripes(
    operation: Operation,
    x: torch.Tensor,
    tick: Tick,
    *,
    area: int,
    halo: int,
    down: int = 1,
    up: int = 1,
) -> torch.Tensor:
    """`operation` of (1, C, H, W), row for row what it makes of the whole.

    Each of its results depends on no more than `halo` rows of `x` above and below. It makes one row of
    `down` rows, or `up` rows of one; H is a multiple of `down`. A stripe has about `area` pixels.
    """
    height, width = x.shape[-2:]
    rows = max(1, area // (width * down)) * down
    result = None
    for stripe in _stripes(height, rows, -(-halo // down) * down):
        made = operation(x[:, :, stripe.seen_from : stripe.seen_to])
        if result is None:
            shape = (*made.shape[:2], height * up // down, made.shape[-1])
            result = torch.empty(shape, dtype=made.dtype, device=made.device)
        first = (stripe.start - stripe.seen_from) * up // down
        start, stop = stripe.start * up // down, stripe.stop * up // down
        result[:, :, start:stop] = made[:, :, first : first + stop - start]
        tick(stripe.stop / height)
    if result is None:
        raise ValueError("a picture without rows")
    return result


def _stripes(height: int, rows: int, halo: int) -> Iterator[_Stripe]:
    for start in range(0, height, rows):
        stop = min(height, start + rows)
        yield _Stripe(start, stop, max(0, start - halo), min(height, stop + halo))
