"""LocalEngine with real worker processes: whatever happens to a worker, each attempt has one end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import ImageOps

from impasto.bot.limits import FILE
from impasto.crop import Crop
from impasto.effects import OptionValue
from impasto.engine.base import (
    CapacityChanged,
    Failed,
    FailureKind,
    Finished,
    InputPicture,
    NoDeviceReady,
    Progress,
    Started,
    Task,
    TaskEvent,
    WorkerLost,
)
from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from tests.pictures import decoded, encoded, photo, scene

PLUGINS = Path(__file__).parent.parent / "fixtures" / "plugins"
TERMINAL = Finished | Failed | WorkerLost


def probe_settings(device: str) -> WorkerSettings:
    return WorkerSettings(device, PLUGINS, PLUGINS, RunnerSettings(input_pixels=1_000_000))


class Stage:
    """An engine whose events are collected, and can be waited for."""

    def __init__(self, engine: LocalEngine) -> None:
        self.engine = engine
        self.events: list[TaskEvent] = []
        self._changed = asyncio.Condition()
        self._collecting = asyncio.create_task(self._collect())

    async def _collect(self) -> None:
        async for event in self.engine.events():
            async with self._changed:
                if not isinstance(event, CapacityChanged):
                    self.events.append(event)
                self._changed.notify_all()

    async def until(self, condition: Callable[[], bool], timeout: float = 30) -> None:
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(condition)

    async def submit(self, task: Task) -> None:
        await self.until(lambda: any(device.ready for device in self.engine.capacity()))
        await self.engine.submit(task)

    async def end_of(self, task: Task) -> TERMINAL:
        def ends() -> list[TERMINAL]:
            return [
                event
                for event in self.events
                if isinstance(event, TERMINAL) and (event.task_id, event.attempt) == (task.id, task.attempt)
            ]

        await self.until(lambda: bool(ends()))
        assert len(ends()) == 1
        return ends()[0]

    async def progress_of(self, task: Task) -> None:
        await self.until(lambda: any(isinstance(e, Progress) and e.task_id == task.id for e in self.events))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    engine = LocalEngine("cpu", probe_settings, cancel_grace=0.5)
    await engine.start()
    stage = Stage(engine)
    yield stage
    pids = engine.worker_pids().values()
    await engine.stop(1)
    stage._collecting.cancel()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def a_task(effect: str, number: int = 1, **options: OptionValue) -> Task:
    pictures = {"content": (InputPicture(photo()),), "style": (InputPicture(photo()),)}
    return Task(str(number), 1, f"probe.{effect}", options, pictures, (FILE,), preview_side=32)


async def test_a_task_starts_reports_rising_progress_with_previews_and_ends_once(stage: Stage) -> None:
    task = a_task("patient", seconds=2)
    await stage.submit(task)
    end = await stage.end_of(task)
    assert isinstance(end, Finished)
    assert isinstance(stage.events[0], Started)
    fractions = [event.fraction for event in stage.events if isinstance(event, Progress)]
    assert len(fractions) > 2
    assert fractions == sorted(fractions)
    assert [event.sequence for event in stage.events] == sorted({e.sequence for e in stage.events})
    previews = [event.preview for event in stage.events if isinstance(event, Progress) and event.preview]
    assert decoded(previews[0]).size == (32, 24)
    assert decoded(end.pictures[0].data).size == scene().size


async def test_of_each_picture_the_wanted_part_is_worked_on_and_counted(stage: Stage) -> None:
    exact = encoded(scene(), "PNG")
    given = {"content": (InputPicture(exact, Crop(0.5, 0, 1, 0.5)),), "style": (InputPicture(exact),)}
    task = replace(a_task("mirror"), images=given)
    await stage.submit(task)
    end = await stage.end_of(task)
    assert isinstance(end, Finished)
    made = decoded(end.pictures[0].data).convert("RGB")
    assert made.tobytes() == ImageOps.mirror(scene().crop((32, 0, 64, 24))).tobytes()
    assert end.pixels == 32 * 24 + 64 * 48


async def test_a_busy_device_takes_no_second_task(stage: Stage) -> None:
    await stage.submit(a_task("patient", seconds=1))
    with pytest.raises(NoDeviceReady):
        await stage.engine.submit(a_task("mirror", 2))


async def test_cancel_ends_a_task_at_its_next_step_and_leaves_the_worker(stage: Stage) -> None:
    task = a_task("patient", seconds=60)
    await stage.submit(task)
    await stage.progress_of(task)
    pids = stage.engine.worker_pids()
    await stage.engine.cancel(task.id)
    end = await stage.end_of(task)
    assert isinstance(end, Failed)
    assert end.kind is FailureKind.CANCELLED
    assert stage.engine.worker_pids() == pids


async def test_cancel_does_not_touch_the_task_that_comes_next(stage: Stage) -> None:
    first, second = a_task("patient", 1, seconds=60), a_task("patient", 2, seconds=1)
    await stage.submit(first)
    await stage.progress_of(first)
    await stage.engine.cancel(first.id)
    await stage.end_of(first)
    await stage.submit(second)
    assert isinstance(await stage.end_of(second), Finished)


async def test_a_task_that_never_looks_up_is_ended_with_its_worker_after_the_grace(stage: Stage) -> None:
    task = a_task("deaf", seconds=60)
    await stage.submit(task)
    await stage.progress_of(task)
    before = time.monotonic()
    await stage.engine.cancel(task.id)
    end = await stage.end_of(task)
    assert isinstance(end, Failed)
    assert end.kind is FailureKind.CANCELLED
    assert 0.4 < time.monotonic() - before < 3
    after = a_task("mirror", 2)
    await stage.submit(after)
    assert isinstance(await stage.end_of(after), Finished)


async def test_a_killed_worker_is_noticed_at_once_and_replaced(stage: Stage) -> None:
    task = a_task("patient", seconds=60)
    await stage.submit(task)
    await stage.progress_of(task)
    before = time.monotonic()
    os.kill(stage.engine.worker_pids()["cpu"], signal.SIGKILL)
    end = await stage.end_of(task)
    assert isinstance(end, WorkerLost)
    assert end.exitcode == -signal.SIGKILL
    assert time.monotonic() - before < 1
    after = a_task("mirror", 2)
    await stage.submit(after)
    assert isinstance(await stage.end_of(after), Finished)


async def test_an_effect_with_a_bug_fails_and_the_worker_goes_on(stage: Stage) -> None:
    wrong, picky, after = a_task("wrong", 1), a_task("picky", 2), a_task("mirror", 3)
    for task in (wrong, picky, after):
        await stage.submit(task)
        await stage.end_of(task)
    ends = [event for event in stage.events if isinstance(event, TERMINAL)]
    assert isinstance(ends[0], Failed)
    assert ends[0].kind is FailureKind.INTERNAL
    assert "a bug of the plugin" in ends[0].detail
    assert "bug" not in str(ends[0].message)
    assert isinstance(ends[1], Failed)
    assert ends[1].kind is FailureKind.BAD_PICTURE
    assert str(ends[1].message) == "I only paint cats."
    assert isinstance(ends[2], Finished)


_PARENT = """
import asyncio, sys
from tests.core.test_engine import LocalEngine, probe_settings

async def main():
    engine = LocalEngine("cpu", probe_settings)
    await engine.start()
    async for _ in engine.events():
        print(engine.worker_pids()["cpu"], flush=True)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_worker_does_not_outlive_a_core_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    root = Path(__file__).parent.parent.parent
    parent = subprocess.Popen(
        [sys.executable, script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root)}
    )
    assert parent.stdout is not None
    worker = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    worker.wait(timeout=10)
    parent.stdout.close()
