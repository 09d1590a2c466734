"""The Windows service, with pywin32 played by the test and a real child process behind it.

The framework below does what pywin32 312 does in win32serviceutil.py and PythonService.cpp: `SvcRun` reports
"running", an exception out of it makes Windows see a failed service.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest

SERVICE = Path(__file__).parents[2] / "service"
RUNNING, STOP_PENDING = "running", "stop pending"
PRESHUTDOWN = 0xF

PROGRAM = """#!{python}
import os, pathlib, sys
log = sys.stderr
token = pathlib.Path(os.environ["IMPASTO_TOKEN_FILE"])
print("started", *sys.argv[1:], token.name, os.environ["IMPASTO_DATA_DIR"], file=log, flush=True)
{then}
"""


class Framework:
    """What `win32serviceutil.ServiceFramework` is to a service."""

    def __init__(self, args: list[str]) -> None:
        self.said: list[str] = []

    def GetAcceptedControls(self) -> int:  # noqa: N802
        return 0x1

    def ReportServiceStatus(self, status: str, waitHint: int = 5000) -> None:  # noqa: N802, N803
        self.said.append(status)

    def SvcRun(self) -> None:  # noqa: N802
        self.ReportServiceStatus(RUNNING)
        self.SvcDoRun()  # type: ignore[attr-defined]


class Windows:
    """One Windows with Impasto laid out on it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.program = folder / "Program Files" / "Impasto"
        self.state = folder / "ProgramData" / "Impasto"
        self.events: list[str] = []
        self.commands: list[list[str]] = []
        self.sources: list[str] = []
        shutil.copytree(SERVICE, self.program / "src" / "service")
        patch.setenv("PROGRAMDATA", str(self.state.parent))
        patch.setattr(sys, "path", list(sys.path))
        for name, module in self._pywin32().items():
            patch.setitem(sys.modules, name, module)
        for name in ("supervise", "windows_job", "windows_layout"):
            patch.delitem(sys.modules, name, raising=False)
        self._patch = patch
        self.module = self.load("windows_service")

    def load(self, name: str) -> ModuleType:
        """A module of what is installed."""
        path = self.program / "src" / "service" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        self._patch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    def _pywin32(self) -> dict[str, SimpleNamespace]:
        def command_line(_service: type, argv: list[str]) -> int:
            self.commands.append(argv[1:])
            return 0

        def members_of_job(job: int, what: str) -> Any:
            if what == "limits":
                return {"BasicLimitInformation": {"LimitFlags": 0}}
            return [os.getpid(), *(process.pid for process in self.processes())]

        return {
            "servicemanager": SimpleNamespace(LogErrorMsg=self.events.append, __file__="servicemanager.pyd"),
            "win32api": SimpleNamespace(
                GetCurrentProcess=lambda: -1,
                OpenProcess=lambda rights, inherit, pid: pid,
                TerminateProcess=lambda pid, code: os.kill(pid, signal.SIGKILL),
                error=OSError,
            ),
            "win32evtlogutil": SimpleNamespace(
                AddSourceToRegistry=lambda name, dll: self.sources.append(name),
                RemoveSourceFromRegistry=self.sources.remove,
            ),
            "win32job": SimpleNamespace(
                CreateJobObject=lambda attributes, name: SimpleNamespace(Detach=lambda: 1),
                QueryInformationJobObject=members_of_job,
                SetInformationJobObject=lambda job, what, limits: None,
                AssignProcessToJobObject=lambda job, process: None,
                JobObjectExtendedLimitInformation="limits",
                JobObjectBasicProcessIdList="members",
                JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE=0x2000,
            ),
            "win32service": SimpleNamespace(
                SERVICE_STOP_PENDING=STOP_PENDING,
                SERVICE_ACCEPT_PRESHUTDOWN=0x100,
                SERVICE_CONTROL_PRESHUTDOWN=PRESHUTDOWN,
            ),
            "win32serviceutil": SimpleNamespace(ServiceFramework=Framework, HandleCommandLine=command_line),
        }

    def service(self, then: str) -> Any:
        """The service of an Impasto that does `then` once it has started."""
        program = self.program / "venv" / "bin" / "python"  # Scripts\\python.exe on Windows
        program.parent.mkdir(parents=True)
        program.write_text(PROGRAM.format(python=sys.executable, then=then))
        program.chmod(0o755)
        return self.module.ImpastoService(["Impasto"])

    def processes(self) -> list[psutil.Process]:
        """Every process that came from the service, and no other child of the test run."""
        children = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
        ours = [child for child in children if str(self.program) in " ".join(child.cmdline())]
        return [*ours, *(process for child in ours for process in child.children(recursive=True))]

    def log(self) -> str:
        path = self.state / "data" / "logs" / "impasto.log"
        return path.read_text() if path.exists() else ""


@pytest.fixture
def windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Windows:
    return Windows(tmp_path, monkeypatch)


def start(windows: Windows, service: Any, until: str = "started") -> threading.Thread:
    thread = threading.Thread(target=service.SvcRun)
    thread.start()
    deadline = time.monotonic() + 10
    while until not in windows.log() and time.monotonic() < deadline:
        thread.join(0.01)
    return thread


def test_stop_lets_impasto_finish(windows: Windows) -> None:
    service = windows.service("sys.stdin.read(); print('finished', file=log)")
    running = start(windows, service)
    service.SvcStop()
    running.join(10)
    assert not running.is_alive()
    state = windows.state
    words = f"-I -X utf8 -m impasto run --config {state / 'impasto.toml'}"
    assert windows.log() == f"started {words} token {state / 'data'}\nfinished\n"
    assert service.said[0] == RUNNING
    assert set(service.said[1:]) == {STOP_PENDING}


def test_shutdown_ends_an_impasto_that_hangs_with_all_its_processes(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows.module, "SHUTDOWN_GRACE", 0.3)
    hang = (
        "import time, subprocess; subprocess.Popen(['sleep', '60']); print('hung', file=log); time.sleep(60)"
    )
    service = windows.service(hang)
    running = start(windows, service, until="hung")
    family = windows.processes()
    assert len(family) == 2
    assert service.GetAcceptedControls() & 0x100, "Windows tells it beforehand"
    service.SvcOtherEx(PRESHUTDOWN, 0, None)
    running.join(10)
    assert not running.is_alive()
    assert not [left for left in family if left.is_running() and left.status() != psutil.STATUS_ZOMBIE]


def test_failure_is_reported_so_that_windows_starts_it_again(windows: Windows) -> None:
    service = windows.service("sys.exit(3)")
    with pytest.raises(windows.module.ImpastoFailed, match="exit code 3"):
        service.SvcRun()


def test_impasto_that_hangs_is_ended_and_reported_as_failed(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = windows.service("print('WATCHDOG=1', flush=True); sys.stdin.read()")
    monkeypatch.setattr(service._supervisor, "_silence", 0.5)
    with pytest.raises(windows.module.ImpastoFailed, match="did not answer any more"):
        service.SvcRun()


def test_wrong_configuration_is_told_and_not_started_again(windows: Windows) -> None:
    service = windows.service("sys.exit(78)")
    service.SvcRun()
    assert "configuration is wrong" in windows.events[0]


def test_service_is_hosted_by_the_systems_python_with_a_quoted_path(windows: Windows) -> None:
    service = windows.module.ImpastoService
    assert Path(service._exe_name_).is_file()
    host = windows.program / "src" / "service" / "windows_service.py"
    assert service._exe_args_ == f'-I -S "{host}"'


def test_service_finds_its_packages_and_none_of_the_systems_python(windows: Windows) -> None:
    packages = windows.program / "venv" / "Lib" / "site-packages"
    packages.mkdir(parents=True)
    for name in ("win32api", "win32evtlogutil", "win32job", "win32service"):
        (packages / f"{name}.py").touch()
    (packages / "win32serviceutil.py").write_text("class ServiceFramework: pass\n")
    (packages / "servicemanager.py").write_text(
        "Initialize = PrepareToHostSingle = lambda *arguments: None\n"
        "StartServiceCtrlDispatcher = lambda: print('the service runs')\n"
    )
    service = windows.module.ImpastoService
    host = [service._exe_name_, *shlex.split(service._exe_args_)]
    done = subprocess.run(host, capture_output=True, text=True, cwd="/", env={})
    assert (done.stdout, done.stderr) == ("the service runs\n", "")


def test_installing_registers_the_source_of_events_and_removing_takes_it_away(windows: Windows) -> None:
    assert windows.module.main(["--startup", "delayed", "install"]) == 0
    assert (windows.commands, windows.sources) == ([["--startup", "delayed", "install"]], ["Impasto"])
    assert windows.module.main(["remove"]) == 0
    assert windows.sources == []


def test_without_a_service_impasto_is_started_again_after_a_failure_until_it_is_asked_to_stop(
    windows: Windows, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows.service(
        "done = pathlib.Path(os.environ['IMPASTO_DATA_DIR']) / 'failed'\n"
        "if not done.exists(): done.touch(); sys.exit(1)\n"
        "print('runs again', file=log, flush=True); sys.stdin.read(); print('finished', file=log)"
    )
    autostart = windows.load("windows_autostart")
    monkeypatch.setattr(autostart, "DELAYS", (0.1,))
    layout = autostart.Layout(windows.program, windows.state)
    running = threading.Thread(target=autostart.Autostart(layout).run)
    running.start()
    deadline = time.monotonic() + 20
    for times, wish in ((1, "restart"), (2, "stop")):
        while windows.log().count("runs again") < times and time.monotonic() < deadline:
            running.join(0.01)
        (layout.logs / wish).touch()
    running.join(20)
    assert not running.is_alive()
    assert windows.log().endswith("runs again\nfinished\n")
    assert windows.log().count("runs again\nfinished\n") == 2, "it was restarted in order"
