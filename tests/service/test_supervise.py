"""The supervisor of the Windows service, driving real child processes."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[2] / "service" / "supervise.py"

OBEDIENT = """
import os, sys
print("ready", os.environ["IMPASTO_STOP_ON_EOF"], "grüße", file=sys.stderr, flush=True)
sys.stdin.read()
print("closing the jobs", flush=True)
"""
DEAF = """
import threading
print("ready", flush=True)
threading.Event().wait()
"""
TELLS = """
import os, sys
assert (os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]) == ("-", "500000")
print("STATUS=2 pictures wait\\nREADY=1\\nWATCHDOG=1", flush=True)
"""


@pytest.fixture(scope="module")
def supervise() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supervise", SOURCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["supervise"] = module  # its data classes look themselves up
    spec.loader.exec_module(module)
    return module


class Run:
    """One run of a program under a supervisor, in a thread as Windows would have it."""

    def __init__(self, supervise: ModuleType, program: str, folder: Path, silence: float = 90) -> None:
        self.log = folder / "logs" / "impasto.log"
        self.supervisor = supervise.Supervisor(
            [sys.executable, "-X", "utf8", "-c", program], os.environ, self.log.parent, silence=silence
        )
        self.hints: list[float] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self.ending = self.supervisor.run(self.hints.append)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 10
        while not (self.log.exists() and "ready" in self.log.read_text(encoding="utf-8")):
            assert time.monotonic() < deadline, "the child never said that it is ready"
            self._thread.join(0.01)

    def sign(self) -> dict[str, object]:
        """How others see that the child is."""
        said: dict[str, object] = json.loads((self.log.parent / "state.json").read_text())
        return said

    def result(self) -> str:
        self._thread.join(15)
        assert not self._thread.is_alive()
        name: str = self.ending.name
        return name


def test_closing_standard_input_lets_the_child_finish_its_work(supervise: ModuleType, tmp_path: Path) -> None:
    run = Run(supervise, OBEDIENT, tmp_path)
    run.wait_until_ready()
    run.supervisor.request_stop(10)
    assert run.result() == "ASKED"
    assert run.supervisor.exit_code == 0
    assert sorted(run.log.read_text(encoding="utf-8").splitlines()) == ["closing the jobs", "ready 1 grüße"]
    assert run.hints, "Windows was told that the stop is under way"


def test_child_that_does_not_stop_is_killed_when_its_time_is_up(
    supervise: ModuleType, tmp_path: Path
) -> None:
    run = Run(supervise, DEAF, tmp_path)
    run.wait_until_ready()
    begun = time.monotonic()
    run.supervisor.request_stop(1.2)
    assert run.result() == "ASKED"
    assert 1.2 <= time.monotonic() - begun < 5
    assert len(run.hints) == 2, "Windows hears from a stopping service every second"


def test_shutdown_shortens_the_time_that_a_stop_allowed(supervise: ModuleType, tmp_path: Path) -> None:
    run = Run(supervise, DEAF, tmp_path)
    run.wait_until_ready()
    run.supervisor.request_stop(60)
    run.supervisor.request_stop(0.2)
    assert run.result() == "ASKED"


def test_stop_that_comes_before_the_child_is_not_lost(supervise: ModuleType, tmp_path: Path) -> None:
    supervisor = supervise.Supervisor([sys.executable, "-c", OBEDIENT], os.environ, tmp_path)
    supervisor.request_stop(10)
    assert supervisor.run(lambda left: None) is supervise.Ending.ASKED


@pytest.mark.parametrize(
    ("program", "ending"),
    [
        ("raise SystemExit(0)", "ASKED"),
        ("raise SystemExit(78)", "MISCONFIGURED"),
        ("raise SystemExit(1)", "FAILED"),
        ("import os; os.kill(os.getpid(), 9)", "FAILED"),
    ],
)
def test_ending_follows_the_exit_code(
    supervise: ModuleType, tmp_path: Path, program: str, ending: str
) -> None:
    assert Run(supervise, program, tmp_path).result() == ending


def test_others_see_when_the_child_is_ready_and_when_it_has_ended(
    supervise: ModuleType, tmp_path: Path
) -> None:
    run = Run(supervise, f"{TELLS}\nprint('ready', flush=True); sys.stdin.read()", tmp_path, silence=0.5)
    run.wait_until_ready()
    assert run.sign() == {
        "state": "ready",
        "status": "2 pictures wait",
        "pid": os.getpid(),
    }
    assert run.log.read_text() == "ready\n", "news are not for the log"
    run.supervisor.request_stop(10)
    assert run.result() == "ASKED"
    assert (run.sign()["state"], run.sign()["exit_code"]) == ("ended", 0)


def test_child_that_falls_silent_is_ended(supervise: ModuleType, tmp_path: Path) -> None:
    run = Run(supervise, f"{TELLS}\n{DEAF}", tmp_path, silence=0.5)
    assert run.result() == "HUNG"


def test_child_that_goes_on_saying_that_it_is_alive_is_left_alone(
    supervise: ModuleType, tmp_path: Path
) -> None:
    says = "import time\nfor _ in range(20): print('WATCHDOG=1', flush=True); time.sleep(0.1)"
    run = Run(supervise, f"{TELLS}\n{says}", tmp_path, silence=0.5)
    assert run.result() == "ASKED"


def test_log_is_cut_into_files_and_only_the_newest_are_kept(
    supervise: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LOG_BYTES", 1000)
    run = Run(supervise, "for n in range(2000): print(f'line {n:04}')", tmp_path)
    assert run.result() == "ASKED"
    files = sorted(run.log.parent.glob("impasto.log*"), reverse=True)
    assert len(files) == 1 + supervise.LOG_FILES
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert lines == [f"line {n:04}" for n in range(2000 - len(lines), 2000)]


def test_log_that_cannot_be_renamed_grows_and_loses_nothing(
    supervise: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LOG_BYTES", 1000)
    in_the_way = tmp_path / "logs" / "impasto.log.rotating" / "file"
    in_the_way.parent.mkdir(parents=True)
    in_the_way.touch()
    run = Run(supervise, "for n in range(500): print(f'line {n:04}')", tmp_path)
    assert run.result() == "ASKED"
    assert run.log.read_text().splitlines() == [f"line {n:04}" for n in range(500)]


def test_bytes_that_are_no_text_do_not_end_the_log(supervise: ModuleType, tmp_path: Path) -> None:
    run = Run(supervise, r"import os; os.write(1, b'\xff\xfe\nafter\n')", tmp_path)
    assert run.result() == "ASKED"
    assert run.log.read_text(encoding="utf-8").splitlines()[-1] == "after"
