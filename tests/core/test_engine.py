"""LocalEngine with real worker processes: whatever happens to a worker, each attempt has one end."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import ImageOps

from impasto.bot.limits import FILE
from impasto.crop import Crop
from impasto.effects import OptionValue
from impasto.engine.base import (
    DeviceFails,
    Encoding,
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
        self.failing: list[str] = []
        self._changed = asyncio.Condition()
        self._collecting = asyncio.create_task(self._collect())

    async def _collect(self) -> None:
        async for event in self.engine.events():
            async with self._changed:
                match event:
                    case DeviceFails():
                        self.failing.append(event.device)
                    case TaskEvent():
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

    def has_ended(self, task: Task) -> bool:
        return any(isinstance(event, TERMINAL) and event.task_id == task.id for event in self.events)

    async def progress_of(self, task: Task) -> None:
        await self.until(lambda: any(isinstance(e, Progress) and e.task_id == task.id for e in self.events))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged() as stage:
        yield stage


@asynccontextmanager
async def staged(*, silence: float = 60.0, idle: float | None = None) -> AsyncIterator[Stage]:
    """An engine for a while; none of its workers is left."""
    engine = LocalEngine("cpu", probe_settings, cancel_grace=0.5, silence=silence, idle=idle)
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


def an_express_task(effect: str, number: int, **options: OptionValue) -> Task:
    return replace(a_task(effect, number, **options), express=True)


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


async def test_an_express_task_is_done_at_the_progress_points_of_a_long_one(stage: Stage) -> None:
    long, express = a_task("patient", 1, seconds=3), an_express_task("mirror", 2)
    await stage.submit(long)
    await stage.progress_of(long)
    assert [(device.ready, device.express) for device in stage.engine.capacity()] == [(False, True)]
    before = time.monotonic()
    await stage.engine.submit(express)
    assert isinstance(await stage.end_of(express), Finished)
    assert time.monotonic() - before < 1
    assert not stage.has_ended(long)
    end = await stage.end_of(long)
    assert isinstance(end, Finished)
    assert end.seconds >= 2.9


async def test_the_next_task_begins_while_the_last_picture_is_made_into_a_file(stage: Stage) -> None:
    large = {"content": (InputPicture(photo(1200, 800)),)}
    first, second = replace(a_task("twice", 1), images=large), a_task("mirror", 2)
    await stage.submit(first)
    await stage.until(lambda: any(isinstance(event, Encoding) for event in stage.events))
    await stage.submit(second)
    await stage.end_of(first)
    await stage.end_of(second)
    told = [(type(event), event.task_id) for event in stage.events]
    assert told.index((Started, "2")) < told.index((Finished, "1"))


async def test_a_long_task_that_does_not_look_up_is_given_no_express_task(stage: Stage) -> None:
    long = a_task("deaf", 1, seconds=60)
    await stage.submit(long)
    await stage.progress_of(long)
    await asyncio.sleep(3.1)  # what it said last is no longer trusted after three seconds
    with pytest.raises(NoDeviceReady):
        await stage.engine.submit(an_express_task("mirror", 2))


async def test_when_an_express_task_kills_the_worker_the_long_one_is_innocent(stage: Stage) -> None:
    long, express = a_task("patient", 1, seconds=60), an_express_task("deadly", 2)
    await stage.submit(long)
    await stage.progress_of(long)
    await stage.engine.submit(express)
    lost = await stage.end_of(express), await stage.end_of(long)
    assert [end.guilty for end in lost if isinstance(end, WorkerLost)] == [True, False]


async def test_an_express_task_can_be_cancelled_and_the_long_one_goes_on(stage: Stage) -> None:
    long, express = a_task("patient", 1, seconds=3), an_express_task("patient", 2, seconds=60)
    await stage.submit(long)
    await stage.progress_of(long)
    await stage.engine.submit(express)
    await stage.progress_of(express)
    await stage.engine.cancel(express.id)
    end = await stage.end_of(express)
    assert isinstance(end, Failed)
    assert end.kind is FailureKind.CANCELLED
    assert isinstance(await stage.end_of(long), Finished)


async def test_a_worker_that_gives_no_sign_of_life_is_ended_and_replaced() -> None:
    async with staged(silence=1.0) as stage:
        task = a_task("deaf", seconds=60)
        await stage.submit(task)
        end = await stage.end_of(task)
        assert isinstance(end, WorkerLost)
        assert end.hung
        after = a_task("patient", 2, seconds=3)
        await stage.submit(after)
        assert isinstance(await stage.end_of(after), Finished), "looking up is a sign of life"


async def test_a_worker_that_hangs_instead_of_ending_is_ended() -> None:
    async with staged(idle=0.3) as stage:
        first, second = a_task("mirror", 1), a_task("mirror", 2)
        await stage.submit(first)
        await stage.end_of(first)
        [worker] = [psutil.Process(pid) for pid in stage.engine.worker_pids().values()]
        worker.suspend()
        await stage.until(lambda: stage.engine.worker_pids() == {})
        await stage.engine.submit(second)
        assert isinstance(await stage.end_of(second), Finished)


async def test_a_worker_without_work_gives_its_memory_back_until_there_is_some() -> None:
    async with staged(idle=0.3) as stage:
        first, second = a_task("mirror", 1), a_task("mirror", 2)
        await stage.submit(first)
        await stage.end_of(first)
        [worker] = [psutil.Process(pid) for pid in stage.engine.worker_pids().values()]
        await asyncio.to_thread(worker.wait, 10)
        await stage.until(lambda: stage.engine.worker_pids() == {})
        assert [device.ready for device in stage.engine.capacity()] == [True]
        await stage.engine.submit(second)
        assert isinstance(await stage.end_of(second), Finished)


async def test_a_device_is_made_to_rest_after_what_it_does(stage: Stage) -> None:
    task = a_task("patient", seconds=1)
    await stage.submit(task)
    await stage.progress_of(task)
    await stage.engine.rest()
    assert isinstance(await stage.end_of(task), Finished)
    await stage.until(lambda: stage.engine.worker_pids() == {})


async def test_a_device_whose_workers_die_again_and_again_is_said_to_fail(stage: Stage) -> None:
    for number in (1, 2, 3):
        task = a_task("deadly", number)
        await stage.submit(task)
        await stage.end_of(task)
    await stage.until(lambda: stage.failing == ["cpu"])


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
