"""When nothing is begun: the owner's word, quiet hours by the wall clock, programs that need the computer."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from impasto.bot import limits
from impasto.config import ConfigurationError, GuestSettings, Limits, load_settings
from impasto.database import Database, open_database
from impasto.effects import Effect, OptionValue
from impasto.engine.base import DeviceFails
from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from impasto.jobs.dispatcher import Dispatcher
from impasto.jobs.estimates import Estimates
from impasto.jobs.holds import Holds, InUse, Paused, QuietHours
from impasto.jobs.model import Job, JobOrder, PictureRef
from impasto.jobs.store import JobStore
from impasto.jobs.updates import Done, JobUpdate, NotDone, Waiting, Working
from impasto.plugins import load_plugins
from impasto.quiet import DailySpan, quiet_until
from tests.pictures import photo
from tests.studio import FIXTURE_PLUGINS

NIGHT = DailySpan.parse("22:00-07:00")


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The computer is in Berlin, whose clocks change on 28 March and 31 October 2027."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def database() -> Iterator[Database]:
    database = open_database(":memory:")
    yield database
    database.close()


class Owner:
    """An owner, their clock and what they run."""

    def __init__(self, database: Database, **settings: object) -> None:
        self.now, self.runs = datetime(2027, 5, 3, 20, 0).astimezone(), frozenset({"systemd", "bash"})
        self.holds = Holds(
            database,
            GuestSettings.model_validate(settings),
            clock=lambda: self.now.astimezone(UTC),
            executables=lambda: self.runs,
        )

    def at(self, hour: int, day: int = 3) -> None:
        self.now = datetime(2027, 5, day, hour, 0).astimezone()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("begins", "hours"),
    [((5, 3), 9), ((3, 27), 8), ((10, 30), 10)],
    ids=["usual", "into summer time", "out of it"],
)
def test_a_quiet_night_ends_at_seven_by_the_wall_clock_whatever_the_clocks_do(
    begins: tuple[int, int], hours: int
) -> None:
    evening = datetime(2027, *begins, 22, 0).astimezone()
    until = quiet_until([NIGHT], evening)
    assert until is not None
    assert (until.hour, until.minute) == (7, 0)
    assert until - evening == timedelta(hours=hours)
    assert quiet_until([NIGHT], evening - timedelta(seconds=1)) is None
    assert quiet_until([NIGHT], until - timedelta(seconds=1)) == until
    assert quiet_until([NIGHT], until) is None


@pytest.mark.usefixtures("berlin")
def test_an_hour_that_comes_twice_is_quiet_once() -> None:
    spans = [DailySpan.parse("01:00-02:30")]
    first = datetime(2027, 10, 31, 2, 15).astimezone()
    assert quiet_until(spans, first) == first + timedelta(minutes=15)
    assert quiet_until(spans, first + timedelta(hours=1)) is None


@pytest.mark.usefixtures("berlin")
def test_spans_that_meet_are_one() -> None:
    spans = [DailySpan.parse(words) for words in ("0:00-7:00", "12:00 - 13:00", "22:00-00:00")]
    until = quiet_until(spans, datetime(2027, 5, 3, 23, 0).astimezone())
    assert until == datetime(2027, 5, 4, 7, 0).astimezone()


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("quiet_hours = ['22-7']", r"guest\.quiet_hours.*'22-7' is no span of the day; write it as in"),
        ("quiet_hours = ['22:00-24:00']", r"guest\.quiet_hours.*'22:00-24:00' is no span"),
        ("quiet_hours = ['07:00-07:00']", r"guest\.quiet_hours.*begins when it ends"),
        ("programs = ['/usr/bin/blender']", r"guest\.programs.*write it without folders"),
        ("programs = ['']", r"guest\.programs.*is no name of a program"),
    ],
)
def test_a_mistake_in_the_settings_is_explained_at_the_start(tmp_path: Path, toml: str, says: str) -> None:
    file = tmp_path / "impasto.toml"
    file.write_text(f"[guest]\n{toml}\n")
    with pytest.raises(ConfigurationError, match=says):
        load_settings(file)


def test_a_pause_outlasts_a_restart(database: Database) -> None:
    Owner(database).holds.pause()
    again = Owner(database).holds
    assert again.current() == Paused()
    assert again.resume() == [Paused()]
    assert Owner(database).holds.current() is None


@pytest.mark.usefixtures("berlin")
def test_quiet_hours_that_the_owner_lifts_hold_again_the_next_night(database: Database) -> None:
    owner = Owner(database, quiet_hours=["22:00-07:00"])
    owner.at(23)
    seven = datetime(2027, 5, 4, 7, 0).astimezone()
    assert owner.holds.current() == QuietHours(seven)
    assert owner.holds.resume() == [QuietHours(seven)]
    restarted = Owner(database, quiet_hours=["22:00-07:00"])
    for each in (owner, restarted):
        each.at(6, day=4)
        assert each.holds.current() is None
        each.at(22, day=4)
        assert each.holds.current() == QuietHours(seven + timedelta(days=1))


async def test_a_program_holds_from_its_first_sight_until_it_is_missed_twice(database: Database) -> None:
    looks = iter([set(), {"blender"}, set(), {"blender", "game"}, {"game"}, {"game"}, set(), set()])
    count = 0

    def executables() -> frozenset[str]:
        nonlocal count
        count += 1
        return frozenset(next(looks))

    settings = GuestSettings.model_validate({"programs": ["Blender.EXE", "game"], "look_seconds": 0.01})
    holds = Holds(database, settings, executables=executables)
    told = []
    async for _change in holds.changes():
        told.append((count, holds.current()))
        if holds.current() is None:
            break
    assert told == [(2, InUse("Blender.EXE")), (6, InUse("game")), (8, None)]


async def test_a_program_that_the_owner_lets_run_holds_when_it_is_started_anew(database: Database) -> None:
    owner = Owner(database, programs=["blender", "game"], look_seconds=0.01)
    changes = owner.holds.changes()
    owner.runs = frozenset({"blender"})
    await anext(changes)
    assert owner.holds.resume() == [InUse("blender")]
    await anext(changes)
    assert owner.holds.current() is None
    owner.runs = frozenset({"blender", "game"})
    await anext(changes)
    assert owner.holds.current() == InUse("game")
    owner.runs = frozenset()
    await anext(changes)
    owner.runs = frozenset({"blender"})
    await anext(changes)
    assert owner.holds.current() == InUse("blender")


async def test_a_program_is_seen_even_while_the_owner_has_paused(database: Database) -> None:
    owner = Owner(database, programs=["blender"], look_seconds=0.01)
    owner.holds.pause()
    owner.runs = frozenset({"blender"})
    await anext(owner.holds.changes())
    assert owner.holds.in_force() == [Paused(), InUse("blender")]
    assert owner.holds.resume() == [Paused(), InUse("blender")]


@pytest.mark.usefixtures("berlin")
async def test_no_end_is_promised_while_a_program_runs_in_quiet_hours(database: Database) -> None:
    owner = Owner(database, quiet_hours=["22:00-07:00"], programs=["blender"], look_seconds=0.01)
    owner.at(23)
    owner.runs = frozenset({"blender"})
    await owner.holds.look()
    assert owner.holds.current() == InUse("blender")
    owner.runs = frozenset()
    await anext(owner.holds.changes())
    assert isinstance(owner.holds.current(), QuietHours)


@pytest.mark.usefixtures("berlin")
async def test_what_runs_when_the_quiet_hours_begin_is_finished_and_the_rest_goes_on_after_them(
    database: Database,
) -> None:
    owner = Owner(database, quiet_hours=["22:00-07:00"], look_seconds=0.05)
    async with _workshop(database, owner) as workshop:
        running = workshop.submit(_order("patient", seconds=1))
        await _told(workshop, running, Working)
        owner.at(22)
        waiting = workshop.submit(_order("mirror"))
        told = await _told(workshop, waiting, Waiting)
        assert told.hold == QuietHours(datetime(2027, 5, 4, 7, 0).astimezone())
        await _told(workshop, running, Done)
        assert [type(update) for update in workshop.standing()] == [Waiting]
        owner.at(7, day=4)
        await _told(workshop, waiting, Done)


Update = TypeVar("Update", bound=JobUpdate)


class Chat:
    """Where the pictures are."""

    async def fetch(self, picture: PictureRef) -> bytes:
        return photo()


@asynccontextmanager
async def _workshop(database: Database, owner: Owner) -> AsyncIterator[Dispatcher]:
    """Dispatcher and engine at work, without a chat."""
    settings = WorkerSettings("cpu", FIXTURE_PLUGINS, FIXTURE_PLUGINS, RunnerSettings(10_000_000))
    engine = LocalEngine("cpu", lambda _device: settings)

    async def tell_failing(device: DeviceFails, effect: Effect | None) -> None:
        raise AssertionError(device)

    dispatcher = Dispatcher(
        store=JobStore(database),
        engine=engine,
        source=Chat(),
        effects=load_plugins(FIXTURE_PLUGINS, FIXTURE_PLUGINS).effects,
        outputs=limits.CLOUD.outputs,
        limits=Limits.model_validate({}),
        holds=owner.holds,
        estimates=Estimates(database),
        tell_failing=tell_failing,
    )
    await engine.start()
    work = asyncio.create_task(dispatcher.run())
    await asyncio.sleep(0)  # what it recovers is from before
    yield dispatcher
    work.cancel()
    await asyncio.wait([work])
    await engine.stop()


def _order(effect: str, **options: OptionValue) -> JobOrder:
    return JobOrder(1, 1, f"probe.{effect}", options, {"content": (PictureRef("a"),)}, "en")


async def _told(dispatcher: Dispatcher, job: Job, kind: type[Update]) -> Update:
    """The next update of that kind about `job`."""
    async with asyncio.timeout(30):
        while True:
            update = await dispatcher.updates.get()
            assert not isinstance(update, NotDone)
            if update.job.id == job.id and isinstance(update, kind):
                return update
