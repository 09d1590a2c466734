"""How the instance does, as its owner, systemd and a container's health check are told."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from impasto.bot import reach
from impasto.bot.checkup import examine
from impasto.bot.reach import Reach
from impasto.config import GuestSettings
from impasto.database import Database, NoRoom, open_database
from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from impasto.health import Health
from impasto.jobs.holds import Holds
from impasto.jobs.model import JobState
from impasto.jobs.store import JobStore
from tests.core.test_full_disk import full
from tests.core.test_store import ORDER

NOWHERE = Path("/nonexistent")


class Instance:
    """The parts that are looked at; no worker is started."""

    def __init__(self, database: Database) -> None:
        self.database, self.store, self.reach = database, JobStore(database), Reach()
        self.holds = Holds(database, GuestSettings())
        self.part = asyncio.create_task(asyncio.sleep(60), name="jobs")
        self.health = Health()
        self.health.ready.set()
        examine(
            self.health,
            database=database,
            store=self.store,
            engine=LocalEngine(
                "cpu", lambda device: WorkerSettings(device, NOWHERE, NOWHERE, RunnerSettings(1))
            ),
            reach=self.reach,
            holds=self.holds,
            lasting=[self.part],
        )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "impasto.sqlite3")) as database:
        yield database


@pytest.fixture
async def instance(database: Database) -> Instance:
    return Instance(database)


async def test_it_tells_how_many_pictures_are_made_and_wait(instance: Instance) -> None:
    told = [instance.health.activity()]
    for _picture in range(2):
        instance.store.add(ORDER)
        told.append(instance.health.activity())
    instance.store.advance(instance.store.unfinished()[0], JobState.RUNNING)
    told.append(instance.health.activity())
    assert told == [
        "nobody waits for a picture",
        "1 picture waits",
        "2 pictures wait",
        "1 picture is being made, 1 waits",
    ]
    assert instance.health.look().troubles == []


async def test_what_a_restart_would_not_mend_is_told_and_it_stays_alive(instance: Instance) -> None:
    instance.reach.missed()
    report = instance.health.look()
    assert report.troubles == ["Telegram is not heard"]
    assert report.alive
    instance.reach.answered(200)
    instance.reach.missed()
    assert instance.health.look().troubles[0].startswith("Telegram has not been heard since ")


async def test_another_program_with_the_token_is_told_until_it_has_been_gone_for_a_while(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.reach.answered(409)
    assert instance.health.look().troubles == ["another program uses this token: end it, or revoke the token"]
    monkeypatch.setattr(reach, "RIVAL_SECONDS", 0.0)
    assert instance.health.look().troubles == []


async def test_a_hold_is_told_and_is_no_trouble(instance: Instance) -> None:
    instance.holds.pause()
    assert instance.health.activity().endswith("; nothing is begun until the owner says /resume")
    assert instance.health.look().troubles == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's files")
async def test_a_full_disk_is_told_until_there_is_room(instance: Instance) -> None:
    with full(psutil.Process()), pytest.raises(NoRoom):
        instance.store.add(ORDER)
    report = instance.health.look()
    assert report.troubles == ["the disk takes nothing, so what happens is kept in memory alone"]
    assert report.alive
    assert instance.database.settle()
    assert instance.health.look().troubles == []


async def test_it_is_not_alive_when_a_part_of_it_has_ended_or_the_database_is_gone(
    instance: Instance, database: Database
) -> None:
    assert instance.health.look().alive
    instance.part.cancel()
    await asyncio.wait([instance.part])
    report = instance.health.look()
    assert (report.alive, report.troubles) == (False, ["a part of the bot has ended: jobs"])
    database.execute("DROP TABLE facts")
    database.execute("DROP TABLE jobs")
    report = instance.health.look()
    assert report.troubles == [
        "a part of the bot has ended: jobs",
        "the database does not answer: no such table: facts",
    ]
    assert instance.health.activity() == "at work"
