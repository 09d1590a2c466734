"""Errands: small tasks of the bot's own, done when a worker has nothing else to do. Never kept."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from impasto.effects import OptionValue
from impasto.engine.base import Failed, FailureKind, Finished, InputPicture, Task, TaskEvent, WorkerLost
from impasto.imaging import Output

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 4
"""An errand that had to give way to jobs so often is given up."""

_PREFIX = "errand-"


class ErrandFailed(Exception):
    """The effect can't do it; it would fail the next time too."""


@dataclass(slots=True)
class _Errand:
    """An errand over its attempts."""

    task: Task
    result: asyncio.Future[bytes | None]
    gives_way: bool = False


class Errands:
    """The errands that wait, and those that are being done. One that is in a job's way begins again later."""

    def __init__(self) -> None:
        self._waiting: deque[_Errand] = deque()
        self._begun: dict[str, _Errand] = {}
        self._count = 0

    def add(
        self,
        effect_id: str,
        options: Mapping[str, OptionValue],
        images: Mapping[str, tuple[InputPicture, ...]],
        output: Output,
    ) -> asyncio.Future[bytes | None]:
        """The result, to be awaited: None where jobs kept coming; raises `ErrandFailed`."""
        self._count += 1
        task = Task(f"{_PREFIX}{self._count}", 1, effect_id, dict(options), dict(images), (output,))
        errand = _Errand(task, asyncio.get_running_loop().create_future())
        self._waiting.append(errand)
        return errand.result

    def take(self) -> Task | None:
        """The next errand to be begun; None where there is none."""
        if not self._waiting:
            return None
        errand = self._waiting.popleft()
        self._begun[errand.task.id] = errand
        return errand.task

    def put_back(self, task: Task) -> None:
        """It could not be begun."""
        errand = self._begun.pop(task.id)
        errand.gives_way = False
        self._waiting.appendleft(errand)

    def give_way(self, jobs: int) -> list[str]:
        """The ids of errands to cancel, so that each of so many waiting jobs gets a device."""
        more = jobs - sum(errand.gives_way for errand in self._begun.values())
        chosen = [errand for errand in self._begun.values() if not errand.gives_way][: max(0, more)]
        for errand in chosen:
            errand.gives_way = True
        return [errand.task.id for errand in chosen]

    def hear(self, event: TaskEvent) -> bool:
        """Take an event, if it is of an errand."""
        if not event.task_id.startswith(_PREFIX):
            return False
        match event:
            case Finished(pictures=pictures):
                self._end(event, pictures[0].data if pictures else None)
            case Failed(kind=FailureKind.CANCELLED):
                self._again(event)
            case Failed(kind=kind, detail=detail):
                self._fail(event, f"{kind}: {detail}")
            case WorkerLost(exitcode=exitcode):
                self._fail(event, f"the worker ended ({exitcode})")
        return True

    def _end(self, event: TaskEvent, data: bytes | None) -> None:
        errand = self._begun.pop(event.task_id)
        if not errand.result.done():
            errand.result.set_result(data)

    def _again(self, event: TaskEvent) -> None:
        attempt = event.attempt + 1
        if attempt > MOST_ATTEMPTS:
            self._end(event, None)
            return
        errand = self._begun.pop(event.task_id)
        errand.task, errand.gives_way = replace(errand.task, attempt=attempt), False
        self._waiting.appendleft(errand)

    def _fail(self, event: TaskEvent, reason: str) -> None:
        errand = self._begun.pop(event.task_id)
        log.warning("%s failed at an errand, which is not tried again: %s", errand.task.effect_id, reason)
        if not errand.result.done():
            errand.result.set_exception(ErrandFailed(reason))
