"""LocalEngine: one spawned worker process per device, each with a job queue and an event pipe of its own.

Queue and pipe are thrown away with their worker, so a worker that dies holding one harms no other. One
thread waits on pipes and process sentinels and hands over to the event loop. Imports no torch.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from typing import Any

from impasto.engine.base import (
    CapacityChanged,
    Device,
    Failed,
    FailureKind,
    Finished,
    NoDeviceReady,
    Task,
    TaskEvent,
    WorkerLost,
)
from impasto.engine.devices import find_devices
from impasto.engine.worker import UNFIT, Cancel, Ready, WorkerSettings, worker_main
from impasto.text import text as _

log = logging.getLogger(__name__)

_BACKOFF = (0.0, 1.0, 5.0, 15.0, 60.0)
"""Seconds before a worker is started again that died this many times without finishing a task."""


@dataclass(eq=False, slots=True)
class _Worker:
    """One worker process and its channels, which share its life."""

    device: str
    process: SpawnProcess
    tasks: Queue[Task | None]
    events: Connection
    control: Connection
    ready: bool = False
    task: Task | None = None
    cancel_deadline: asyncio.TimerHandle | None = None
    killed_for_cancel: bool = False

    def finish(self) -> None:
        """Forget the task: its terminal event has come."""
        self.task = None
        self.killed_for_cancel = False
        if self.cancel_deadline is not None:
            self.cancel_deadline.cancel()
            self.cancel_deadline = None


@dataclass(slots=True)
class _Slot:
    """A device over the lives of its workers."""

    device: str
    name: str
    worker: _Worker | None = None
    deaths: int = 0
    restart: asyncio.TimerHandle | None = field(default=None)


class LocalEngine:
    """Runs tasks on this machine's devices.

    `settings_for` gives the worker settings of a device; `devices` is the setting of that name.
    """

    def __init__(
        self, devices: str, settings_for: Callable[[str], WorkerSettings], *, cancel_grace: float = 10.0
    ) -> None:
        self._devices, self._settings_for, self._cancel_grace = devices, settings_for, cancel_grace
        self._spawn = multiprocessing.get_context("spawn")
        self._slots: list[_Slot] = []
        self._out: asyncio.Queue[TaskEvent | CapacityChanged] = asyncio.Queue()
        self._stopping = False
        self._watch_lock = threading.Lock()
        self._watched: list[_Worker] = []
        self._wake_reader, self._wake_writer = self._spawn.Pipe(duplex=False)
        self._watcher: threading.Thread | None = None

    async def start(self) -> None:
        """Find the devices and start their workers."""
        self._loop = asyncio.get_running_loop()
        self._slots = [_Slot(*found) for found in (await find_devices(self._devices)).items()]
        self._watcher = threading.Thread(target=self._watch, name="workers", daemon=True)
        self._watcher.start()
        for slot in self._slots:
            log.info("worker on %s (%s)", slot.device, slot.name)
            self._start_worker(slot)

    async def stop(self, grace: float = 5.0) -> None:
        """End the workers, a running task after at most `grace` seconds."""
        self._stopping = True
        workers = [slot.worker for slot in self._slots if slot.worker is not None]
        for slot in self._slots:
            if slot.restart is not None:
                slot.restart.cancel()
        for worker in workers:
            worker.tasks.put(None)
        await asyncio.to_thread(_end, [worker.process for worker in workers], grace)
        self._wake_writer.send_bytes(b"stop")
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.join)
        for worker in workers:
            worker.finish()
            _discard(worker)

    async def submit(self, task: Task) -> None:
        """Give `task` to a ready device."""
        for slot in self._slots:
            worker = slot.worker
            if worker is not None and worker.ready and worker.task is None:
                worker.task, worker.ready = task, False
                worker.tasks.put(task)
                return
        raise NoDeviceReady

    async def cancel(self, task_id: str) -> None:
        """Ask the task to stop, and end its worker if it has not after the grace period."""
        for worker in (slot.worker for slot in self._slots):
            if worker is None or worker.task is None or worker.task.id != task_id or worker.cancel_deadline:
                continue
            worker.cancel_deadline = self._loop.call_later(self._cancel_grace, self._end_cancelled, worker)
            try:
                worker.control.send(Cancel(task_id, worker.task.attempt))
            except OSError:
                log.debug("worker on %s died before it could be told of a cancel", worker.device)

    async def events(self) -> AsyncIterator[TaskEvent | CapacityChanged]:
        """What happens, in order."""
        while True:
            yield await self._out.get()

    def capacity(self) -> list[Device]:
        """The devices of this machine."""
        return [
            Device(slot.device, slot.name, slot.worker is not None and slot.worker.ready)
            for slot in self._slots
        ]

    def worker_pids(self) -> dict[str, int]:
        """The process id of each device's worker, for the owner's eyes."""
        return {s.device: s.worker.process.pid for s in self._slots if s.worker and s.worker.process.pid}

    def _start_worker(self, slot: _Slot) -> None:
        tasks: Queue[Task | None] = self._spawn.Queue()
        events, child_events = self._spawn.Pipe(duplex=False)
        child_control, control = self._spawn.Pipe(duplex=False)
        process = self._spawn.Process(
            target=worker_main,
            args=(self._settings_for(slot.device), tasks, child_events, child_control),
            name=f"impasto-{slot.device}",
            daemon=True,
        )
        process.start()
        child_events.close()  # so that the child's death is the end of the file
        child_control.close()
        slot.worker = _Worker(slot.device, process, tasks, events, control)
        slot.restart = None
        with self._watch_lock:
            self._watched.append(slot.worker)
        self._wake_writer.send_bytes(b"look")

    def _watch(self) -> None:
        """Thread: wait for events and deaths, hand them to the loop."""
        while True:
            with self._watch_lock:
                workers = list(self._watched)
            by_source: dict[Any, _Worker] = {w.events: w for w in workers}
            by_sentinel: dict[Any, _Worker] = {w.process.sentinel: w for w in workers}
            for source in wait([self._wake_reader, *by_source, *by_sentinel]):
                if source is self._wake_reader:
                    if self._wake_reader.recv_bytes() == b"stop":
                        return
                elif source in by_source:
                    self._receive(by_source[source])
                elif source in by_sentinel:
                    worker = by_sentinel[source]
                    self._drain(worker)
                    with self._watch_lock:
                        if worker in self._watched:
                            self._watched.remove(worker)
                    worker.process.join()
                    self._loop.call_soon_threadsafe(self._lost, worker)

    def _receive(self, worker: _Worker) -> bool:
        try:
            event = worker.events.recv()
        except (EOFError, OSError):
            worker.process.join()  # the pipe ends with the process; its sentinel comes next
            return False
        self._loop.call_soon_threadsafe(self._take, worker, event)
        return True

    def _drain(self, worker: _Worker) -> None:
        """Take what a worker said before it died."""
        try:
            while worker.events.poll() and self._receive(worker):
                pass
        except (EOFError, OSError):
            return

    def _take(self, worker: _Worker, event: TaskEvent | Ready) -> None:
        if isinstance(event, Ready):
            worker.ready = True
            self._out.put_nowait(CapacityChanged())
            return
        task = worker.task
        if task is None or (event.task_id, event.attempt) != (task.id, task.attempt):
            return
        if isinstance(event, Finished | Failed):
            worker.finish()
            self._slot_of(worker).deaths = 0
        self._out.put_nowait(event)

    def _lost(self, worker: _Worker) -> None:
        """A worker died: end its attempt, start another."""
        task, exitcode = worker.task, worker.process.exitcode
        slot = self._slot_of(worker)
        worker.ready = False
        slot.worker = None
        if not self._stopping:
            level = logging.INFO if worker.killed_for_cancel or exitcode == UNFIT else logging.ERROR
            log.log(level, "worker on %s (pid %s) ended: %s", slot.device, worker.process.pid, exitcode)
        if task is not None:
            if worker.killed_for_cancel:
                self._out.put_nowait(
                    Failed(
                        task_id=task.id,
                        attempt=task.attempt,
                        kind=FailureKind.CANCELLED,
                        message=_("Cancelled."),
                        fit=False,
                    )
                )
            else:
                self._out.put_nowait(WorkerLost(task_id=task.id, attempt=task.attempt, exitcode=exitcode))
        expected = worker.killed_for_cancel
        worker.finish()
        _discard(worker)
        self._out.put_nowait(CapacityChanged())
        if not self._stopping:
            delay = 0.0 if expected else _BACKOFF[min(slot.deaths, len(_BACKOFF) - 1)]
            slot.deaths += not expected
            slot.restart = self._loop.call_later(delay, self._start_worker, slot)

    def _end_cancelled(self, worker: _Worker) -> None:
        log.warning("a cancelled task on %s did not stop; ending its worker", worker.device)
        worker.killed_for_cancel = True
        worker.process.kill()

    def _slot_of(self, worker: _Worker) -> _Slot:
        return next(slot for slot in self._slots if slot.device == worker.device)


def _discard(worker: _Worker) -> None:
    worker.tasks.cancel_join_thread()
    worker.tasks.close()
    worker.events.close()
    worker.control.close()


def _end(processes: Iterable[SpawnProcess], grace: float) -> None:
    deadline = time.monotonic() + grace
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        process.kill()
        process.join()
