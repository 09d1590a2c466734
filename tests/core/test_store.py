"""What is kept of jobs, and through what."""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from impasto.crop import Crop
from impasto.database import MIGRATIONS, open_database
from impasto.jobs.model import TRANSITIONS, JobOrder, JobState, PictureRef, WrongTransition
from impasto.jobs.store import JobStore
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
        JobState.FAILED: [JobState.FAILED],
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


def test_a_database_of_a_later_impasto_is_left_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(sqlite3.DatabaseError, match="later Impasto"):
        open_database(path)


def test_what_was_kept_by_a_former_version_is_still_there(path: Path) -> None:
    connection = sqlite3.connect(path)
    for number, migration in enumerate(MIGRATIONS[:2], start=1):
        connection.executescript(f"BEGIN; {migration} PRAGMA user_version = {number}; COMMIT;")
    connection.execute("INSERT INTO users VALUES (6, 'ru')")
    connection.commit()
    connection.close()
    users = UserStore(open_database(path))
    assert users.language(6) == "ru"
    assert users.preferences(6) == Preferences(language="ru")


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
