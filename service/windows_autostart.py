"""Impasto for one user, from logon to logoff: what the scheduled task of install_service.ps1 -Autostart runs.

Started by the system's own pythonw.exe, which has no window, with -I -S. It starts Impasto again if it fails,
since the task scheduler does so only for programs that cannot be started at all.
"""

from __future__ import annotations

import os
import site
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[1]

if sys.flags.no_site:
    site.addsitedir(str(PROGRAM / "venv" / "Lib" / "site-packages"))
sys.path.insert(0, str(HERE))

from supervise import Ending, Supervisor  # noqa: E402 - found only now
from windows_job import Job  # noqa: E402
from windows_layout import Layout  # noqa: E402

DELAYS = (10.0, 60.0, 300.0)
"""Seconds before it is started again: after the first failure, the second, and all that follow."""

STEADY_SECONDS = 3600.0
"""Who ran for so long begins with the first delay again."""

STOP_GRACE = 20.0

LOOK_SECONDS = 1.0
"""How often it is looked whether somebody wishes it to stop."""


class Autostart:
    """One run, from logon until it is asked to stop: by a file `stop` beside the log.

    By a file `restart` it is asked to start Impasto again.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._stopped = Event()
        self._asked = Event()
        """To stop or to restart."""
        self._running: Supervisor | None = None
        self._job = Job()

    def run(self) -> None:
        """Run Impasto, again and again if it fails. Raises `OSError` where it cannot be started."""
        for wish in (self._layout.wish_to_stop, self._layout.wish_to_restart):
            wish.unlink(missing_ok=True)
        Thread(target=self._look_out, name="stop", daemon=True).start()
        failures = 0
        while not self._stopped.is_set():
            begun = time.monotonic()
            self._asked.clear()
            self._running = Supervisor(
                self._layout.impasto("run"),
                self._layout.variables(),
                self._layout.logs,
                kill=self._job.kill_others,
            )
            if self._stopped.is_set():  # in the meantime, with nobody there to be asked
                return
            ending = self._running.run(lambda left: None)
            if self._asked.is_set():
                failures = 0
                continue
            if ending in {Ending.ASKED, Ending.MISCONFIGURED}:
                return
            if time.monotonic() - begun > STEADY_SECONDS:
                failures = 0
            self._asked.wait(DELAYS[min(failures, len(DELAYS) - 1)])
            failures += 1

    def _look_out(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            if self._layout.wish_to_stop.exists():
                self._stopped.set()
                self._ask()
            with suppress(OSError):  # nobody wishes it, or who does is still writing
                self._layout.wish_to_restart.unlink()
                self._ask()

    def _ask(self) -> None:
        self._asked.set()
        if self._running is not None:
            self._running.request_stop(STOP_GRACE)


if __name__ == "__main__":
    Autostart(Layout.of_user(os.environ)).run()
