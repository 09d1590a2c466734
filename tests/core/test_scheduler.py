"""Whose turn it is."""

from hypothesis import given
from hypothesis import strategies as st

from impasto.jobs.model import Job, JobOrder
from impasto.jobs.scheduler import Scheduler


def job(number: int, user: int) -> Job:
    return Job(number, JobOrder(user, user, "probe.mirror", {}, {}, "en"))


def served(scheduler: Scheduler) -> list[int]:
    return [taken.id for taken in iter(scheduler.take, None)]


def test_users_take_turns_however_many_jobs_one_of_them_brings() -> None:
    scheduler = Scheduler()
    for number, user in ((1, 7), (2, 7), (3, 7), (4, 8), (5, 9)):
        scheduler.add(job(number, user))
    assert served(scheduler) == [1, 4, 5, 2, 3]


def test_express_jobs_go_before_long_ones() -> None:
    scheduler = Scheduler()
    scheduler.add(job(1, 7))
    scheduler.add(job(2, 8), express=True)
    assert served(scheduler) == [2, 1]


def test_a_job_whose_worker_died_goes_first() -> None:
    scheduler = Scheduler()
    scheduler.add(job(1, 7))
    scheduler.add(job(2, 8))
    scheduler.add(job(3, 9), first=True)
    assert served(scheduler) == [3, 1, 2]


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.booleans()), max_size=30), st.data())
def test_the_order_that_people_are_told_is_the_order_in_which_they_are_served(
    jobs: list[tuple[int, bool, bool]], data: st.DataObject
) -> None:
    scheduler = Scheduler()
    for number, (user, express, first) in enumerate(jobs):
        scheduler.add(job(number, user), express=express, first=first)
        if data.draw(st.booleans()):
            scheduler.take()
    for number in data.draw(st.lists(st.integers(0, 30), max_size=5)):
        scheduler.remove(number)
    told = [waiting.id for waiting in scheduler.order()]
    assert len(scheduler) == len(told)
    assert served(scheduler) == told
