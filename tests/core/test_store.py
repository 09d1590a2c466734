"""What is kept of jobs, and through what."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from telegram import Chat, Message, Update, User

from impasto.bot.handled import Handled
from impasto.bot.order import InOrderPerPerson
from impasto.bot.session import SentPicture, Session
from impasto.bot.sessions import Sessions
from impasto.crop import Crop
from impasto.database import MIGRATIONS, open_database
from impasto.jobs.model import TRANSITIONS, JobOrder, JobState, PictureRef, WrongTransition
from impasto.jobs.store import JobStore
from impasto.lifecycle import EXIT_CONFIGURATION
from impasto.users import Preferences, UserStore

ORDER = JobOrder(
    chat_id=5,
    user_id=6,
    effect_id="nst.learnt",
    options={"style": "7", "strength": 0.5, "keep": True},
    pictures={"content": (PictureRef("abc", 640, 480),), "style": (PictureRef("def"),)},
    language="ru",
    as_file=True,
    seed=11,
    reply_to=3,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "impasto.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[JobStore]:
    connection = open_database(path)
    yield JobStore(connection)
    connection.close()


def test_an_accepted_job_is_on_the_disk_as_it_was_ordered(store: JobStore, path: Path) -> None:
    job = store.add(ORDER)
    assert JobStore(open_database(path)).get(job.id).order == ORDER


def test_after_a_restart_unfinished_jobs_wait_again_and_ended_ones_do_not(store: JobStore) -> None:
    waiting, running, made, delivered, cancelled = (store.add(ORDER) for _ in range(5))
    for job in (running, made, delivered):
        store.advance(job, JobState.RUNNING)
    for job in (made, delivered):
        store.advance(job, JobState.FINISHED)
    store.advance(delivered, JobState.DELIVERED)
    store.advance(cancelled, JobState.CANCELLED)
    recovered = store.recover()
    assert [job.id for job in recovered] == [waiting.id, running.id, made.id]
    assert {job.state for job in recovered} == {JobState.QUEUED}


@pytest.mark.parametrize("before", JobState)
@pytest.mark.parametrize("after", JobState)
def test_a_job_changes_its_state_only_as_the_table_says(
    store: JobStore, before: JobState, after: JobState
) -> None:
    ways = {
        JobState.QUEUED: [],
        JobState.RUNNING: [JobState.RUNNING],
        JobState.FINISHED: [JobState.RUNNING, JobState.FINISHED],
        JobState.DELIVERED: [JobState.RUNNING, JobState.FINISHED, JobState.DELIVERED],
        JobState.FAILED: [JobState.FINISHED, JobState.FAILED],
        JobState.CANCELLED: [JobState.CANCELLED],
    }
    job = store.add(ORDER)
    for state in ways[before]:
        job = store.advance(job, state)
    if after in TRANSITIONS[before]:
        assert store.advance(job, after).state is after
    else:
        with pytest.raises(WrongTransition):
            store.advance(job, after)


def make_former(path: Path, version: int) -> None:
    """A database as an Impasto of that schema left it, with a job that runs and a person."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for number, migration in enumerate(MIGRATIONS[:version], start=1):
            connection.executescript(f"BEGIN; {migration} PRAGMA user_version = {number}; COMMIT;")
        connection.execute(
            "INSERT INTO jobs (chat_id, user_id, effect_id, options, pictures, as_file, language, seed,"
            " reply_to, state, status_message_id, attempts, created, changed)"
            " VALUES (5, 6, 'nst.learnt', ?, ?, 1, 'ru', 11, 3, 'running', 12, 1, 1e9, 1e9)",
            (
                '{"style": "7", "strength": 0.5, "keep": true}',
                '{"content": [{"file_id": "abc", "width": 640, "height": 480}],'
                ' "style": [{"file_id": "def"}]}',
            ),
        )
        connection.execute("INSERT INTO users (user_id, language) VALUES (6, 'ru')")


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS) + 1))
def test_what_a_former_version_kept_goes_on(path: Path, version: int) -> None:
    make_former(path, version)
    with closing(open_database(path)) as database:
        [job] = JobStore(database).recover()
        assert job.order == ORDER
        assert (job.state, job.status_message_id, job.attempts) == (JobState.QUEUED, 12, 1)
        assert UserStore(database).preferences(6) == Preferences(language="ru")


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
def test_a_migration_that_is_cut_off_leaves_what_was_there(
    path: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_former(path, version)
    before = everything(path)
    cut_off = f"{MIGRATIONS[version]} SELECT * FROM where_the_power_fails;"
    with monkeypatch.context() as patch:
        patch.setattr("impasto.database.MIGRATIONS", (*MIGRATIONS[:version], cut_off))
        with pytest.raises(sqlite3.OperationalError, match="where_the_power_fails"):
            open_database(path)
    assert everything(path) == before
    open_database(path).close()


def everything(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        return [f"version {version}", *connection.iterdump()]


def damaged(data: bytes) -> bytes:
    """A database whose second half was overwritten."""
    return data[: len(data) // 2] + b"\x55" * (len(data) - len(data) // 2)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda data: b"This is a letter, not a database. " * 30, "not a database"),
        (damaged, "it is damaged"),
        (lambda data: data[:60] + (99).to_bytes(4) + data[64:], "a later Impasto made it"),
    ],
    ids=["a letter", "damaged", "later"],
)
def test_a_database_that_can_not_be_used_ends_the_start_with_a_sentence_and_is_left_as_it_is(
    path: Path, harm: Callable[[bytes], bytes], said: str
) -> None:
    make_former(path, 1)
    path.write_bytes(harm(path.read_bytes()))
    before = path.read_bytes()
    ended = subprocess.run(
        [sys.executable, "-m", "impasto", "run"],
        env={"IMPASTO_DATA_DIR": str(path.parent), "IMPASTO_TOKEN": f"1234567:{'A' * 35}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == EXIT_CONFIGURATION
    assert f"the database {path} can't be used" in ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert path.read_bytes() == before


def test_settings_outlast_a_restart_until_the_person_is_forgotten(path: Path) -> None:
    chosen = Preferences("de", True, "JPEG", "nst.learnt", {"nst.learnt": {"style": "7"}}, False)
    UserStore(open_database(path)).set_preferences(6, chosen)
    users = UserStore(open_database(path))
    assert users.preferences(6) == chosen
    users.forget(6)
    assert users.preferences(6) == Preferences()


def test_announcements_go_to_those_who_want_them_and_can_be_reached(path: Path) -> None:
    users = UserStore(open_database(path))
    for user in (1, 2, 3):
        users.meet(user, "en")
    users.set_preferences(2, Preferences(announcements=False))
    users.set_unreachable(3)
    assert users.listeners() == [1]
    users.meet(3, "en")
    assert sorted(users.listeners()) == [1, 3]


def test_a_crop_is_kept_with_its_picture(store: JobStore) -> None:
    cropped = replace(ORDER, pictures={"content": (PictureRef("abc", crop=Crop(0.1, 0, 0.9, 1)),)})
    assert store.get(store.add(cropped).id).order == cropped


def test_the_pixels_of_a_day_are_those_of_what_was_not_in_vain(store: JobStore) -> None:
    began = time.time()
    kept, lost = store.add(ORDER), store.add(ORDER)
    store.advance(lost, JobState.CANCELLED)
    assert store.pixels_since(6, began) == 640 * 480
    store.set_measured(kept, 1_000_000, 2.5)
    assert store.pixels_since(6, began) == 1_000_000
    assert store.pixels_since(7, began) == 0


def test_sessions_that_nobody_uses_leave_the_memory_and_come_back_as_they_were(path: Path) -> None:
    with closing(open_database(path)) as database:
        sessions = Sessions(database, mend=lambda session: None, most_in_memory=2)
        working = sessions.of(1, 1)
        for person in (1, 2, 3, 4):
            session = sessions.of(person, person)
            session.effect_id, session.reporting = f"effect of {person}", True
            session.pictures.append(SentPicture(PictureRef("abc", 4, 3, crop=Crop(0.1, 0, 0.9, 1)), 7))
            session.options["strength"] = 5
            sessions.keep(person, person)
        assert sessions.of(1, 1) is working, "somebody is working with it"
        again = sessions.of(2, 2)
        assert again is not session
        assert again == Session(
            effect_id="effect of 2",
            pictures=[SentPicture(PictureRef("abc", 4, 3, crop=Crop(0.1, 0, 0.9, 1)), 7)],
            options={"strength": 5},
        )


def test_sessions_go_after_thirty_days_and_with_their_chat(path: Path) -> None:
    with closing(open_database(path)) as database:
        sessions = Sessions(database, mend=lambda session: None)
        for chat in (1, 2):
            session = sessions.of(chat, 6)
            session.effect_id, session.card_id = f"effect of {chat}", 17
            sessions.keep(chat, 6)
        sessions.move(2, -100)
        database.execute("UPDATE sessions SET changed = changed - 31 * 24 * 3600 WHERE chat_id = 1")
        sessions.prune()
        later = Sessions(database, mend=lambda session: None)
        assert later.of(1, 6) == later.of(2, 6) == Session()
        assert later.of(-100, 6) == Session(effect_id="effect of 2"), "17 is another message there"


async def test_an_update_that_telegram_sends_again_after_a_kill_is_not_handled_again(path: Path) -> None:
    handled: list[int] = []

    async def send(updates: InOrderPerPerson, number: int) -> None:
        async def handle() -> None:
            handled.append(number)

        message = Message(1, datetime.now(UTC), Chat(6, "private"), from_user=User(6, "Ada", False))
        await updates.process_update(Update(number, message), handle())

    for numbers in ((10, 11), (11, 12, 3)):
        with closing(open_database(path)) as database:
            for number in numbers:
                await send(InOrderPerPerson(Handled(database)), number)
    assert handled == [10, 11, 12, 3]
