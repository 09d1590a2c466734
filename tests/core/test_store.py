"""What is kept of jobs, and through what."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto.database import open_database
from impasto.jobs.model import TRANSITIONS, JobOrder, JobState, PictureRef, WrongTransition
from impasto.jobs.store import JobStore

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
