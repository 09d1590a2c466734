"""A worker ends with its core, whatever either of them does, and is a guest on the desktop."""

import sys
from pathlib import Path

import psutil
import pytest

from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from tests.pictures import photo
from tests.studio import Studio, choose

UNRULY = str(Path(__file__).parent.parent / "fixtures" / "unruly")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")


async def test_a_worker_that_hangs_in_native_code_ends_with_a_core_that_was_killed(tmp_path: Path) -> None:
    async with Studio(tmp_path, PLUGINS_DIR=UNRULY) as studio:
        async with await studio.join() as ada:
            await ada.send_photo(photo())
            await choose(ada, "Stuck")
            await ada.sees("▰", timeout=30)
            worker = studio.worker()
            await studio.kill()
            psutil.wait_procs([worker], timeout=2)
            assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
        await studio.start()


async def test_a_worker_gives_way_to_other_programs_and_falls_before_the_core() -> None:
    nowhere = Path("/nonexistent")
    engine = LocalEngine("cpu", lambda device: WorkerSettings(device, nowhere, nowhere, RunnerSettings(1)))
    await engine.start()
    await anext(engine.events())
    core, worker = psutil.Process(), psutil.Process(engine.worker_pids()["cpu"])
    assert worker.nice() == min(19, core.nice() + 10)
    assert oom_score(worker) == 500 > oom_score(core)
    await engine.stop()


def oom_score(process: psutil.Process) -> int:
    return int(Path(f"/proc/{process.pid}/oom_score_adj").read_text())
