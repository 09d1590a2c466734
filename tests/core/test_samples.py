"""Pictures that explain: samples made by real effects in a real worker, when no job waits."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from PIL import Image

from impasto.bot import limits
from impasto.bot.replies import CropSheet, ExampleSheet, Sheet, SizeSheet, WelcomeSheet
from impasto.bot.sheets import Sheets
from impasto.config import GuestSettings, Limits
from impasto.crop import Crop
from impasto.database import open_database
from impasto.effects import Effect, EffectError, OptionValue
from impasto.engine.base import DeviceFails, InputPicture, Task
from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from impasto.gallery import shipped
from impasto.gallery.panels import before_after, sizes
from impasto.gallery.samples import Samples
from impasto.jobs.dispatcher import Dispatcher
from impasto.jobs.errands import MOST_ATTEMPTS
from impasto.jobs.estimates import Estimates
from impasto.jobs.holds import Holds
from impasto.jobs.model import JobOrder, PictureRef
from impasto.jobs.store import JobStore
from impasto.jobs.updates import Done, NotDone
from impasto.plugins import load_plugins
from impasto.text import verbatim
from tests.pictures import decoded, encoded, photo, scene

PLUGINS = Path(__file__).parent.parent / "fixtures" / "plugins"
BOT = 1


class Chat:
    """Where the pictures are."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def fetch(self, picture: PictureRef) -> bytes:
        self.asked.append(picture.file_id)
        if picture.file_id == "gone":
            raise EffectError(verbatim("It is gone."))
        return photo()


class Engine(LocalEngine):
    """Tells what it was given."""

    def __init__(self) -> None:
        settings = WorkerSettings("cpu", PLUGINS, PLUGINS, RunnerSettings(10_000_000))
        super().__init__("cpu", lambda _device: settings, cancel_grace=0.5)
        self._given: asyncio.Queue[str] = asyncio.Queue()

    async def submit(self, task: Task) -> None:
        await super().submit(task)
        self._given.put_nowait(task.id)

    async def begun(self, task_id: str) -> None:
        """Wait until it is given that task, once more than the last time."""
        while await self._given.get() != task_id:
            pass


class Workshop:
    """Dispatcher, engine and sheets, without a chat."""

    def __init__(self, folder: Path) -> None:
        self.connection = open_database(folder / "impasto.sqlite3")
        self.plugins = load_plugins(PLUGINS, PLUGINS)
        self.engine = Engine()
        self.chat = Chat()
        self.dispatcher = Dispatcher(
            store=JobStore(self.connection),
            engine=self.engine,
            source=self.chat,
            effects=self.plugins.effects,
            outputs=limits.CLOUD.outputs,
            limits=Limits.model_validate({}),
            holds=Holds(self.connection, GuestSettings.model_validate({})),
            estimates=Estimates(self.connection),
            tell_failing=self._tell_failing,
        )
        self.errands: list[str] = []
        self.samples = Samples(folder / "samples", self.plugins, self._errand)
        self.sheets = Sheets(self.connection, self.samples, self.chat)

    async def _tell_failing(self, device: DeviceFails, effect: Effect | None) -> None:
        raise AssertionError(device)

    def effect(self, name: str) -> Effect:
        return self.plugins.effects[f"probe.{name}"]

    async def drawn(self, sheet: Sheet) -> Image.Image | None:
        made = await self.sheets.picture(BOT, sheet)
        assert not isinstance(made, str)
        return None if made is None else decoded(made).convert("RGB")

    async def do_job(self, effect: str) -> None:
        pictures = {"content": (PictureRef("a"),)}
        job = self.dispatcher.submit(JobOrder(1, 1, f"probe.{effect}", {}, pictures, "en"))
        while (update := await self.dispatcher.updates.get()).job.id != job.id or not isinstance(
            update, Done
        ):
            assert not isinstance(update, NotDone)

    def start_errand(self, name: str, **options: OptionValue) -> asyncio.Task[bytes | None]:
        images = {"content": (InputPicture(photo()),)}
        errand = self.dispatcher.run_errand(self.effect(name), options, images, limits.PHOTO)
        return asyncio.create_task(errand)

    async def _errand(self, effect: Effect, *work: object) -> bytes | None:
        self.errands.append(effect.id)
        return await self.dispatcher.run_errand(effect, *work)  # type: ignore[arg-type]


@pytest.fixture
async def workshop(tmp_path: Path) -> AsyncIterator[Workshop]:
    workshop = Workshop(tmp_path)
    with closing(workshop.connection):
        await workshop.engine.start()
        running = asyncio.create_task(workshop.dispatcher.run())
        yield workshop
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await workshop.engine.stop(1)


def difference(a: Image.Image, b: Image.Image) -> float:
    pairs = zip(a.convert("RGB").tobytes(), b.convert("RGB").tobytes(), strict=True)
    return sum(abs(x - y) for x, y in pairs) / (3 * a.width * a.height)


async def test_an_example_is_the_photo_beside_what_the_effect_makes_of_it(workshop: Workshop) -> None:
    sheet = await workshop.drawn(ExampleSheet(workshop.effect("tint")))
    assert sheet is not None
    assert sheet.size == (968, 540)
    before, after = sheet.crop((0, 0, 440, 540)), sheet.crop((488, 0, 928, 540))
    tinted = Image.blend(before, Image.new("RGB", before.size, "red"), 0.5)
    assert difference(after, tinted) < 6
    assert difference(after, before) > 30
    assert sheet.getpixel((470, 250)) > (240, 240, 240), "an arrow on white between them"  # type: ignore[operator]


async def test_what_enlarges_shows_a_detail_and_it_is_known_by_its_result(workshop: Workshop) -> None:
    made = [await workshop.samples.example(workshop.effect(name)) for name in ("twice", "mirror")]
    assert [example and example.before for example in made] == [shipped.DETAIL, shipped.PHOTO]
    assert made[0] is not None
    with Image.open(shipped.DETAIL) as before, Image.open(made[0].after) as after:
        assert after.size == (2 * before.width, 2 * before.height)


async def test_an_effect_that_wants_a_style_is_given_the_shipped_one(workshop: Workshop) -> None:
    example = await workshop.samples.example(workshop.effect("blend"))
    assert example is not None
    with (
        Image.open(example.before) as before,
        Image.open(example.after) as after,
        Image.open(shipped.STYLE) as style,
    ):
        assert difference(after, Image.blend(before, style.resize(before.size), 0.5)) < 4


async def test_samples_are_made_once_and_what_failed_is_not_tried_again(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    for _look in range(3):
        assert await workshop.drawn(ExampleSheet(workshop.effect("mirror")))
        assert await workshop.drawn(ExampleSheet(workshop.effect("wrong"))) is None
        assert await workshop.drawn(ExampleSheet(workshop.effect("deadly"))) is None
    assert workshop.errands == [f"probe.{name}" for name in ("mirror", "mirror", "wrong", "deadly")]
    assert caplog.text.count("probe.wrong failed at an errand") == 1


async def test_the_welcome_shows_up_to_five_results_and_one_detail_at_most(workshop: Workshop) -> None:
    names = ("wrong", "twice", "mirror", "twice", "tint", "shades", "talkative", "patient")
    effects = [workshop.effect(name) for name in names]
    shown, complete = await workshop.samples.examples(effects, 5)
    assert [example.before for example in shown] == [shipped.PHOTO] * 4 + [shipped.DETAIL]
    assert complete
    assert "probe.patient" not in workshop.errands, "five are enough"

    few = WelcomeSheet((workshop.effect("wrong"), workshop.effect("shades")))
    sheet = await workshop.drawn(few)
    assert sheet is not None
    assert sheet.size == (1200, 675)
    assert sheet.getpixel((900, 300)) < (20, 20, 20), "the one result fills its half"  # type: ignore[operator]
    workshop.sheets.remember(BOT, few, "AgAC")
    assert await workshop.drawn(few), "one is lacking: it is not kept"
    assert await workshop.drawn(WelcomeSheet((workshop.effect("wrong"),))) is None


async def test_several_sizes_are_compared_in_what_the_photo_can_show(workshop: Workshop) -> None:
    effect = workshop.effect("coarse")
    made = await workshop.samples.sizes(effect, "size")
    assert [number for number, _path in made] == ["64", "512"], "4096 is more than the photo has"
    assert (await workshop.drawn(SizeSheet(effect, "size"))).size == (728, 532)  # type: ignore[union-attr]
    assert await workshop.drawn(SizeSheet(workshop.effect("choosy"), "scale")) is None


async def test_every_size_shows_the_same_part_whatever_the_result_measures(tmp_path: Path) -> None:
    results = []
    for side in (256, 1024):
        path = tmp_path / f"{side}.png"
        path.write_bytes(encoded(scene(side, side * 3 // 4), "PNG"))
        results.append((str(side), path))
    sheet = decoded(await sizes(results))
    assert difference(sheet.crop((0, 0, 360, 480)), sheet.crop((368, 0, 728, 480))) < 6
    assert min(sheet.crop((0, 480, 360, 532)).convert("L").getextrema()) < 90, "its number below"  # type: ignore[operator]


async def test_a_picture_that_is_gone_from_the_disk_is_told(tmp_path: Path) -> None:
    with pytest.raises(ChildProcessError, match="No such file"):
        await before_after(shipped.PHOTO, tmp_path / "gone.jpg")


async def test_a_job_does_not_wait_for_an_errand_which_begins_again_after_it(workshop: Workshop) -> None:
    errand = workshop.start_errand("patient", seconds=2)
    await workshop.engine.begun("errand-1")
    before = time.monotonic()
    await workshop.do_job("mirror")
    assert time.monotonic() - before < 1.5
    await workshop.engine.begun("errand-1")
    made = await errand
    assert made is not None
    assert decoded(made).size == scene().size


async def test_an_errand_that_jobs_keep_from_its_end_is_given_up_and_not_taken_for_failed(
    workshop: Workshop,
) -> None:
    errand = workshop.start_errand("patient", seconds=60)
    for _attempt in range(MOST_ATTEMPTS):
        await workshop.engine.begun("errand-1")
        await workshop.do_job("tint")
    assert await errand is None


async def test_a_preview_of_a_crop_is_made_of_the_small_version_and_not_remembered(
    workshop: Workshop,
) -> None:
    crop = CropSheet(PictureRef("large", small="small", crop=Crop(0, 0, 0.5, 0.5)))
    for _look in range(2):
        sheet = await workshop.drawn(crop)
        assert sheet is not None
        assert sheet.size == (640, 480)
        workshop.sheets.remember(BOT, crop, "AgAC")
    assert workshop.chat.asked == ["small", "small"]
    assert await workshop.drawn(CropSheet(PictureRef("gone"))) is None
