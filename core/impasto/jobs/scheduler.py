"""Scheduler: whose turn it is. Pure: it knows nothing of engines, chats or clocks.

Users take turns; one user's jobs go in the order of arrival. Express jobs go before long ones.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

from impasto.jobs.model import Job


@dataclass(slots=True)
class _Lane:
    """A queue in which users take turns: the user served last stands last."""

    by_user: OrderedDict[int, deque[Job]] = field(default_factory=OrderedDict)

    def add(self, job: Job, *, first: bool) -> None:
        jobs = self.by_user.setdefault(job.order.user_id, deque())
        if first:
            jobs.appendleft(job)
            self.by_user.move_to_end(job.order.user_id, last=False)
        else:
            jobs.append(job)

    def take(self) -> Job | None:
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
        for user, jobs in self.by_user.items():
            for job in jobs:
                if job.id == job_id:
                    jobs.remove(job)
                    if not jobs:
                        del self.by_user[user]
                    return True
        return False

    def order(self) -> list[Job]:
        """The jobs in the order in which `take` would give them."""
        rest = [list(jobs) for jobs in self.by_user.values()]
        turns = max(map(len, rest), default=0)
        return [jobs[turn] for turn in range(turns) for jobs in rest if turn < len(jobs)]


class Scheduler:
    """The jobs that wait."""

    def __init__(self) -> None:
        self._express, self._long = _Lane(), _Lane()

    def add(self, job: Job, *, express: bool = False, first: bool = False) -> None:
        """Let `job` wait; with `first`, before all others (it had its turn and its worker died)."""
        (self._express if express else self._long).add(job, first=first)

    def take(self) -> Job | None:
        """The next job, which ceases to wait; None where nobody waits."""
        return self._express.take() or self._long.take()

    def remove(self, job_id: int) -> bool:
        """Let the job wait no longer; False where it did not."""
        return self._express.remove(job_id) or self._long.remove(job_id)

    def order(self) -> list[Job]:
        """Who waits, in the order in which they are served if nobody comes."""
        return self._express.order() + self._long.order()

    def __len__(self) -> int:
        return len(self.order())
