"""Bench: takes a worker's tasks through their stages, so that the device does not wait.

One thread decodes the next task, the one that calls `run` computes, a third encodes the last. At the progress
points of a long task an express task is let in. Sends events; knows no process.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from queue import SimpleQueue

from impasto.engine.base import Encoding, FailureKind, PutOff, Started, Task, TaskEvent
from impasto.engine.memory import LARGE_PIXELS, trim
from impasto.engine.runner import EffectRunner
from impasto.engine.work import Work

log = logging.getLogger(__name__)


class DeviceBroken(Exception):
    """The device is of no more use to this process."""


class Bench:
    """Does what `take` gives, until it gives None, and says through `send` what happens.

    `take` waits for a task; `is_cancelled` is asked with a task's id and attempt.
    """

    def __init__(
        self,
        device: str,
        runner: EffectRunner,
        take: Callable[[], Task | None],
        send: Callable[[TaskEvent], None],
        is_cancelled: Callable[[tuple[str, int]], bool],
    ) -> None:
        self._device, self._runner = device, runner
        self._take, self._send, self._is_cancelled = take, send, is_cancelled
        self._decoded: SimpleQueue[Work | None] = SimpleQueue()
        self._put_off: deque[Task] = deque()
        self._encoder = ThreadPoolExecutor(1, "encode")

    def run(self) -> None:
        """Work until there is nothing more to come. Raises `DeviceBroken`, after what was made is sent."""
        threading.Thread(target=self._decode, name="decode", daemon=True).start()
        with self._encoder:
            while (work := self._next()) is not None:
                self._started(work)
                work.compute()
                self._computed(work)

    def _decode(self) -> None:
        while (task := self._take()) is not None:
            work = self._work(task)
            work.decode()
            self._decoded.put(work)
        self._decoded.put(None)

    def _work(self, task: Task) -> Work:
        cancelled = partial(self._is_cancelled, (task.id, task.attempt))
        let_in = (lambda: None) if task.express else partial(self._let_in, task)
        return Work(self._runner, task, cancelled, self._send, let_in)

    def _next(self) -> Work | None:
        if not self._put_off:
            return self._decoded.get()
        work = self._work(self._put_off.popleft())
        work.decode()
        return work

    def _let_in(self, host: Task) -> None:
        """At a progress point of a long task: compute the express task that waits, if one does.

        Not one of the same effect, whose processor is at work.
        """
        if self._decoded.empty():
            return
        guest = self._decoded.get()
        if guest is None or not guest.task.express or guest.task.effect_id == host.effect_id:
            self._decoded.put(guest)
            return
        self._started(guest)
        # In a thread of its own, since torch keeps its modes (inference, autocast) by thread.
        thread = threading.Thread(target=guest.compute, name="guest")
        with _own_randomness():
            thread.start()
            thread.join()
        if guest.failed is not None and guest.failed.kind is FailureKind.OUT_OF_MEMORY:
            self._send(PutOff(task_id=guest.task.id, attempt=guest.task.attempt))
            self._put_off.append(guest.task)
        else:
            self._computed(guest)

    def _started(self, work: Work) -> None:
        task = work.task
        self._send(Started(task_id=task.id, attempt=task.attempt, sequence=1, device=self._device))

    def _computed(self, work: Work) -> None:
        if work.failed is None:
            self._send(Encoding(task_id=work.task.id, attempt=work.task.attempt, sequence=sys.maxsize - 1))
            self._encoder.submit(self._encode, work)
            return
        if work.failed.fit:
            self._send(work.failed)
            return
        self._encoder.shutdown()
        self._send(work.failed)
        raise DeviceBroken

    def _encode(self, work: Work) -> None:
        large = work.pixels >= LARGE_PIXELS
        self._send(work.encode())
        if large:
            trim()


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Leave torch's random state as it was, so that a task is the same with and without what it let in."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    with torch.random.fork_rng():
        yield
