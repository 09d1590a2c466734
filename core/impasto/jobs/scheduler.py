"""Scheduler: whose turn it is. Pure: it knows nothing of engines, chats or clocks.

Users take turns; one user's jobs go in the order of arrival. Express jobs go before long ones, though not for
ever: a long one that runs lets express jobs in, one that waits does not run.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from impasto.jobs.model import Job

MOST_PASSED = 8
"""Express jobs that go in turn before a long one that waits."""


@dataclass(slots=True)
class _Lane:
    """A queue in which users take turns: the user served last stands last."""

    again: deque[Job] = field(default_factory=deque)
    """Those that had their turn and go before all others; the last to come back is the first."""
    by_user: OrderedDict[int, deque[Job]] = field(default_factory=OrderedDict)

    def add(self, job: Job, *, first: bool) -> None:
        if first:
            self.again.appendleft(job)
        else:
            self.by_user.setdefault(job.order.user_id, deque()).append(job)

    def take(self) -> Job | None:
        if self.again:
            return self.again.popleft()
        if not self.by_user:
            return None
        user, jobs = next(iter(self.by_user.items()))
        job = jobs.popleft()
        if jobs:
            self.by_user.move_to_end(user)
        else:
            del self.by_user[user]
        return job

    def remove(self, job_id: int) -> bool:
        for jobs in (self.again, *self.by_user.values()):
            for job in jobs:
                if job.id == job_id:
                    jobs.remove(job)
                    if jobs is not self.again and not jobs:
                        del self.by_user[job.order.user_id]
                    return True
        return False

    def order(self) -> list[Job]:
        """The jobs in the order in which `take` would give them."""
        rest = [list(jobs) for jobs in self.by_user.values()]
        turns = max(map(len, rest), default=0)
        return [*self.again, *(jobs[turn] for turn in range(turns) for jobs in rest if turn < len(jobs))]


class Scheduler:
    """The jobs that wait."""

    def __init__(self) -> None:
        self._express, self._long = _Lane(), _Lane()
        self._passed = 0
        """Express jobs since a long one was taken that could have been."""

    def add(self, job: Job, *, express: bool = False, first: bool = False) -> None:
        """Let `job` wait; with `first`, before all others (it had its turn and its worker died)."""
        (self._express if express else self._long).add(job, first=first)

    def take(self, *, express_only: bool = False) -> Job | None:
        """The next job, or the next express job, which ceases to wait; None where there is none."""
        long_waits = bool(self._long.order())
        if express_only or not long_waits or self._passed < MOST_PASSED:
            job = self._express.take()
            if job is not None or express_only:
                self._passed += job is not None and long_waits and not express_only
                return job
        self._passed = 0
        return self._long.take()

    def remove(self, job_id: int) -> bool:
        """Let the job wait no longer; False where it did not."""
        return self._express.remove(job_id) or self._long.remove(job_id)

    def order(self) -> list[Job]:
        """Who waits, in the order in which they are served if nobody comes."""
        express, long = deque(self._express.order()), deque(self._long.order())
        order, passed = [], self._passed
        while express or long:
            if express and (not long or passed < MOST_PASSED):
                order.append(express.popleft())
                passed += bool(long)
            else:
                order.append(long.popleft())
                passed = 0
        return order

    def __len__(self) -> int:
        return len(self.order())
