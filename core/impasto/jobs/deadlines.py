"""Deadlines: how long each job may be computed; whoever is over it is named to a callback, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from impasto.config import Limits
from impasto.jobs.model import Job

_HOPELESS = 2.0
"""Estimates are not exact: a job is given up early where it needs so many times what it has left."""


class Deadlines:
    """Counts from `begin` to `end` of a job, by `limits`."""

    def __init__(self, limits: Limits, over: Callable[[int], None]) -> None:
        """`over` is called with the number of a job whose time is over."""
        self._limits, self._over = limits, over
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._late: set[int] = set()

    def begin(self, job: Job) -> None:
        """It is being computed from now on; a count of an earlier attempt is dropped."""
        self.end(job.id)
        minutes = self._limits.minutes_by_effect.get(job.order.effect_id, self._limits.job_minutes)
        loop = asyncio.get_running_loop()
        self._timers[job.id] = loop.call_later(minutes * 60, self._is_over, job.id)

    def foresee(self, job_id: int, remaining: float) -> None:
        """It will take so many seconds more, about: far over its time, it is named now and not after all."""
        timer = self._timers.get(job_id)
        if timer is not None and job_id not in self._late:
            left = timer.when() - asyncio.get_running_loop().time()
            if remaining > _HOPELESS * left:
                self._is_over(job_id)

    def end(self, job_id: int) -> bool:
        """It is computed no longer. Whether its time was over."""
        late = job_id in self._late
        self._late.discard(job_id)
        if (timer := self._timers.pop(job_id, None)) is not None:
            timer.cancel()
        return late

    def _is_over(self, job_id: int) -> None:
        self._timers[job_id].cancel()
        self._late.add(job_id)
        self._over(job_id)
