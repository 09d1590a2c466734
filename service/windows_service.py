"""Impasto as a Windows service: passes what Windows says to a `Supervisor` and its ending back; does no work.

install_service.ps1 calls it with `install` or `remove`; Windows starts it without arguments, by the system's
own python.exe with -I -S. The python.exe of an environment is a launcher with a second process behind it,
which Windows would not know as the service, and pywin32's own host finds no environment at all.
"""

from __future__ import annotations

import os
import site
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = HERE.parents[1]

if sys.flags.no_site:
    site.addsitedir(str(PROGRAM / "venv" / "Lib" / "site-packages"))
sys.path.insert(0, str(HERE))

import servicemanager  # noqa: E402 - found only now
import win32api  # noqa: E402
import win32evtlogutil  # noqa: E402
import win32job  # noqa: E402
import win32service  # noqa: E402
import win32serviceutil  # noqa: E402
from supervise import CONFIGURATION_WRONG, Child, Ending, Supervisor  # noqa: E402

STOP_GRACE = 20.0
"""Seconds for the child to stop; Impasto needs about ten at most."""

SHUTDOWN_GRACE = 4.0
"""The same while the computer shuts down: Windows ends every service after five."""

WAIT_HINT = 5_000
"""Milliseconds in which Windows may expect the next word from a stopping service."""

PROCESS_TERMINATE = 0x0001


class ImpastoFailed(Exception):
    """Impasto ended unasked. pywin32 reports the service as failed then, so that Windows starts it again."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are: `program` holds what administrators alone may change, `state` what the owner has."""

    program: Path
    state: Path

    def command(self) -> list[str]:
        """What the service runs."""
        impasto = self.program / "venv" / "Scripts" / "impasto.exe"
        return [str(impasto), "run", "--config", str(self.state / "impasto.toml")]

    def environment(self) -> dict[str, str]:
        """The environment it runs in."""
        return {
            **os.environ,
            "IMPASTO_TOKEN_FILE": str(self.state / "token"),
            "IMPASTO_DATA_DIR": str(self.state / "data"),
        }


class Job:
    """The service's own process and all that come from it; they end with the service, however it ends.

    Windows ends no process with its parent, and a child left over would hold the data folder's lock.
    """

    def __init__(self) -> None:
        # Detached, since closing it would end this process too, before it has told Windows of its stop.
        self._handle: int = win32job.CreateJobObject(None, "").Detach()
        limits = win32job.QueryInformationJobObject(self._handle, win32job.JobObjectExtendedLimitInformation)
        limits["BasicLimitInformation"]["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        win32job.SetInformationJobObject(self._handle, win32job.JobObjectExtendedLimitInformation, limits)
        win32job.AssignProcessToJobObject(self._handle, win32api.GetCurrentProcess())

    def kill_others(self, _child: Child) -> None:
        """End every process but the service's own."""
        for pid in win32job.QueryInformationJobObject(self._handle, win32job.JobObjectBasicProcessIdList):
            if pid == os.getpid():
                continue
            try:
                process = win32api.OpenProcess(PROCESS_TERMINATE, False, pid)
                win32api.TerminateProcess(process, 1)
            except win32api.error:
                continue  # it ended in the meantime


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
            layout.command(), layout.environment(), layout.state / "data" / "logs", kill=Job().kill_others
        )

    def SvcDoRun(self) -> None:  # noqa: N802 - pywin32 calls it by this name
        """Run Impasto until it ends. Raises `ImpastoFailed` where Windows shall start it again."""
        ending = self._supervisor.run(self._say_stopping)
        if ending is Ending.MISCONFIGURED:
            servicemanager.LogErrorMsg(
                f"Impasto's configuration is wrong (exit code {CONFIGURATION_WRONG}): see impasto.log, mend "
                "it and start the service again. It is not started again by itself."
            )
        if ending is Ending.FAILED:
            raise ImpastoFailed(f"Impasto ended with exit code {self._supervisor.exit_code}; see impasto.log")

    def SvcStop(self) -> None:  # noqa: N802
        """Stop, asked for by a person or an installer."""
        self._say_stopping(STOP_GRACE)
        self._supervisor.request_stop(STOP_GRACE)

    def SvcShutdown(self) -> None:  # noqa: N802
        """Stop, since the computer shuts down."""
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
