"""Runs Impasto as a child process for a service manager without signals or sockets, and keeps its log.

It knows nothing of Windows, so that it can be tried anywhere, and never restarts the child: its user does.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from logging.handlers import RotatingFileHandler
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import IO

CONFIGURATION_WRONG = 78
"""The exit code of `impasto run` that starting again would not mend."""

LOG_BYTES = 5 * 2**20
LOG_FILES = 5

SILENCE_SECONDS = 90.0
"""So long may a child be silent that has said once that it is alive."""

SIGN = "state.json"

Child = subprocess.Popen[bytes]

_NEWS = re.compile(r"(READY|STATUS|WATCHDOG|STOPPING)=(.*)")
"""What the child says of itself on its standard output, as it would to systemd."""


class Ending(Enum):
    """Why the child is no more."""

    ASKED = "it was asked to stop, or ended of itself with exit code 0"
    MISCONFIGURED = "its configuration is wrong"
    HUNG = "it did not answer any more and was ended"
    FAILED = "it failed"


@dataclass(frozen=True, slots=True)
class _Stop:
    grace: float


class _Ended:
    """The child is no more."""


class _Alive:
    """The child says that it is alive."""


class Supervisor:
    """One run of a child process, from its start to its end.

    `environment` is the child's whole environment; its standard input is a pipe whose end asks it to stop.
    What it writes goes to impasto.log in `log_folder`, with older logs beside it; how it is, to state.json.
    A child that has said that it is alive, and then nothing for `silence` seconds, is ended. `kill` ends it
    and every process that it started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log_folder: Path,
        kill: Callable[[Child], None] = subprocess.Popen.kill,
        silence: float = SILENCE_SECONDS,
    ) -> None:
        self._command = list(command)
        self._environment = {
            **environment,
            "IMPASTO_STOP_ON_EOF": "1",
            "NOTIFY_SOCKET": "-",
            "WATCHDOG_USEC": str(int(silence * 1e6)),
        }
        self._log_folder = log_folder
        self._kill = kill
        self._silence = silence
        self._events: SimpleQueue[_Stop | _Ended | _Alive] = SimpleQueue()
        self._sign = _Sign(log_folder)
        self.exit_code: int | None = None

    def request_stop(self, grace: float) -> None:
        """Ask the child to stop and allow it `grace` seconds. Returns at once, from any thread."""
        self._events.put(_Stop(grace))

    def run(self, stopping: Callable[[float], None]) -> Ending:
        """Start the child and stay until it has ended.

        `stopping` is called about every second while a stop is awaited, with the seconds that may pass until
        its end. Raises `OSError` where the program cannot be started.
        """
        self._log_folder.mkdir(parents=True, exist_ok=True)
        self._sign.show(state="starting", status="", pid=os.getpid())
        log = _RotatingFile(
            self._log_folder / "impasto.log", maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
        child = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        readers = [
            threading.Thread(target=self._hear, args=(child.stdout, log), name="news", daemon=True),
            threading.Thread(target=_copy_lines, args=(child.stderr, log), name="log", daemon=True),
        ]
        for reader in readers:
            reader.start()
        threading.Thread(target=self._watch, args=(child,), name="watch", daemon=True).start()

        ending = self._accompany(child, stopping)
        self.exit_code = child.wait()
        for reader in readers:
            reader.join(timeout=5)
        log.close()
        ending = ending or _ending_of(self.exit_code)
        self._sign.show(state="ended", status=ending.value, exit_code=self.exit_code)
        return ending

    def _accompany(self, child: Child, stopping: Callable[[float], None]) -> Ending | None:
        """Stay with the child until it ends or is about to; the reason, where it is not the child's own."""
        # Counted by itself: the clocks go on while a computer sleeps, and nobody says anything then.
        step, silent, watched = self._silence / 10, 0.0, False
        while True:
            try:
                event = self._events.get(timeout=step)
            except Empty:
                silent += step
                if watched and silent >= self._silence:
                    self._kill(child)
                    return Ending.HUNG
                continue
            match event:
                case _Alive():
                    silent, watched = 0.0, True
                case _Ended():
                    return None
                case _Stop(grace):
                    self._stop(child, grace, stopping)
                    return Ending.ASKED

    def _stop(self, child: Child, grace: float, stopping: Callable[[float], None]) -> None:
        self._sign.show(state="stopping")
        if child.stdin is not None:
            child.stdin.close()
        deadline = time.monotonic() + grace
        while (left := deadline - time.monotonic()) > 0:
            stopping(left)
            try:
                event = self._events.get(timeout=min(left, 1.0))
            except Empty:
                continue
            match event:
                case _Ended():
                    return
                case _Stop(grace):
                    deadline = min(deadline, time.monotonic() + grace)
        self._kill(child)

    def _watch(self, child: Child) -> None:
        child.wait()
        self._events.put(_Ended())

    def _hear(self, source: IO[bytes] | None, log: RotatingFileHandler) -> None:
        """Note what the child says of itself; whatever else comes this way is for the log."""
        for line in _lines(source):
            news = _NEWS.fullmatch(line)
            match news.groups() if news else ():
                case ("WATCHDOG", _):
                    self._events.put(_Alive())
                case ("READY", _):
                    self._sign.show(state="ready")
                case ("STATUS", words):
                    self._sign.show(status=words)
                case ():
                    _write(log, line)


def _ending_of(exit_code: int) -> Ending:
    if exit_code == 0:
        return Ending.ASKED
    return Ending.MISCONFIGURED if exit_code == CONFIGURATION_WRONG else Ending.FAILED


class _Sign:
    """A file by which others see how the child is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SIGN
        self._shown: dict[str, str | int] = {}
        self._lock = threading.Lock()

    def show(self, **what: str | int) -> None:
        """Change what it says."""
        with self._lock:
            self._shown |= what
            # Written in place: Windows replaces no file that is open. Who reads half of it reads again.
            with suppress(OSError):  # a full disk ends no bot
                self._path.write_text(json.dumps(self._shown), encoding="utf-8")


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


def _copy_lines(source: IO[bytes] | None, log: RotatingFileHandler) -> None:
    for line in _lines(source):
        _write(log, line)


def _lines(source: IO[bytes] | None) -> Iterator[str]:
    return (line.decode("utf-8", errors="replace").rstrip("\r\n") for line in source or ())


def _write(log: RotatingFileHandler, line: str) -> None:
    log.handle(logging.LogRecord("impasto", logging.INFO, "", 0, line, None, None))
