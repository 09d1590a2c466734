"""Impasto for one user, from logon to logoff: what the scheduled task of install_service.ps1 -Autostart runs.

Started by the system's own pythonw.exe, which has no window, with -I -S. It starts Impasto again if it fails,
since the task scheduler does so only for programs that cannot be started at all.
"""

from __future__ import annotations

import os
import site
import sys
import time
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
"""How often the installer's wish to stop is looked for."""


class Autostart:
    """One run, from logon until it is asked to stop: by a file `stop` beside the log."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._wish = layout.logs / "stop"
        self._asked = Event()
        self._running: Supervisor | None = None
        self._job = Job()

    def run(self) -> None:
        """Run Impasto, again and again if it fails. Raises `OSError` where it cannot be started."""
        self._wish.unlink(missing_ok=True)
        Thread(target=self._look_out, name="stop", daemon=True).start()
        failures = 0
        while not self._asked.is_set():
            begun = time.monotonic()
            self._running = Supervisor(
                self._layout.impasto("run"),
                self._layout.variables(),
                self._layout.logs,
                kill=self._job.kill_others,
            )
            if self._asked.is_set():  # in the meantime, with nobody there to be asked
                return
            ending = self._running.run(lambda left: None)
            if ending in {Ending.ASKED, Ending.MISCONFIGURED}:
                return
            if time.monotonic() - begun > STEADY_SECONDS:
                failures = 0
            self._asked.wait(DELAYS[min(failures, len(DELAYS) - 1)])
            failures += 1

    def _look_out(self) -> None:
        while not self._wish.exists():
            time.sleep(LOOK_SECONDS)
        self._asked.set()
        if self._running is not None:
            self._running.request_stop(STOP_GRACE)


if __name__ == "__main__":
    Autostart(Layout.of_user(os.environ)).run()
