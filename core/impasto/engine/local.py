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
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from typing import Any

from impasto.engine.base import (
    Alive,
    CapacityChanged,
    Device,
    DeviceFails,
    EngineEvent,
    Failed,
    Finished,
    NoDeviceReady,
    PutOff,
    Task,
    TaskEvent,
)
from impasto.engine.devices import find_devices
from impasto.engine.process import WorkerProcess
from impasto.engine.tether import end_children_of
from impasto.engine.worker import UNFIT, Ready, WorkerSettings
from impasto.log_workers import Said

log = logging.getLogger(__name__)

_BACKOFF = (0.0, 1.0, 5.0, 15.0, 60.0)
"""Seconds before a worker is started again that died this many times without finishing a task."""

_START_SECONDS = 120.0
"""A worker that starts may be silent for so long at least: it imports torch."""

_END_SECONDS = 10.0
"""In which a worker that is told to end must have ended."""

_FAILING_DEATHS = 3
"""Deaths in a row after which the device is said to fail."""


@dataclass(frozen=True, slots=True)
class Lives:
    """How many workers were begun on a device since the start, and how many of them ended unasked."""

    started: int = 0
    died: int = 0


@dataclass(slots=True)
class _Slot:
    """A device over the lives of its workers."""

    device: str
    name: str
    worker: WorkerProcess | None = None
    deaths: int = 0
    lives: Lives = Lives()
    restart: asyncio.TimerHandle | None = None
    rests: bool = False
    """No worker is there, since there was nothing to do; the next task starts one."""
    rest_timer: asyncio.TimerHandle | None = None

    start_seconds: float = 0.0
    """That the last worker took to start."""

    def takes(self, *, express: bool) -> bool:
        """Whether it takes a task now."""
        return self.worker.takes(express=express) if self.worker is not None else self.rests

    def starts_in(self, now: float) -> float:
        """Seconds until a worker will have started; 0 where one has, or where nobody knows."""
        if self.worker is None:
            return self.start_seconds
        return 0.0 if self.worker.loaded else max(0.0, self.worker.began + self.start_seconds - now)


class LocalEngine:
    """Runs tasks on this machine's devices.

    `settings_for` gives the worker settings of a device; `devices` is the setting of that name. A worker from
    which nothing is heard for `silence` seconds while it has a task hangs, and is ended. One that had nothing
    to do for `idle` seconds ends and gives its memory back, until the next task; None: never.
    """

    def __init__(
        self,
        devices: str,
        settings_for: Callable[[str], WorkerSettings],
        *,
        cancel_grace: float = 10.0,
        silence: float = 300.0,
        idle: float | None = None,
    ) -> None:
        self._devices, self._settings_for = devices, settings_for
        self._cancel_grace, self._silence, self._idle = cancel_grace, silence, idle
        self._spawn = multiprocessing.get_context("spawn")
        self._slots: list[_Slot] = []
        self._out: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._stopping = self._resting = False
        self._watch_lock = threading.Lock()
        self._watched: list[WorkerProcess] = []
        self._wake_reader, self._wake_writer = self._spawn.Pipe(duplex=False)
        self._watcher: threading.Thread | None = None

    async def start(self) -> None:
        """Find the devices and start their workers."""
        self._loop = asyncio.get_running_loop()
        self._slots = [_Slot(*found) for found in (await find_devices(self._devices)).items()]
        self._watcher = threading.Thread(target=self._watch, name="workers", daemon=True)
        self._watcher.start()
        for slot in self._slots:
            log.info("worker on %s (%s)", slot.device, slot.name, extra={"device": slot.device})
            self._start_worker(slot)

    async def stop(self, grace: float = 5.0) -> None:
        """End the workers, a running task after at most `grace` seconds."""
        self._stopping = True
        workers = [slot.worker for slot in self._slots if slot.worker is not None]
        for slot in self._slots:
            for timer in (slot.restart, slot.rest_timer):
                if timer is not None:
                    timer.cancel()
        for worker in workers:
            worker.end_when_idle()
            if not worker.loaded:  # it would not hear of it for seconds
                worker.process.kill()
        await asyncio.to_thread(_end, [worker.process for worker in workers], grace)
        self._wake_writer.send_bytes(b"stop")
        if self._watcher is not None:
            await asyncio.to_thread(self._watcher.join)
        for worker in workers:
            worker.discard()

    async def submit(self, task: Task) -> None:
        """Give `task` to a device that takes it, one without another task first."""
        for slot in sorted(self._slots, key=lambda slot: not slot.takes(express=False)):
            if not slot.takes(express=task.express):
                continue
            self._resting = False
            worker = slot.worker or self._start_worker(slot)
            worker.hand(task)
            if slot.rest_timer is not None:
                slot.rest_timer.cancel()
            return
        raise NoDeviceReady

    async def rest(self) -> None:
        """Let every worker end after what it has; the next task starts one anew."""
        self._resting = True
        for slot in self._slots:
            self._rest(slot)

    async def cancel(self, task_id: str) -> None:
        """Ask the task to stop, and end its worker if it has not after the grace period."""
        for slot in self._slots:
            if slot.worker is not None and (end := slot.worker.cancel(task_id, self._cancel_grace)):
                self._out.put_nowait(end)
                self._settle(slot)

    async def events(self) -> AsyncIterator[EngineEvent]:
        """What happens, in order."""
        while True:
            yield await self._out.get()

    def capacity(self) -> list[Device]:
        """The devices of this machine."""
        return [
            Device(
                slot.device,
                slot.name,
                slot.takes(express=False),
                slot.takes(express=True),
                slot.starts_in(self._loop.time()),
            )
            for slot in self._slots
        ]

    @property
    def is_heard(self) -> bool:
        """Whether what workers say is heard, or none was started yet."""
        return self._watcher is None or self._watcher.is_alive() or self._stopping

    def failing(self) -> list[str]:
        """The devices whose workers die one after the other."""
        return [slot.device for slot in self._slots if slot.deaths >= _FAILING_DEATHS]

    def worker_pids(self) -> dict[str, int]:
        """The process id of each device's worker, for the owner's eyes."""
        return {s.device: s.worker.process.pid for s in self._slots if s.worker and s.worker.process.pid}

    def lives(self) -> dict[str, Lives]:
        """Each device's workers since the start."""
        return {slot.device: slot.lives for slot in self._slots}

    def _start_worker(self, slot: _Slot) -> WorkerProcess:
        slot.worker = WorkerProcess(self._spawn, self._settings_for(slot.device))
        slot.restart, slot.rests = None, False
        slot.lives = replace(slot.lives, started=slot.lives.started + 1)
        with self._watch_lock:
            self._watched.append(slot.worker)
        self._wake_writer.send_bytes(b"look")
        self._loop.call_later(max(self._silence, _START_SECONDS), self._listen, slot.worker)
        return slot.worker

    def _watch(self) -> None:
        """Thread: wait for events and deaths, hand them to the loop."""
        while True:
            with self._watch_lock:
                workers = list(self._watched)
            by_source: dict[Any, WorkerProcess] = {w.events: w for w in workers}
            by_sentinel: dict[Any, WorkerProcess] = {w.process.sentinel: w for w in workers}
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

    def _receive(self, worker: WorkerProcess) -> bool:
        try:
            event = worker.events.recv()
        except (EOFError, OSError):
            worker.process.join()  # the pipe ends with the process; its sentinel comes next
            return False
        if isinstance(event, Said):
            event.log()
        else:
            self._loop.call_soon_threadsafe(self._take, worker, event)
        return True

    def _drain(self, worker: WorkerProcess) -> None:
        """Take what a worker said before it died."""
        try:
            while worker.events.poll() and self._receive(worker):
                pass
        except (EOFError, OSError):
            return

    def _take(self, worker: WorkerProcess, event: TaskEvent | Ready) -> None:
        slot = self._slot_of(worker)
        worker.heard = self._loop.time()
        if isinstance(event, Ready):
            worker.loaded, slot.start_seconds = True, worker.heard - worker.began
            self._listen(worker)
            self._settle(slot)
        elif worker.has(event):
            took = _takes(worker)
            worker.hear(event)
            if isinstance(event, Finished | Failed):
                slot.deaths = 0
            if not isinstance(event, Alive | PutOff):
                self._out.put_nowait(event)
            if _takes(worker) != took or worker.idle:
                self._settle(slot)

    def _settle(self, slot: _Slot) -> None:
        """Something ended or began: tell of it, and count the time in which there is nothing to do."""
        self._out.put_nowait(CapacityChanged())
        if slot.worker is not None:
            self._see_to_its_end(slot.worker)
        if slot.rest_timer is not None:
            slot.rest_timer.cancel()
            slot.rest_timer = None
        if self._idle is not None and slot.worker is not None and slot.worker.idle:
            slot.rest_timer = self._loop.call_later(self._idle, self._rest, slot)

    def _rest(self, slot: _Slot) -> None:
        worker = slot.worker
        if worker is not None and not worker.ending:
            worker.end_when_idle()
            self._see_to_its_end(worker)

    def _see_to_its_end(self, worker: WorkerProcess) -> None:
        """End a worker that has nothing to do and should have ended."""
        if worker.ending and worker.idle and not self._stopping:
            self._loop.call_later(_END_SECONDS, worker.process.kill)

    def _listen(self, worker: WorkerProcess) -> None:
        """End a worker of which nothing is heard for too long, though it has a task or should be loaded."""
        if self._slot_of(worker).worker is not worker or self._stopping:
            return
        silent = self._loop.time() - worker.heard
        waiting = worker.idle and worker.loaded
        if silent >= self._silence and not waiting:
            words, device = "nothing was heard of the worker on %s for %.0f s; ending it", worker.device
            log.error(words, device, silent, extra={"device": device})
            worker.hung = True
            worker.process.kill()
            return
        wait_for = self._silence if waiting else self._silence - silent
        self._loop.call_later(max(wait_for, 0.05), self._listen, worker)

    def _lost(self, worker: WorkerProcess) -> None:
        """A worker died: end its attempts, start another."""
        exitcode = worker.process.exitcode
        end_children_of(worker.process)
        slot = self._slot_of(worker)
        slot.worker, effect_id = None, worker.computes
        ends = worker.lost()
        obeyed = any(isinstance(end, Failed) for end in ends)
        rested = worker.ending and not ends
        expected = obeyed or rested
        slot.rests = rested or (self._resting and obeyed)
        if rested and not self._stopping:
            words = "worker on %s ended: its memory is given back until there is work"
            log.info(words, slot.device, extra={"device": slot.device})
        elif not self._stopping:
            level = logging.INFO if expected or exitcode == UNFIT else logging.ERROR
            words, pid = "worker on %s (pid %s) ended: %s", worker.process.pid
            log.log(level, words, slot.device, pid, exitcode, extra={"device": slot.device})
        for end in ends:
            self._out.put_nowait(end)
        worker.discard()
        if not self._stopping and not slot.rests:
            delay = 0.0 if expected else _BACKOFF[min(slot.deaths, len(_BACKOFF) - 1)]
            slot.deaths += not expected
            slot.lives = replace(slot.lives, died=slot.lives.died + (not expected))
            slot.restart = self._loop.call_later(delay, self._start_worker, slot)
            if slot.deaths == _FAILING_DEATHS and not expected:
                fails = DeviceFails(slot.device, slot.name, slot.deaths, exitcode, worker.hung, effect_id)
                self._out.put_nowait(fails)
        self._settle(slot)

    def _slot_of(self, worker: WorkerProcess) -> _Slot:
        return next(slot for slot in self._slots if slot.device == worker.device)


def _takes(worker: WorkerProcess) -> tuple[bool, bool]:
    return worker.takes(express=False), worker.takes(express=True)


def _end(processes: Iterable[SpawnProcess], grace: float) -> None:
    deadline = time.monotonic() + grace
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        process.kill()
        process.join()
        end_children_of(process)
