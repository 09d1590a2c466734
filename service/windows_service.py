"""Impasto as a Windows service: passes what Windows says to a `Supervisor` and its ending back; does no work.

install_service.ps1 calls it with `install` or `remove`; Windows starts it without arguments, by the system's
own python.exe with -I -S. The python.exe of an environment is a launcher with a second process behind it,
which Windows would not know as the service, and pywin32's own host finds no environment at all.
"""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[1]

if sys.flags.no_site:
    site.addsitedir(str(PROGRAM / "venv" / "Lib" / "site-packages"))
sys.path.insert(0, str(HERE))

import servicemanager  # noqa: E402 - found only now
import win32evtlogutil  # noqa: E402
import win32service  # noqa: E402
import win32serviceutil  # noqa: E402
from supervise import CONFIGURATION_WRONG, Ending, Supervisor  # noqa: E402
from windows_job import Job  # noqa: E402
from windows_layout import Layout  # noqa: E402

STOP_GRACE = 20.0
"""Seconds for the child to stop; Impasto needs about ten at most."""

SHUTDOWN_GRACE = 8.0
"""The same before the computer shuts down: Windows waits ten seconds for those that it tells beforehand."""

WAIT_HINT = 5_000
"""Milliseconds in which Windows may expect the next word from a stopping service."""


class ImpastoFailed(Exception):
    """Impasto ended unasked. pywin32 reports the service as failed then, so that Windows starts it again."""


class ImpastoService(win32serviceutil.ServiceFramework):  # type: ignore[misc]  # pywin32 has no types
    """The service as Windows knows it."""

    _svc_name_ = "Impasto"
    _svc_display_name_ = "Impasto image studio"
    _svc_description_ = "A Telegram bot that paints, translates and enlarges pictures on this computer."
    _exe_name_ = getattr(sys, "_base_executable", sys.executable)
    _exe_args_ = f'-I -S "{Path(__file__).resolve()}"'

    def __init__(self, args: list[str]) -> None:
        super().__init__(args)
        layout = Layout(PROGRAM, Path(os.environ["PROGRAMDATA"]) / "Impasto")
        self._supervisor = Supervisor(
            layout.impasto("run"), layout.variables(), layout.logs, kill=Job().kill_others
        )

    def GetAcceptedControls(self) -> int:  # noqa: N802 - pywin32 calls these by their names
        """Be told of a shutdown before it begins: there is more time then, and still a network."""
        return int(super().GetAcceptedControls() | win32service.SERVICE_ACCEPT_PRESHUTDOWN)

    def SvcDoRun(self) -> None:  # noqa: N802
        """Run Impasto until it ends. Raises `ImpastoFailed` where Windows shall start it again."""
        ending = self._supervisor.run(self._say_stopping)
        if ending is Ending.MISCONFIGURED:
            servicemanager.LogErrorMsg(
                f"Impasto's configuration is wrong (exit code {CONFIGURATION_WRONG}): see impasto.log, mend "
                "it and start the service again. It is not started again by itself."
            )
        if ending is Ending.HUNG:
            raise ImpastoFailed("Impasto did not answer any more and was ended; see impasto.log")
        if ending is Ending.FAILED:
            raise ImpastoFailed(f"Impasto ended with exit code {self._supervisor.exit_code}; see impasto.log")

    def SvcStop(self) -> None:  # noqa: N802
        """Stop, asked for by a person or an installer."""
        self._say_stopping(STOP_GRACE)
        self._supervisor.request_stop(STOP_GRACE)

    def SvcOtherEx(self, control: int, event_type: int, data: object) -> None:  # noqa: N802
        """Stop, since the computer will shut down."""
        if control == win32service.SERVICE_CONTROL_PRESHUTDOWN:
            self._say_stopping(SHUTDOWN_GRACE)
            self._supervisor.request_stop(SHUTDOWN_GRACE)

    def _say_stopping(self, _seconds_left: float) -> None:
        self.ReportServiceStatus(win32service.SERVICE_STOP_PENDING, waitHint=WAIT_HINT)


def main(arguments: list[str]) -> int:
    """Host the service, or carry out a command for it; the exit code is Windows' error number."""
    if not arguments:
        servicemanager.Initialize(ImpastoService._svc_name_, servicemanager.__file__)
        servicemanager.PrepareToHostSingle(ImpastoService)
        servicemanager.StartServiceCtrlDispatcher()
        return 0
    error: int = win32serviceutil.HandleCommandLine(ImpastoService, argv=[__file__, *arguments])
    if error == 0 and arguments[-1] == "install":
        # The service's account may not register its source of events itself.
        win32evtlogutil.AddSourceToRegistry(ImpastoService._svc_name_, servicemanager.__file__)
    if error == 0 and arguments[-1] == "remove":
        win32evtlogutil.RemoveSourceFromRegistry(ImpastoService._svc_name_)
    return error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
