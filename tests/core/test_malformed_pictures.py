"""Whatever strangers send, workers and core live on, stay small, and have something to say."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from impasto.cleaning import cleaned
from impasto.config import Limits
from impasto.crop import Crop
from impasto.effects import BadPicture
from impasto.engine.base import Failed, FailureKind, Finished, InputPicture
from impasto.engine.local import LocalEngine
from impasto.engine.worker import WorkerSettings
from impasto.gallery.crop_preview import preview
from impasto.gallery.sheet import PER_SHEET, compose
from tests.core.test_engine import Stage, a_task, probe_settings
from tests.malformed import Case, Fate, corpus
from tests.pictures import decoded, photo

PIXELS = Limits.model_validate({}).input_pixels
"""The limit of one picture, as it is in daily use."""

MOST_BYTES_PER_PIXEL = 32
"""What a worker may hold while it has a picture of `PIXELS`: five copies of four channels, and a file."""

MOST_KEPT = 100 * 10**6
"""Bytes by which a worker may have grown after all of them."""

SECONDS = 15.0
"""For one file, on a machine that has other work."""

LOG_BYTES = 100_000


def settings(device: str) -> WorkerSettings:
    usual = probe_settings(device)
    return replace(usual, runner=replace(usual.runner, input_pixels=PIXELS))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    engine = LocalEngine("cpu", settings)
    await engine.start()
    stage = Stage(engine)
    yield stage
    await engine.stop(1)
    stage._collecting.cancel()


async def what_becomes_of(stage: Stage, number: int, data: bytes) -> Finished | Failed | str:
    """The end of a task with `data` as its picture, or what is wrong with that end."""
    task = replace(a_task("mirror", number), images={"content": (InputPicture(data),)})
    await stage.submit(task)
    before = time.monotonic()
    end = await stage.end_of(task)
    stage.events.clear()
    seconds = time.monotonic() - before
    if seconds > SECONDS:
        return f"{seconds:.0f} s"
    match end:
        case Finished(pictures=(_, *_)):
            return end
        case Failed(kind=FailureKind.BAD_PICTURE) if str(end.message).endswith((".", "/start")):
            return end
        case _:
            return f"{end}"


async def test_no_file_harms_a_worker_and_each_is_answered(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    await what_becomes_of(stage, 0, photo())
    [pid] = stage.engine.worker_pids().values()
    worker = psutil.Process(pid)
    before = worker.memory_info().rss
    wrong: dict[str, str] = {}
    count = 0
    for count, case in enumerate(corpus(), 1):
        end = await what_becomes_of(stage, count, case.data)
        if isinstance(end, str) or not _as_expected(case, end):
            wrong[case.name] = str(end)
    assert wrong == {}
    assert count >= 900
    assert list(stage.engine.worker_pids().values()) == [pid]
    assert _peak(pid) - before <= MOST_BYTES_PER_PIXEL * PIXELS
    assert worker.memory_info().rss - before <= MOST_KEPT
    assert len(capfd.readouterr().err) < LOG_BYTES


@pytest.mark.parametrize("seed", range(2))
async def test_what_is_done_beside_the_core_takes_any_file_too(seed: int, tmp_path: Path) -> None:
    wide = [case for case in corpus() if "1500" not in case.name]  # slivers can't be photos
    cases = random.Random(seed).sample(wide, 36)
    paths = []
    for number, case in enumerate(cases):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(case.data)
    two = asyncio.Semaphore(2)

    async def answered(case: Case, doing: Callable[[], Awaitable[bytes]]) -> None:
        async with two, asyncio.timeout(SECONDS):
            try:
                made = await doing()
            except (BadPicture, ChildProcessError):
                assert case.fate is not Fate.PICTURE, case.name
            else:
                assert case.fate is not Fate.REFUSED, case.name
                assert decoded(made).format == "JPEG"

    async with asyncio.TaskGroup() as group:
        for case in cases[::2]:
            group.create_task(answered(case, partial(cleaned, case.data)))
        for case in cases[1::2]:
            group.create_task(answered(case, partial(preview, case.data, Crop(0.1, 0.1, 0.9, 0.9))))
        for first in range(0, len(paths), PER_SHEET):
            nine = paths[first : first + PER_SHEET]
            group.create_task(answered(Case("a sheet", b""), partial(compose, nine, 1)))


def _as_expected(case: Case, end: Finished | Failed) -> bool:
    match case.fate:
        case Fate.PICTURE:
            return isinstance(end, Finished)
        case Fate.REFUSED:
            return isinstance(end, Failed)
        case Fate.EITHER:
            return True


def _peak(pid: int) -> int:
    """The most resident memory that a process ever had, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")
