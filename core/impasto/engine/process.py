"""One worker process, its channels, which share its life, and the tasks that it holds. Imports no torch."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import IntEnum
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.queues import Queue

from impasto.engine.base import (
    Alive,
    Encoding,
    Failed,
    FailureKind,
    Finished,
    Progress,
    PutOff,
    Started,
    Task,
    TaskEvent,
    WorkerLost,
)
from impasto.engine.tether import end_with_this_process
from impasto.engine.worker import Cancel, WorkerSettings, worker_main
from impasto.text import text as _

log = logging.getLogger(__name__)

_MOST_ENCODING = 2
"""Tasks whose pictures are made into files at once, before more are computed."""

_LIVELY_SECONDS = 3.0
"""For so long after it looked up, a running task is trusted to let an express task in."""


class Stage(IntEnum):
    """How far a task has come in the worker."""

    HANDED = 0
    COMPUTING = 1
    ENCODING = 2


@dataclass(eq=False, slots=True)
class Held:
    """A task that the worker has."""

    task: Task
    stage: Stage = Stage.HANDED
    looked: float = float("-inf")
    """When it looked up last, to report or to see whether to stop."""
    deadline: asyncio.TimerHandle | None = None
    """When the worker is ended, since it did not obey a cancel."""
    ended_for_it: bool = False

    def lost(self, exitcode: int | None, *, hung: bool, guilty: bool) -> Failed | WorkerLost:
        """The terminal event where the worker died."""
        if self.ended_for_it:
            return cancelled(self.task, fit=False)
        return WorkerLost(
            task_id=self.task.id,
            attempt=self.task.attempt,
            exitcode=exitcode,
            hung=hung,
            guilty=guilty,
        )


class WorkerProcess:
    """A process that was started for `device`. Everything but `process` is for the event loop's thread."""

    def __init__(self, spawn: SpawnContext, settings: WorkerSettings) -> None:
        self.device = settings.device
        self.tasks: Queue[Task | None] = spawn.Queue()
        self.events, child_events = spawn.Pipe(duplex=False)
        child_control, self._control = spawn.Pipe(duplex=False)
        self.process: SpawnProcess = spawn.Process(
            target=worker_main,
            args=(settings, self.tasks, child_events, child_control),
            name=f"impasto-{settings.device}",
            daemon=True,
        )
        self.process.start()
        if self.process.pid is not None:
            end_with_this_process(self.process.pid)
        child_events.close()  # so that the child's death is the end of the file
        child_control.close()
        self.loaded = self.ending = self.hung = False
        self.began = self.heard = asyncio.get_running_loop().time()
        self._held: dict[str, Held] = {}

    @property
    def idle(self) -> bool:
        """Whether it holds no task."""
        return not self._held

    @property
    def computes(self) -> str | None:
        """The effect that it computes; of two, the one that was let in last."""
        computing = [held for held in self._held.values() if held.stage is Stage.COMPUTING]
        return computing[-1].task.effect_id if computing else None

    def takes(self, *, express: bool) -> bool:
        """Whether it takes a task now; an express one also beside one that it computes."""
        if not self.loaded or self.ending:
            return False
        busy = [held for held in self._held.values() if held.stage is not Stage.ENCODING]
        if not busy:
            return len(self._held) < _MOST_ENCODING
        if not express or len(busy) > 1 or busy[0].stage is not Stage.COMPUTING:
            return False
        return busy[0].task.express or asyncio.get_running_loop().time() - busy[0].looked < _LIVELY_SECONDS

    def hand(self, task: Task) -> None:
        """Give it a task, which it begins when it can."""
        self._held[task.id] = Held(task)
        self.heard = asyncio.get_running_loop().time()
        self.tasks.put(task)

    def has(self, event: TaskEvent) -> bool:
        """Whether the event is of an attempt that it holds."""
        held = self._held.get(event.task_id)
        return held is not None and held.task.attempt == event.attempt

    def hear(self, event: TaskEvent) -> None:
        """Note what it said of a task that it holds."""
        held = self._held[event.task_id]
        match event:
            case Started():
                held.stage = Stage.COMPUTING
            case Encoding():
                held.stage = Stage.ENCODING
            case PutOff():
                held.stage = Stage.HANDED
            case Finished() | Failed():
                self._forget(held)
            case Progress() | Alive():
                held.looked = asyncio.get_running_loop().time()

    def cancel(self, task_id: str, grace: float) -> Failed | None:
        """Ask a task to stop, and end the process if it has not in `grace` seconds.

        Returns the terminal event of a task that was not begun.
        """
        held = self._held.get(task_id)
        if held is None or held.deadline is not None:
            return None
        try:
            self._control.send(Cancel(task_id, held.task.attempt))
        except OSError:
            log.debug("worker on %s died before it could be told of a cancel", self.device)
            return None
        match held.stage:
            case Stage.HANDED:
                self._forget(held)
                return cancelled(held.task)
            case Stage.COMPUTING:
                held.deadline = asyncio.get_running_loop().call_later(grace, self._end_for, held)
        return None

    def lost(self) -> list[Failed | WorkerLost]:
        """After its death: the terminal events of what it held."""
        held, exitcode = list(self._held.values()), self.process.exitcode
        computing = [h for h in held if h.stage is Stage.COMPUTING]
        guilty = computing[-1:] or held  # what was let in last was at work
        obeyed = any(h.ended_for_it for h in held)
        for h in held:
            self._forget(h)
        return [h.lost(exitcode, hung=self.hung, guilty=h in guilty and not obeyed) for h in held]

    def end_when_idle(self) -> None:
        """Let it end after what it holds."""
        self.ending = True
        self.tasks.put(None)

    def discard(self) -> None:
        """Close the channels of a process that has ended."""
        for held in list(self._held.values()):
            self._forget(held)
        self.tasks.cancel_join_thread()
        self.tasks.close()
        self.events.close()
        self._control.close()

    def _forget(self, held: Held) -> None:
        if held.deadline is not None:
            held.deadline.cancel()
        self._held.pop(held.task.id, None)

    def _end_for(self, held: Held) -> None:
        about = {"job": held.task.id, "device": self.device}
        log.warning("it was cancelled on %s and did not stop; ending its worker", self.device, extra=about)
        held.ended_for_it = True
        self.process.kill()


def cancelled(task: Task, *, fit: bool = True) -> Failed:
    """The terminal event of a cancelled task."""
    return Failed(
        task_id=task.id,
        attempt=task.attempt,
        kind=FailureKind.CANCELLED,
        message=_("Cancelled."),
        fit=fit,
    )
