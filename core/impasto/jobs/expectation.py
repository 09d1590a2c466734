"""Expectation: how long a job will take, by comparing it with jobs that were done. Pure: no clock, no engine.

Nobody says what the time of an effect depends on: the pixels for one, only its own size option for another,
its quality for a third, the chosen style for none. So all of it is compared: a Gaussian process over the
logarithm of the seconds, which also says how sure it is. An option is thought to matter until jobs speak
against it, and one job that had to load a network or shared the machine is not believed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from statistics import median

from impasto.effects import OptionValue

MOST_DEVIATION = 0.33
"""Standard deviation of the logarithm above which no number is given; ln 1.5 is 0.41."""

_UNNOTICED = 0.3
"""Seconds that nobody waits for consciously: differences below are hardly any."""

_NOISE, _AGEING = 0.15, 24
"""Deviation of equal jobs; how many jobs later their square counts half."""

_USUAL_SLOPE, _SLOPE_DEVIATION = 0.5, 0.3
"""Of the pixels, as a power: between effects that don't mind them, and those that take each in turn."""

_MEGAPIXEL = math.log(1e6)
_SOME_NUMBER = math.log(50)
"""Pixels and numbers among the options are taken against these."""

_MATTERS, _IDLE = 0.7, 0.03
"""What an option may change: the deviation of the logarithm of the seconds."""

_IN_DUBIO = 1.0
"""How much more likely it must be that an option does not matter (natural logarithm)."""

_UNBELIEVED = 2.5
"""A job so many deviations from what the others say tells of something else."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A job that was done, and the seconds that it took."""

    options: Mapping[str, OptionValue]
    pixels: int
    seconds: float


@dataclass(frozen=True, slots=True)
class _Traits:
    """What is compared of a job: pixels and the numbers among its options as logarithms."""

    pixels: float
    values: tuple[OptionValue | None, ...]
    numbers: tuple[float | None, ...]


class Expectation:
    """What jobs of one effect on one device let expect; `done` has the newest first, one at least."""

    def __init__(self, done: Sequence[Timed]) -> None:
        self._keys = sorted({key for job in done for key in job.options})
        self._pixels = [job.pixels for job in done]
        self._traits = [self._traits_of(job.options, job.pixels) for job in done]
        self._noise = [_NOISE**2 * (1 + age / _AGEING) for age in range(len(done))]
        self._scales = [_MATTERS] * len(self._keys)
        times = [
            math.log(job.seconds + _UNNOTICED) - _USUAL_SLOPE * traits.pixels
            for job, traits in zip(done, self._traits, strict=True)
        ]
        self._level = median(times)
        self._times = [time - self._level for time in times]
        for _round in range(2):  # what is not believed depends on what matters, and the other way round
            self._find_what_matters()
            self._find_the_unbelieved()

    def seconds(self, options: Mapping[str, OptionValue], pixels: int | None) -> float | None:
        """The seconds that a job will take, `pixels` None where they are not known.

        None where the jobs don't tell: rather no number than a wrong one.
        """
        if pixels is None:
            return self._seconds_at_any_size(options)
        wanted = self._traits_of(options, pixels)
        likeness = [self._likeness(wanted, traits) for traits in self._traits]
        seen = _solved(self._root, likeness)
        if self._likeness(wanted, wanted) - _dot(seen, seen) > MOST_DEVIATION**2:
            return None
        time = self._level + _USUAL_SLOPE * wanted.pixels + _dot(seen, self._whitened)
        return max(0.05, math.exp(time) - _UNNOTICED)

    def _seconds_at_any_size(self, options: Mapping[str, OptionValue]) -> float | None:
        sizes = min(self._pixels), max(self._pixels)
        small, large = (self.seconds(options, pixels) for pixels in sizes)
        if small is None or large is None or sizes[1] < 3 * sizes[0]:
            return None
        return math.sqrt(small * large) if 1 / 1.5 < large / small < 1.5 else None

    def _traits_of(self, options: Mapping[str, OptionValue], pixels: int) -> _Traits:
        values = tuple(options.get(key) for key in self._keys)
        return _Traits(math.log(max(1, pixels)) - _MEGAPIXEL, values, tuple(map(_number, values)))

    def _likeness(self, one: _Traits, other: _Traits) -> float:
        """The covariance of the times of two jobs, for the kernel of the process.

        Each option adds its own part, numbers as a power law with deviations. Another part is shared only as
        far as nothing that matters differs: there pixels have a law of their own.
        """
        total = together = 1.0
        for scale, value, other_value, number, other_number in zip(
            self._scales, one.values, other.values, one.numbers, other.numbers, strict=True
        ):
            if number is None or other_number is None:
                same = float(value == other_value)
                total += scale**2 * same
            else:
                same = math.exp(-abs(number - other_number))
                total += scale**2 * (number * other_number / 2 + same / 4)
            together *= 1 - scale * (1 - same)
        near = math.exp(-abs(one.pixels - other.pixels))
        power = _SLOPE_DEVIATION**2 * one.pixels * other.pixels
        return total + power * (0.6 + together) + 0.16 * together * near

    def _find_what_matters(self) -> None:
        """For each option that varied, whether the times are likelier if it matters or if it does not."""
        for place in range(len(self._keys)):
            if len({traits.values[place] for traits in self._traits}) > 1:
                likelihoods = {}
                for scale in (_MATTERS, _IDLE):
                    self._scales[place] = scale
                    likelihoods[scale] = self._fitted()
                idle = likelihoods[_IDLE] > likelihoods[_MATTERS] + _IN_DUBIO
                self._scales[place] = _IDLE if idle else _MATTERS
        self._fitted()

    def _find_the_unbelieved(self) -> None:
        """Give jobs that are far from what all the others say so much noise that they are not heard."""
        count = len(self._times)
        for place in range(count if count > 2 else 0):
            unit = [float(place == other) for other in range(count)]
            column = _solved(self._root, unit)
            certainty = _dot(column, column)
            deviation = _dot(column, self._whitened) / certainty  # from what is expected without this job
            if deviation**2 * certainty > _UNBELIEVED**2 and abs(deviation) > 2 * _NOISE:
                self._noise[place] += deviation**2
        self._fitted()

    def _fitted(self) -> float:
        """Fit the process; the logarithm of the times' likelihood but for a constant."""
        covariances = [
            [self._likeness(one, other) for other in self._traits[:place]]
            + [self._likeness(one, one) + self._noise[place]]
            for place, one in enumerate(self._traits)
        ]
        self._root = _cholesky(covariances)
        self._whitened = _solved(self._root, self._times)
        return -_dot(self._whitened, self._whitened) / 2 - sum(math.log(row[-1]) for row in self._root)


def _number(value: OptionValue | None) -> float | None:
    """The logarithm of a value that is a positive number, or a choice that is called like one."""
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return math.log(number) - _SOME_NUMBER if 0 < number < math.inf else None


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    """The inner product, as far as the shorter goes."""
    return float(sum(map(mul, one, other)))


def _cholesky(lower: Sequence[Sequence[float]]) -> list[list[float]]:
    """The rows of the triangular root of a positive definite matrix, given by its lower triangle."""
    root: list[list[float]] = []
    for given in lower:
        row: list[float] = []
        for place, done in enumerate(root):
            row.append((given[place] - _dot(row, done)) / done[place])
        row.append(math.sqrt(given[-1] - _dot(row, row)))
        root.append(row)
    return root


def _solved(root: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """What times the triangular `root` is `right`."""
    solved: list[float] = []
    for row, value in zip(root, right, strict=True):
        solved.append((value - _dot(row, solved)) / row[-1])
    return solved
