"""Every installed effect, with its real weights, in a real worker, on every kind of picture."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from impasto.bot.limits import FILE, PHOTO
from impasto.effects import Category, Effect, OptionValue
from impasto.engine.base import CapacityChanged, Failed, FailureKind, Finished, InputPicture, Task
from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from impasto.plugins import load_plugins
from tests.effects.options import quick_options
from tests.pictures import animated, bomb, decoded, encoded, photo, rotated_by_exif, scene

NOWHERE = Path("/nonexistent")
EFFECTS = load_plugins(NOWHERE, NOWHERE).offered()

pytestmark = pytest.mark.asyncio(loop_scope="module")


def translucent() -> bytes:
    image = scene().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return encoded(image, "PNG")


GOOD = {
    "1x1": (encoded(scene(1, 1), "PNG"), (1, 1)),
    "1x100": (encoded(scene(1, 100), "PNG"), (1, 100)),
    "200x3": (encoded(scene(200, 3), "PNG"), (200, 3)),
    "grey": (encoded(scene().convert("L"), "PNG"), (64, 48)),
    "alpha": (translucent(), (64, 48)),
    "palette": (encoded(scene().quantize(16), "PNG"), (64, 48)),
    "rotated by EXIF": (rotated_by_exif(), (40, 60)),
    "animated": (animated(), (64, 48)),
    "CMYK": (encoded(scene().convert("CMYK")), (64, 48)),
    "16 bit": (
        encoded(scene().convert("L").convert("I").point(lambda v: v * 257).convert("I;16"), "PNG"),
        (64, 48),
    ),
}
LARGE = encoded(scene(4000, 3000), quality=85)
BAD = {"broken": photo()[:500], "bomb": bomb(), "text": b"no picture at all"}


class Worker:
    """One worker that runs tasks one after another."""

    def __init__(self) -> None:
        self.engine = LocalEngine(
            "cpu", lambda device: WorkerSettings(device, NOWHERE, NOWHERE, RunnerSettings(50_000_000))
        )
        self._number = 0

    async def run(self, effect: Effect, content: bytes, **options: OptionValue) -> Finished | Failed:
        self._number += 1
        images = {slot.name: (InputPicture(photo()),) * slot.minimum for slot in effect.slots}
        images[effect.slots[0].name] = (InputPicture(content),)
        task = Task(str(self._number), 1, effect.id, quick_options(effect) | options, images, (PHOTO, FILE))
        while not any(device.ready for device in self.engine.capacity()):
            await anext(self.events)
        await self.engine.submit(task)
        async for event in self.events:
            if isinstance(event, Finished | Failed):
                return event
            assert isinstance(event, CapacityChanged) or event.task_id == task.id
        raise AssertionError


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worker() -> AsyncIterator[Worker]:
    worker = Worker()
    await worker.engine.start()
    worker.events = worker.engine.events()  # type: ignore[attr-defined]
    pids = worker.engine.worker_pids()
    yield worker
    assert worker.engine.worker_pids() == pids, "no picture has ended the worker"
    await worker.engine.stop()


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.id)
async def test_an_odd_picture_gives_a_right_picture(worker: Worker, effect: Effect, kind: str) -> None:
    data, (width, height) = GOOD[kind]
    end = await worker.run(effect, data)
    assert isinstance(end, Finished), end
    made = decoded(end.pictures[-1].data)
    factor = made.width / width
    assert made.size == (round(width * factor), round(height * factor)), "the shape is kept"
    assert factor >= 1
    assert (made.mode == "RGBA") == (kind == "alpha")
    has_photo = any(picture.output == "photo" for picture in end.pictures)
    assert has_photo == (max(width, height) <= 20 * min(width, height))


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.id)
async def test_a_large_photo_is_done_or_kindly_refused(worker: Worker, effect: Effect) -> None:
    most = {"scale": "4"} if effect.category is Category.ENLARGE else {}  # 192 megapixels
    end = await worker.run(effect, LARGE, **most)
    if isinstance(end, Failed):
        assert end.kind is FailureKind.BAD_PICTURE
        assert effect.category is Category.ENLARGE, "only what would be too large to send is refused"
    else:
        assert decoded(end.pictures[-1].data).size[0] >= 256


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.id)
async def test_a_bad_picture_gives_a_sentence(worker: Worker, effect: Effect, kind: str) -> None:
    end = await worker.run(effect, BAD[kind])
    assert isinstance(end, Failed)
    assert end.kind is FailureKind.BAD_PICTURE
    assert end.fit


@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: effect.id)
async def test_apply_writes_the_picture_of_every_effect(effect: Effect, tmp_path: Path) -> None:
    pictures = []
    for number in range(sum(slot.minimum for slot in effect.slots)):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(photo(40, 30))
        pictures.append(str(path))
    options = [f"--option={key}={value}" for key, value in quick_options(effect).items()]
    target = tmp_path / "result.jpg"
    command = [sys.executable, "-m", "impasto", "apply", effect.id, *pictures, "-o", str(target), *options]
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, env=os.environ | {"IMPASTO_DEVICES": "cpu"}
    )
    assert done.returncode == 0, done.stderr
    assert "100%" in done.stdout
    assert decoded(target.read_bytes()).format == "JPEG"
