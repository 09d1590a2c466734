"""The supervisor of the Windows service, driving real child processes."""

from __future__ import annotations

import importlib.util
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


@pytest.fixture(scope="module")
def supervise() -> ModuleType:
    spec = importlib.util.spec_from_file_location("supervise", SOURCE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Run:
    """One run of a program under a supervisor, in a thread as Windows would have it."""

    def __init__(self, supervise: ModuleType, program: str, folder: Path) -> None:
        self.log = folder / "logs" / "impasto.log"
        self.supervisor = supervise.Supervisor([sys.executable, "-c", program], os.environ, self.log.parent)
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
    assert run.log.read_text(encoding="utf-8") == "ready 1 grüße\nclosing the jobs\n"
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


def test_log_is_cut_into_files_and_only_the_newest_are_kept(
    supervise: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "LOG_BYTES", 1000)
    run = Run(supervise, "for n in range(2000): print(f'line {n:04}')", tmp_path)
    assert run.result() == "ASKED"
    files = sorted(run.log.parent.iterdir(), reverse=True)
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
