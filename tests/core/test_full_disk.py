"""While the disk is full the bot lives on: it takes no new pictures, and forgets nothing that it was told."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from impasto.database import Database, NoRoom, open_database
from impasto.jobs.model import JobState
from impasto.jobs.store import JobStore
from impasto.users import UserStore
from tests.core.test_store import ORDER
from tests.people import Person, Seen
from tests.pictures import photo
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process's files")


@contextmanager
def full(process: psutil.Process) -> Iterator[None]:
    """The disk takes nothing from `process`: no file may be longer than any database is."""
    _soft, hard = process.rlimit(psutil.RLIMIT_FSIZE)
    process.rlimit(psutil.RLIMIT_FSIZE, (512, hard))
    try:
        yield
    finally:
        if process.is_running():
            process.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "impasto.sqlite3")) as database:
        yield database


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with Studio(tmp_path / "data") as studio:
        yield studio


async def painting(ada: Person) -> Seen:
    """Ada has a job of five seconds running; its status message."""
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    await ada.press("Start", on=await ada.sees("The test effect patient."))
    return await ada.sees("▰▱", timeout=30)


def pictures(person: Person) -> list[Seen]:
    return [message for message in person.messages() if message.from_bot and message.photo]


def test_a_job_is_kept_on_the_disk_or_not_accepted(database: Database, tmp_path: Path) -> None:
    store = JobStore(database)
    reasons: list[str] = []
    database.on_full = reasons.append
    with full(psutil.Process()):
        for _ in range(2):
            with pytest.raises(NoRoom):
                store.add(ORDER)
    assert len(reasons) == 1
    assert store.unfinished() == []
    job = store.add(ORDER)
    with closing(open_database(tmp_path / "impasto.sqlite3")) as another:
        assert JobStore(another).unfinished() == [job]


def test_what_happens_meanwhile_is_read_at_once_and_written_when_there_is_room(
    database: Database, tmp_path: Path
) -> None:
    store, users = JobStore(database), UserStore(database)
    job = store.add(ORDER)
    with full(psutil.Process()):
        users.meet(6, "de")
        store.set_status_message(store.advance(job, JobState.RUNNING), 12, is_photo=True)
        assert not database.settle()
        done = store.advance(store.advance(job, JobState.FINISHED), JobState.DELIVERED)
        assert (done.state, done.status_message_id) == (JobState.DELIVERED, 12)
        assert store.unfinished() == []
    assert database.settle()
    with closing(sqlite3.connect(tmp_path / "impasto.sqlite3")) as another:
        assert another.execute("SELECT id, state, status_message_id FROM jobs").fetchall() == [
            (job.id, "delivered", 12)
        ]
        assert another.execute("SELECT client_language FROM users").fetchall() == [("de",)]
        assert another.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_fault_that_is_not_the_disks_is_not_hidden(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.execute("DELETE FROM nowhere")


async def test_the_chat_goes_on_and_all_that_happened_outlasts_the_next_kill(studio: Studio) -> None:
    async with await studio.join() as ada, await studio.join("Lev") as lev, await studio.owner() as owner:
        await painting(ada)
        with full(studio.core):
            result = await ada.sees(is_result, timeout=30)
            await lev.say("/language")
            await lev.press("Deutsch", on=await lev.sees("Which language"))
            await lev.sees("Deutsch")
            await ada.send_photo(photo(), "/mirror")
            await ada.sees("disk of my owner's computer is full")
            await owner.sees("Please make room")
            await lev.send_photo(photo())
            await choose(lev, "Shades")
            await lev.press("o:0", on=await lev.sees("The test effect shades."))
            assert (await lev.sees(lambda message: "12" in message.text)).photo is None, "without its samples"
            await ada.send_photo(photo())
            await choose(ada, "Tint")
            card = await ada.sees("The test effect tint.")
        await studio.logs("there is room on the disk again")
        await studio.kill()
        await studio.start()
        await ada.press("Start", on=card)
        await ada.sees(is_result, timeout=30)
        await lev.say("/start")
        await lev.sees("Hallo")
        assert ada.now(result) == result, "a picture that was delivered is not made again"
        assert sum("make room" in message.text for message in owner.messages()) == 1


async def test_a_job_is_at_worst_done_again_in_the_same_message(studio: Studio) -> None:
    async with await studio.join() as ada:
        status = await painting(ada)
        with full(studio.core):
            await ada.sees(is_result, timeout=30)
            await studio.kill()
        await studio.start()
        again = await ada.sees(is_result, timeout=40)
        assert again.id == status.id
        assert pictures(ada) == [again]


async def test_a_start_on_a_full_disk_ends_so_that_a_service_tries_again(tmp_path: Path) -> None:
    settings = {"IMPASTO_DATA_DIR": str(tmp_path), "IMPASTO_TOKEN": f"1234567:{'A' * 35}"}
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", f"ulimit -f 0; exec {sys.executable} -m impasto run",
        env=settings, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _out, said = await process.communicate()
    assert process.returncode == 1
    assert "can't be written" in said.decode()
    assert "Traceback" not in said.decode()
