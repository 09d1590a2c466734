"""Goes over feature maps stripe by stripe: to keep them, and to gather norms' statistics over the whole."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch

from impasto_cyclegan.layers import Norm
from impasto_cyclegan.maps import FeatureMap, Kept, Normalised

Tick = Callable[[int], None]
"""Is told the multiplications done since it was last called; may raise `Cancelled`."""


class Run(Protocol):
    """What a generator needs done with the maps that it describes."""

    def kept(self, source: FeatureMap) -> Kept:
        """`source`, computed once and kept."""

    def added(self, kept: Kept, other: FeatureMap) -> Kept:
        """`other` added to what is kept, in its place."""

    def normalised(self, source: FeatureMap, norm: Norm) -> FeatureMap:
        """`norm` of `source`; where it goes by the picture, all of `source` is computed for that."""


@dataclass(frozen=True, slots=True)
class Stripes:
    """Does it: `device` computes in `dtype`, what is kept lies on `store`.

    Tensors of a stripe have about `elements`; `tick` is called after each stripe.
    """

    device: torch.device
    dtype: torch.dtype
    store: torch.device
    elements: int
    tick: Tick

    def kept(self, source: FeatureMap) -> Kept:
        """See `Run`."""
        shape = (1, source.channels, source.height, source.width)
        kept = torch.empty(shape, dtype=self.dtype, device=self.store)
        for start, stop, stripe in self._stripes(source):
            kept[:, :, start:stop] = stripe
        return Kept(kept, self.device, self.dtype)

    def added(self, kept: Kept, other: FeatureMap) -> Kept:
        """See `Run`."""
        for start, stop, stripe in self._stripes(other):
            kept.tensor[:, :, start:stop] += stripe.to(self.store)
        return kept

    def normalised(self, source: FeatureMap, norm: Norm) -> FeatureMap:
        """See `Run`."""
        if norm.mean is not None and norm.variance is not None:
            return Normalised(source, norm, norm.mean, norm.variance)
        count = 0
        mean = squares = torch.zeros(source.channels, dtype=torch.float64, device=self.device)
        for start, stop, stripe in self._stripes(source):
            more = (stop - start) * source.width
            variance, stripe_mean = torch.var_mean(stripe.float(), dim=(0, 2, 3), correction=0)
            # Chan, Golub & LeVeque 1979: moments of two parts make those of the whole
            apart = stripe_mean.double() - mean
            mean = mean + apart * (more / (count + more))
            squares = squares + variance.double() * more + apart**2 * (count * more / (count + more))
            count += more
        return Normalised(source, norm, mean.float(), (squares / count).float())

    def _stripes(self, source: FeatureMap) -> Iterator[tuple[int, int, torch.Tensor]]:
        rows = max(1, self.elements // source.row_elements)
        count = -(-source.height // rows)
        edges = [place * source.height // count for place in range(count + 1)]
        for start, stop in itertools.pairwise(edges):
            yield start, stop, source.rows(start, stop)
            self.tick(source.work * stop // source.height - source.work * start // source.height)


class Survey:
    """Does nothing but sum up the multiplications that there would be."""

    def __init__(self) -> None:
        self.work = 0

    def kept(self, source: FeatureMap) -> Kept:
        """A map of the shape of `source` that takes no memory."""
        self.work += source.work
        nothing = torch.empty(1).expand(1, source.channels, source.height, source.width)
        return Kept(nothing, nothing.device, nothing.dtype)

    def added(self, kept: Kept, other: FeatureMap) -> Kept:
        """`kept`."""
        self.work += other.work
        return kept

    def normalised(self, source: FeatureMap, norm: Norm) -> FeatureMap:
        """`source`."""
        if norm.mean is None:
            self.work += source.work
        return source
