"""Store and scheduler beside a simple model: whatever comes in whatever order, no job is lost or doubled."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from impasto.database import open_database
from impasto.jobs.dispatcher import POISON_DEATHS
from impasto.jobs.model import TRANSITIONS, UNFINISHED, JobOrder, JobState, WrongTransition
from impasto.jobs.scheduler import MOST_PASSED, Scheduler
from impasto.jobs.store import JobStore

ENDED = frozenset(JobState) - frozenset(UNFINISHED)
USERS = st.sampled_from((7, 8, 9))


@dataclass(eq=False)
class Expected:
    """What is expected of one job."""

    id: int
    user: int
    express: bool
    state: JobState = JobState.QUEUED
    attempts: int = 0
    deaths: int = 0
    shown: int | None = None
    again: bool = False
    """Whether it waits again, because its worker died."""


class StudioDay(RuleBasedStateMachine):
    """Several people send jobs, and everything that can happen to them happens."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs: dict[int, Expected] = {}
        self.served: dict[tuple[bool, int], set[int]] = {}
        """By lane and user who waits there: whose turn it was since they came or had theirs."""
        self.passed = 0
        """Express jobs that were taken since a long one was, while one waited."""
        self.lives = self.shown = self.deeds = 0
        self.folder = Path(mkdtemp())
        self.path = self.folder / "0"

    @initialize()
    def open(self) -> None:
        self.database = open_database(self.path)
        self.database.execute("PRAGMA synchronous = OFF")  # power cuts are not what is tried here
        self.store, self.scheduler = JobStore(self.database), Scheduler()

    # What people and the owner do

    @rule(sent=st.lists(st.tuples(USERS, st.booleans()), min_size=1, max_size=6))
    def people_send_jobs(self, sent: list[tuple[int, bool]]) -> None:
        for user, express in sent:
            effect = "express" if express else "long"
            job = self.store.add(JobOrder(-user, user, effect, {}, {}, "en"))
            assert job.id not in self.jobs
            self.jobs[job.id] = Expected(job.id, user, express)
            self.show(self.jobs[job.id])
            self.scheduler.add(job, express=express)
        self.note_who_waits()

    @precondition(lambda self: self.in_state(JobState.QUEUED, JobState.RUNNING))
    @rule(data=st.data())
    def a_job_is_cancelled(self, data: st.DataObject) -> None:
        job = data.draw(st.sampled_from(self.in_state(JobState.QUEUED, JobState.RUNNING)))
        assert self.scheduler.remove(job.id) is (job.state is JobState.QUEUED)
        self.moves(job, JobState.CANCELLED)
        self.note_who_waits()

    @precondition(lambda self: self.in_state(*ENDED))
    @rule(data=st.data())
    def somebody_is_forgotten(self, data: st.DataObject) -> None:
        user = data.draw(st.sampled_from(self.in_state(*ENDED))).user
        self.store.forget(user)
        for job in self.in_state(*ENDED):
            if job.user == user:
                del self.jobs[job.id]

    # What becomes of jobs

    @rule(turns=st.integers(1, 12), express_only=st.booleans())
    def workers_take_jobs(self, turns: int, express_only: bool) -> None:
        for _turn in range(turns):
            self.a_worker_takes_a_job(express_only)

    def a_worker_takes_a_job(self, express_only: bool) -> None:
        told = [self.jobs[job.id] for job in self.scheduler.order()]
        taken = self.scheduler.take(express_only=express_only)
        eligible = [job for job in told if job.express or not express_only]
        assert (taken.id if taken else None) == (eligible[0].id if eligible else None)
        if taken is not None:
            job = self.jobs[taken.id]
            self.it_was_its_turn(job, told, express_only)
            job.attempts += 1
            self.moves(job, JobState.RUNNING)
            self.note_who_waits()

    def it_was_its_turn(self, job: Expected, waiting: list[Expected], express_only: bool) -> None:
        lane = [other for other in waiting if other.express is job.express and other is not job]
        elsewhere = [other for other in waiting if other.express is not job.express]
        if not job.again:
            assert not any(other.again for other in lane)
            assert not any(other.id < job.id for other in lane if other.user == job.user)
            for user in {other.user for other in lane} - {job.user}:
                assert job.user not in self.served[job.express, user], "two turns while another waited"
                self.served[job.express, user].add(job.user)
        if elsewhere and not express_only:
            assert job.express is (self.passed < MOST_PASSED)
            self.passed += 1
        if not job.express:
            self.passed = 0
        job.again = False
        del self.served[job.express, job.user]

    def note_who_waits(self) -> None:
        waiting = {(job.express, job.user) for job in self.in_state(JobState.QUEUED)}
        self.served = {who: self.served.get(who, set()) for who in waiting}

    @precondition(lambda self: self.in_state(JobState.RUNNING))
    @rule(data=st.data(), guilty=st.booleans())
    def workers_die(self, data: st.DataObject, guilty: bool) -> None:
        running = st.sampled_from(self.in_state(JobState.RUNNING))
        for job in data.draw(st.lists(running, unique=True, min_size=1, max_size=3)):
            job.deaths += guilty
            given_up = job.deaths >= POISON_DEATHS
            self.moves(job, JobState.FINISHED if given_up else JobState.QUEUED, died=guilty)
            if not given_up:
                job.again = True
                self.show(job)
                self.scheduler.add(self.store.get(job.id), express=job.express, first=True)
        self.note_who_waits()

    @precondition(lambda self: self.in_state(JobState.RUNNING))
    @rule(data=st.data())
    def a_job_ends(self, data: st.DataObject) -> None:
        self.moves(data.draw(st.sampled_from(self.in_state(JobState.RUNNING))), JobState.FINISHED)

    @precondition(lambda self: self.in_state(JobState.FINISHED))
    @rule(data=st.data(), state=st.sampled_from((JobState.DELIVERED, JobState.FAILED)))
    def a_picture_is_delivered_or_not(self, data: st.DataObject, state: JobState) -> None:
        self.moves(data.draw(st.sampled_from(self.in_state(JobState.FINISHED))), state)

    @precondition(lambda self: self.deeds > 15)
    @rule()
    def the_core_is_killed_and_starts_again(self) -> None:
        """The files are as they lie on the disk: the database was not closed."""
        self.lives, self.deeds = self.lives + 1, 0
        before, self.path = self.path, self.folder / str(self.lives)
        for suffix in ("", "-wal"):
            if (there := before.with_name(before.name + suffix)).exists():
                shutil.copy(there, self.path.with_name(self.path.name + suffix))
        self.database.close()
        self.open()
        self.passed, self.served = 0, {}
        for job in self.in_state(*UNFINISHED):
            job.state, job.again = JobState.QUEUED, False
        for kept in self.store.recover():
            self.scheduler.add(kept, express=self.jobs[kept.id].express)
        self.note_who_waits()
        assert self.is_sound()

    def moves(self, job: Expected, state: JobState, *, died: bool = False) -> None:
        kept = self.store.get(job.id)
        for wrong in set(JobState) - TRANSITIONS[job.state]:
            with pytest.raises(WrongTransition):
                self.store.advance(kept, wrong)
        assert self.store.advance(kept, state, died=died).state is state
        job.state = state
        self.deeds += 1

    def show(self, job: Expected) -> None:
        self.shown += 1
        job.shown = self.shown
        self.store.set_status_message(self.store.get(job.id), self.shown, is_photo=False)

    def in_state(self, *states: JobState) -> list[Expected]:
        return [job for job in self.jobs.values() if job.state in states]

    # What holds at every moment

    @invariant()
    def every_job_is_kept_as_it_stands(self) -> None:
        for job in self.jobs.values():
            kept = self.store.get(job.id)
            assert (kept.state, kept.attempts, kept.deaths, kept.status_message_id, kept.order.user_id) == (
                job.state, job.attempts, job.deaths, job.shown, job.user,
            )  # fmt: skip
        assert [kept.id for kept in self.store.unfinished()] == [job.id for job in self.in_state(*UNFINISHED)]

    @invariant()
    def who_waits_is_in_the_queue_once_and_nobody_else(self) -> None:
        waiting = sorted(job.id for job in self.scheduler.order())
        assert waiting == [job.id for job in self.in_state(JobState.QUEUED)]

    def is_sound(self) -> bool:
        return [tuple(row) for row in self.database.execute("PRAGMA integrity_check")] == [("ok",)]

    def teardown(self) -> None:
        try:
            told = [job.id for job in self.scheduler.order()]
            assert [job.id for job in iter(self.scheduler.take, None)] == told
            assert self.is_sound()
        finally:
            self.database.close()
            shutil.rmtree(self.folder)


TestStudioDay = StudioDay.TestCase
TestStudioDay.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
