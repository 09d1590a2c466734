"""Runs Impasto as a child process for a service manager without signals, and keeps its log.

It knows nothing of Windows, so that it can be tried anywhere, and never restarts the child: the service
manager does that.
"""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from enum import Enum
from logging.handlers import RotatingFileHandler
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import IO

CONFIGURATION_WRONG = 78
"""The exit code of `impasto run` that starting again would not mend."""

LOG_BYTES = 5 * 2**20
LOG_FILES = 5

Child = subprocess.Popen[bytes]


class Ending(Enum):
    """Why the child is no more."""

    ASKED = "it was asked to stop, or ended of itself with exit code 0"
    MISCONFIGURED = "its configuration is wrong"
    FAILED = "it failed"


class Supervisor:
    """One run of a child process, from its start to its end.

    `environment` is the child's whole environment; its standard input is a pipe whose end asks it to stop.
    What it writes goes to impasto.log in `log_folder`, with older logs beside it. `adopt` is told of the
    child as soon as it runs, `kill` ends it and every process that it started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log_folder: Path,
        adopt: Callable[[Child], None] = lambda child: None,
        kill: Callable[[Child], None] = subprocess.Popen.kill,
    ) -> None:
        self._command = list(command)
        self._environment = {**environment, "IMPASTO_STOP_ON_EOF": "1", "PYTHONIOENCODING": "utf-8"}
        self._log_folder = log_folder
        self._adopt = adopt
        self._kill = kill
        self._events: SimpleQueue[float | None] = SimpleQueue()
        self.exit_code: int | None = None

    def request_stop(self, grace: float) -> None:
        """Ask the child to stop and allow it `grace` seconds. Returns at once, from any thread."""
        self._events.put(grace)

    def run(self, stopping: Callable[[float], None]) -> Ending:
        """Start the child and stay until it has ended.

        `stopping` is called about every second while a stop is awaited, with the seconds that may pass until
        its end. Raises `OSError` where the program cannot be started.
        """
        log = _open_log(self._log_folder)
        child = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._adopt(child)
        copier = threading.Thread(target=_copy_lines, args=(child.stdout, log), name="log", daemon=True)
        copier.start()
        threading.Thread(target=self._watch, args=(child,), name="watch", daemon=True).start()

        grace = self._events.get()
        if grace is not None:
            self._stop(child, grace, stopping)
        self.exit_code = child.wait()
        copier.join(timeout=5)
        log.close()
        return _ending(self.exit_code, asked=grace is not None)

    def _watch(self, child: Child) -> None:
        child.wait()
        self._events.put(None)

    def _stop(self, child: Child, grace: float, stopping: Callable[[float], None]) -> None:
        if child.stdin is not None:
            child.stdin.close()
        deadline = time.monotonic() + grace
        while (left := deadline - time.monotonic()) > 0:
            stopping(left)
            try:
                again = self._events.get(timeout=min(left, 1.0))
            except Empty:
                continue
            if again is None:
                return
            deadline = min(deadline, time.monotonic() + again)
        self._kill(child)


def _ending(exit_code: int, *, asked: bool) -> Ending:
    if asked or exit_code == 0:
        return Ending.ASKED
    return Ending.MISCONFIGURED if exit_code == CONFIGURATION_WRONG else Ending.FAILED


class _RotatingFile(RotatingFileHandler):
    """Rotates, but not while somebody has the log open: Windows forbids it, so the log grows until then."""

    def doRollover(self) -> None:  # noqa: N802 - overrides the library's method
        if self.stream is not None:
            self.stream.close()
            self.stream = None  # the library's sign to open it again
        probe = f"{self.baseFilename}.rotating"
        try:
            os.replace(self.baseFilename, probe)  # noqa: PTH105 - names are text in this library
            os.replace(probe, self.baseFilename)  # noqa: PTH105
        except OSError:
            return
        super().doRollover()


def _open_log(folder: Path) -> RotatingFileHandler:
    folder.mkdir(parents=True, exist_ok=True)
    return _RotatingFile(folder / "impasto.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")


def _copy_lines(source: IO[bytes] | None, log: RotatingFileHandler) -> None:
    for line in source or ():
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        log.emit(logging.LogRecord("impasto", logging.INFO, "", 0, text, None, None))
