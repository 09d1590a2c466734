"""Deadlines: how long each job may be computed; whoever is over it is named to a callback, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from impasto.config import Limits
from impasto.jobs.model import Job


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

    def end(self, job_id: int) -> bool:
        """It is computed no longer. Whether its time was over."""
        late = job_id in self._late
        self._late.discard(job_id)
        if (timer := self._timers.pop(job_id, None)) is not None:
            timer.cancel()
        return late

    def _is_over(self, job_id: int) -> None:
        self._late.add(job_id)
        self._over(job_id)
