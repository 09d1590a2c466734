"""Forecast: how long running jobs still take, and when waiting ones will be done.

It goes by what was learnt of others, and says nothing where a part is not known. A job's own pace is believed
the more the further it has come.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from impasto.crop import Crop
from impasto.effects import Effect, OptionValue
from impasto.engine.base import Device
from impasto.jobs.estimates import Estimates
from impasto.jobs.holds import Hold
from impasto.jobs.lanes import Lane, Queue
from impasto.jobs.model import Job, JobOrder, PictureRef
from impasto.jobs.updates import Waiting, Working

_TELLING_FRACTION, _TELLING_SECONDS = 0.1, 2.0
"""How far a job of which nothing is known must have come, and for how long, to tell how long it takes."""

_HELD, _HELD_SECONDS = 1.3, 2.0
"""A job's remaining time is only said to rise where it is so many times what was said, and that many more."""

_OVERDUE = 1.5
"""A job that takes so many times as long as expected may take any time."""

_NEWS = 1.25
"""The time at which a waiting job is done is said anew where it differs so much from what was said last."""

_NEWS_SECONDS = 5.0
"""How often that is looked at while other jobs run, at most."""

EXPRESS_SECONDS, _NOT_EXPRESS_SECONDS = 1.5, 10.0
"""Up to so many seconds any job is express, over so many none, whatever its effect says."""

_SILENT_SECONDS = 3.0
"""A job that was computed for so long and lets nobody in does not look up."""

_ROUND_SECONDS = (
    *(2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 60, 75),
    *(60 * minutes for minutes in (2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 75)),
    *(3600 * hours for hours in (2, 3, 4, 5, 7, 10, 15, 24)),
)


@dataclass(slots=True)
class _Run:
    """A job in a worker."""

    job: Job
    device: Device
    began: float
    expected: float | None
    fraction: float = 0.0
    fraction_seconds: float = 0.0
    """After so many seconds that fraction was done."""
    encoding: bool = False
    ends: float | None = None
    """When its end was said to come."""


class Forecast:
    """Follows the jobs in the workers; `clock` is in seconds."""

    def __init__(
        self,
        estimates: Estimates,
        effects: Mapping[str, Effect],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._estimates, self._effects, self._clock = estimates, effects, clock
        self._runs: dict[int, _Run] = {}
        self._express: dict[int, bool] = {}
        self._said: dict[int, Waiting] = {}
        self._said_at = float("-inf")

    def begin(self, job: Job, device: Device) -> None:
        """A worker on `device` began to compute `job`."""
        self._runs[job.id] = _Run(job, device, self._clock(), self._expected(job, device))

    def advance(self, job: Job, fraction: float) -> None:
        """So much of `job` is done."""
        if (run := self._runs.get(job.id)) is not None:
            run.fraction, run.fraction_seconds = fraction, self._clock() - run.began

    def computed(self, job: Job) -> None:
        """`job` needs its device no more; where it was let in by another, that goes on."""
        run = self._runs.get(job.id)
        if run is None or run.encoding:
            return
        run.encoding = True
        for host in self._runs.values():
            if host.device.id == run.device.id and not host.encoding and host.began < run.began:
                host.began += self._clock() - run.began

    def learn(self, job: Job, pixels: int, seconds: float) -> None:
        """`job` took so long; its pictures had `pixels` in all."""
        if (run := self._runs.get(job.id)) is not None:
            size = content_pixels(job.order)
            if size is None:
                count = sum(map(len, job.order.pictures.values()))
                size = pixels * len(_content(job.order)) // max(1, count)
            self._estimates.learn(job.order.effect_id, run.device.name, self._options(job), size, seconds)

    def end(self, job_id: int) -> None:
        """The job is in no worker any more."""
        if (run := self._runs.get(job_id)) is not None:
            self.computed(run.job)
            del self._runs[job_id]

    def working(self, job: Job, preview: bytes | None = None) -> Working:
        """How far `job` is."""
        if (run := self._runs.get(job.id)) is None:
            return Working(job, 0.0, preview=preview)
        seconds = self._clock() - run.began
        remaining = None if run.encoding else self._remaining(run)
        return Working(job, run.fraction, remaining, preview, run.device.id, seconds)

    def waiting(
        self,
        active: Iterable[Job],
        order: Sequence[Job],
        devices: Sequence[Device],
        hold: Hold | None = None,
    ) -> list[Waiting]:
        """The jobs that no worker computes yet, with their places and times.

        First those of the `active` ones, which are on their way to a worker, then those in `order`.
        """
        handed = [job for job in active if job.id not in self._runs]
        lanes = [] if hold else self._lanes(devices, len(handed))
        told = [Waiting(job, 0, hold=hold, ready_in=self._put_behind(job, lanes)) for job in handed]
        running = [*handed, *(run.job for run in self._runs.values() if not run.encoding)]
        free = 0 if hold else max(0, sum(device.ready for device in devices) - len(handed))
        everybody, express = Queue(running, free), Queue(filter(self.is_express, running), free)
        for job in order:
            ahead, own = (express if self.is_express(job) else everybody).ahead_of(job)
            told.append(Waiting(job, ahead, hold=hold, own=own, ready_in=self._put_behind(job, lanes)))
            everybody.add(job)
            if self.is_express(job):
                express.add(job)
        return told

    def news(self, waiting: Iterable[Waiting]) -> list[Waiting]:
        """Of the jobs that wait, those of which something else is to be said than before."""
        self._said_at = self._clock()
        said, self._said, news = self._said, {}, []
        for update in waiting:
            before = said.get(update.job.id)
            if before is None or not _is_right(before, update):
                news.append(update)
                before = update
            self._said[update.job.id] = before
        return news

    @property
    def is_old(self) -> bool:
        """Whether it is time to look for news, though no place has changed."""
        return bool(self._said) and self._clock() - self._said_at >= _NEWS_SECONDS

    def _lanes(self, devices: Iterable[Device], handed: int) -> list[Lane]:
        """The devices that work or will at once; `handed` jobs are on their way to some that look busy."""
        lanes = []
        for device in devices:
            runs = [run for run in self._runs.values() if run.device.id == device.id and not run.encoding]
            if not runs and not device.ready and not device.starts_in:
                if handed == 0:
                    continue  # not up yet, or down
                handed -= 1
            lane = Lane(device)
            for run in runs:
                lane.add(self._remaining(run), express=self.is_express(run.job))
            if len(runs) == 1 and not device.express and self._clock() - runs[0].began > _SILENT_SECONDS:
                lane.let_nobody_in()
            lanes.append(lane)
        return lanes

    def _put_behind(self, job: Job, lanes: Sequence[Lane]) -> float | None:
        """Put `job` behind what is in the lanes; in how many seconds it is done."""
        express = self.is_express(job)
        if not lanes or any(lane.wait(express) is None for lane in lanes):
            return None
        lane = min(lanes, key=lambda lane: lane.wait(express) or 0.0)
        lane.add(self._expected(job, lane.device), express=express)
        return lane.wait(express)

    def _remaining(self, run: _Run) -> float | None:
        """The seconds until `run` is done; None where that is not known."""
        now = self._clock()
        if (total := self._total(run)) is None or now - run.began > _OVERDUE * total:
            return None
        remaining = max(run.began + total - now, (now - run.began) / 20)
        said = math.inf if run.ends is None else max(0.0, run.ends - now)
        if not said <= remaining < _HELD * said + _HELD_SECONDS:
            run.ends = now + remaining
            return remaining
        return said

    def _total(self, run: _Run) -> float | None:
        """The seconds that `run` takes from beginning to end: those expected, more and more its own pace."""
        pace = run.fraction_seconds / run.fraction if run.fraction else None
        if run.expected is None or run.fraction_seconds >= run.expected:
            known = run.fraction >= _TELLING_FRACTION and run.fraction_seconds >= _TELLING_SECONDS
            return pace if known else run.expected
        if pace is None:
            return run.expected
        own = math.sqrt(run.fraction)
        return float(run.expected ** (1 - own) * pace**own)

    def _expected(self, job: Job, device: Device) -> float | None:
        order = job.order
        return self._estimates.seconds(
            order.effect_id, device.name, self._options(job), content_pixels(order)
        )

    def _options(self, job: Job) -> Mapping[str, OptionValue]:
        return self._effects[job.order.effect_id].defaults() | dict(job.order.options)

    def is_express(self, job: Job) -> bool:
        """Whether `job` may be done inside a long one, as it was judged."""
        return self._express.get(job.id, self._effects[job.order.effect_id].express)

    def judge(self, job: Job, devices: Iterable[Device]) -> bool:
        """Judge whether `job` is express: by its time where that is known, else by what its effect says."""
        known = [seconds for device in devices if (seconds := self._expected(job, device)) is not None]
        express = self._effects[job.order.effect_id].express
        if known and max(known) <= EXPRESS_SECONDS:
            express = True
        elif known and max(known) > _NOT_EXPRESS_SECONDS:
            express = False
        self._express[job.id] = express
        return express

    def forget(self, job: Job) -> None:
        """The job came to its end."""
        self._express.pop(job.id, None)


def content_pixels(order: JobOrder) -> int | None:
    """The pixels of the first slot's pictures, as far as they are wanted; None where they are unknown."""
    pixels = 0.0
    for picture in _content(order):
        if not picture.width or not picture.height:
            return None
        crop = picture.crop or Crop()
        pixels += picture.width * picture.height * (crop.right - crop.left) * (crop.bottom - crop.top)
    return round(pixels)


def about(seconds: float) -> float:
    """`seconds` as one says them of what is not certain, a quarter off at most."""
    return min(_ROUND_SECONDS, key=lambda said: abs(math.log(said / max(1.0, seconds))))


def _content(order: JobOrder) -> tuple[PictureRef, ...]:
    return next(iter(order.pictures.values()), ())


def _is_right(said: Waiting, update: Waiting) -> bool:
    """Whether what was `said` need not be said anew."""
    if (update.ahead, update.own, update.hold) != (said.ahead, said.own, said.hold):
        return False
    if update.ready_in is None or said.ready_in is None:
        return update.ready_in is said.ready_in
    return said.ready_in / _NEWS < update.ready_in < said.ready_in * _NEWS
