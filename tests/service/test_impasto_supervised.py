"""Impasto itself under the supervisor of the Windows service, against the sandbox's Bot API."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
from filelock import FileLock

from impasto.sandbox.server import Sandbox


@pytest.fixture
def supervise(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "service"))
    import supervise

    return supervise


class Supervised:
    """`impasto run` as the service runs it, in a folder."""

    def __init__(self, supervise: ModuleType, folder: Path, sandbox: Sandbox, silence: float) -> None:
        environment = {
            **os.environ,
            "IMPASTO_TOKEN": sandbox.token,
            "IMPASTO_TELEGRAM__BASE_URL": sandbox.base_url,
            "IMPASTO_TELEGRAM__BASE_FILE_URL": sandbox.base_file_url,
            "IMPASTO_DATA_DIR": str(folder),
            "IMPASTO_WELCOME_PICTURE": "false",
        }
        command = [sys.executable, "-I", "-X", "utf8", "-m", "impasto", "run"]
        self.logs = folder / "logs"
        self.supervisor = supervise.Supervisor(command, environment, self.logs, silence=silence)
        self.ended = asyncio.create_task(asyncio.to_thread(self.supervisor.run, lambda left: None))

    async def says(self, state: str) -> dict[str, Any]:
        """Wait until it shows this state."""
        async with asyncio.timeout(60):
            while True:
                try:
                    sign: dict[str, Any] = json.loads((self.logs / "state.json").read_text())
                except (OSError, ValueError):
                    sign = {}
                if sign.get("state") == state:
                    return sign
                await asyncio.sleep(0.05)

    def core(self) -> psutil.Process:
        return next(child for child in psutil.Process().children() if "impasto" in child.cmdline())


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def test_bot_is_ready_once_it_answers_and_ends_when_its_input_does(
    supervise: ModuleType, tmp_path: Path, sandbox: Sandbox
) -> None:
    run = Supervised(supervise, tmp_path, sandbox, silence=60)
    await run.says("ready")
    assert "is here:" in (run.logs / "impasto.log").read_text()
    run.supervisor.request_stop(30)
    assert (await run.ended).name == "ASKED"
    assert run.supervisor.exit_code == 0


async def test_bot_that_does_not_move_any_more_is_ended(
    supervise: ModuleType, tmp_path: Path, sandbox: Sandbox
) -> None:
    run = Supervised(supervise, tmp_path, sandbox, silence=5)
    await run.says("ready")
    run.core().send_signal(signal.SIGSTOP)
    assert (await run.ended).name == "HUNG"


async def test_configuration_that_turns_out_wrong_is_told_by_the_exit_code(
    supervise: ModuleType, tmp_path: Path, sandbox: Sandbox
) -> None:
    with FileLock(tmp_path / "impasto.lock"):
        run = Supervised(supervise, tmp_path, sandbox, silence=60)
        assert (await run.ended).name == "MISCONFIGURED"
    assert "another Impasto is running" in (run.logs / "impasto.log").read_text()
