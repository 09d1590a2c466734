"""The worker process: takes tasks from its queue, runs them, sends events. torch lives here and only here.

It ends when its parent ends, however that happens: see `tether`.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from multiprocessing.connection import Connection
from multiprocessing.queues import Queue
from pathlib import Path

from impasto.crash import leave_no_picture
from impasto.engine.base import Task, TaskEvent
from impasto.engine.bench import Bench, DeviceBroken
from impasto.engine.memory import limit_host_memory
from impasto.engine.priority import give_way
from impasto.engine.runner import EffectRunner, RunnerSettings
from impasto.engine.tether import end_with_parent
from impasto.log_workers import Said, log_through
from impasto.plugins import load_plugins


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker is started with."""

    device: str
    plugins_folder: Path
    weights_folder: Path
    runner: RunnerSettings
    log_level: str = "INFO"


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker has loaded what it needs."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Parent to worker: stop this attempt and no other."""

    task_id: str
    attempt: int


UNFIT = 3
"""Exit code of a worker that replaced itself: its device context is broken."""


def worker_main(
    settings: WorkerSettings, tasks: Queue[Task | None], events: Connection, control: Connection
) -> None:
    """Run tasks from `tasks` until None comes, sending their events through `events`."""
    end_with_parent()
    give_way()
    leave_no_picture()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    send = partial(_send, events, threading.Lock())
    log_through(send, settings.log_level, settings.device)
    cancelled: set[tuple[str, int]] = set()
    threading.Thread(target=_obey, args=(control, cancelled), daemon=True).start()
    device = _only_this_device(settings.device)
    # Threads that wait for each other sleep instead of spinning: on the CPU, two to five times as fast beside
    # other work, a tenth to a fifth slower alone (benchmarks/busy_neighbour.py). Read when torch is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    ceiling = settings.runner.worker_memory
    if ceiling is not None:
        # A stack that finds no room ends the process, and each of torch's threads has one, usually of 8 MB.
        os.environ.setdefault("OMP_STACKSIZE", "1M")
    logging.disable(logging.WARNING)  # of what is wrong with a plugin or a network, the core has told
    plugins = load_plugins(settings.plugins_folder, settings.weights_folder)
    logging.disable(logging.NOTSET)
    if find_spec("torch") is not None:
        import torch  # noqa: F401 - here, so that the first task does not wait for it
    if ceiling is not None:
        limit_host_memory(ceiling)
    runner = EffectRunner(plugins, device, settings.runner)
    send(Ready())
    try:
        Bench(settings.device, runner, tasks.get, send, cancelled.__contains__).run()
    except DeviceBroken:
        logging.getLogger(__name__).error("the device context is broken; the worker is replaced")
        os._exit(UNFIT)  # interpreter shutdown could hang in CUDA


def _send(events: Connection, lock: threading.Lock, event: TaskEvent | Ready | Said) -> None:
    with lock:  # since several threads send
        events.send(event)


def _obey(control: Connection, cancelled: set[tuple[str, int]]) -> None:
    """Note what is cancelled; end the process when the parent is gone."""
    while True:
        try:
            message: Cancel = control.recv()
        except (EOFError, OSError):
            os._exit(0)
        cancelled.add((message.task_id, message.attempt))


def _only_this_device(device: str) -> str:
    """Hide the other CUDA devices from torch, before it is imported, and name the one that is left."""
    kind, _, index = device.partition(":")
    if kind != "cuda":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
        return device
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    chosen = visible.split(",")[int(index)] if visible else index
    os.environ["CUDA_VISIBLE_DEVICES"] = chosen
    return "cuda:0"
