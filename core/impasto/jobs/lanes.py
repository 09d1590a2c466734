"""Lanes: what each device has before it, and who goes before whom. Knows no clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from impasto.engine.base import Device
from impasto.jobs.model import Job


class Lane:
    """A device and what is before it. Express jobs wait for express jobs alone: long ones let them in."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._express: float | None = device.starts_in
        self._all: float | None = device.starts_in

    def wait(self, express: bool) -> float | None:
        """The seconds until it is free; None where that is not known."""
        return self._express if express else self._all

    def add(self, seconds: float | None, *, express: bool) -> None:
        """Put a job of so many seconds behind."""
        self._all = None if self._all is None or seconds is None else self._all + seconds
        if express:
            self._express = None if self._express is None or seconds is None else self._express + seconds

    def let_nobody_in(self) -> None:
        """What is before does not look up: express jobs wait for it as all others do."""
        self._express = self._all


class Queue:
    """Who is before a job, by their users; the first that come get the `free` devices at once."""

    def __init__(self, running: Iterable[Job], free: int) -> None:
        self._before = Counter(job.order.user_id for job in running)
        self._free = free

    def add(self, job: Job) -> None:
        """Put `job` behind the others."""
        self._before[job.order.user_id] += 1
        self._free = max(0, self._free - 1)

    def ahead_of(self, job: Job) -> tuple[int, int]:
        """How many jobs go before `job`, and how many of them are the same person's."""
        return (0, 0) if self._free else (self._before.total(), self._before[job.order.user_id])
