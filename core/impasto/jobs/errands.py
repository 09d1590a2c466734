"""Errands: small tasks of the bot's own, done when a worker has nothing else to do. Never kept."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping

from impasto.effects import OptionValue
from impasto.engine.base import Failed, Finished, Task, TaskEvent, WorkerLost
from impasto.imaging import Output

log = logging.getLogger(__name__)

_PREFIX = "errand-"


class Errands:
    """The errands that wait, and those that are being done."""

    def __init__(self) -> None:
        self._waiting: deque[Task] = deque()
        self._results: dict[str, asyncio.Future[bytes | None]] = {}
        self._count = 0

    def add(
        self, effect_id: str, options: Mapping[str, OptionValue], slot: str, picture: bytes, output: Output
    ) -> asyncio.Future[bytes | None]:
        """An effect with one slot on `picture`: to be awaited; None where it failed."""
        self._count += 1
        task = Task(f"{_PREFIX}{self._count}", 1, effect_id, dict(options), {slot: (picture,)}, (output,))
        self._waiting.append(task)
        result: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._results[task.id] = result
        return result

    def take(self) -> Task | None:
        """The next errand to be done; None where there is none."""
        return self._waiting.popleft() if self._waiting else None

    def put_back(self, task: Task) -> None:
        """It could not be begun."""
        self._waiting.appendleft(task)

    def hear(self, event: TaskEvent) -> bool:
        """Take an event, if it is of an errand."""
        if not event.task_id.startswith(_PREFIX):
            return False
        match event:
            case Finished(pictures=pictures):
                self._end(event.task_id, pictures[0].data if pictures else None)
            case Failed(detail=detail):
                log.warning("%s failed: %s", event.task_id, detail)
                self._end(event.task_id, None)
            case WorkerLost(exitcode=exitcode):
                log.error("%s lost its worker (exit code %s)", event.task_id, exitcode)
                self._end(event.task_id, None)
        return True

    def _end(self, task_id: str, data: bytes | None) -> None:
        result = self._results.pop(task_id, None)
        if result is not None and not result.done():
            result.set_result(data)
