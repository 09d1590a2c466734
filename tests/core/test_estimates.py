"""What is learnt of the times of jobs, and what people are told of theirs."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from impasto.crop import Crop
from impasto.database import open_database
from impasto.effects import Category, Choice, ChoiceOption, Effect, ImageSlot, OptionValue, verbatim
from impasto.engine.base import Device
from impasto.jobs.estimates import MOST_KEPT, Estimates
from impasto.jobs.expectation import Expectation, Timed
from impasto.jobs.forecast import Forecast, about, content_pixels
from impasto.jobs.model import Job, JobOrder, PictureRef
from impasto.jobs.updates import Waiting

PHOTO, SMALL, LARGE = 1280 * 960, 640 * 480, 4000 * 3000
SENT = [*[PHOTO] * 4, 1280 * 720, SMALL, LARGE]
Options = dict[str, OptionValue]


def slow_painting(random: Random) -> tuple[Options, int, float]:
    """Takes a time by its steps, and by the pixels up to its size."""
    size, steps = random.choice(["256", *["512"] * 3, "768"]), random.choice(["20", *["60"] * 3, "200"])
    pixels = random.choice(SENT)
    seconds = int(steps) * min(pixels, int(size) ** 2 * 0.75) * 4e-6
    return {"size": size, "steps": steps, "strength": random.choice([100, 100, 150])}, pixels, seconds


def learnt_style(random: Random) -> tuple[Options, int, float]:
    """Takes a time by its size, whatever the style."""
    size, pixels = random.choice(["512", *["1024"] * 4, "1536"]), random.choice(SENT)
    options: Options = {"style": str(random.randrange(26)), "size": size, "keep": random.random() < 0.2}
    return options, pixels, 0.4 + min(pixels, int(size) ** 2 * 0.75) * 4e-6


def enlarging(random: Random) -> tuple[Options, int, float]:
    """Takes a time by all the pixels there are."""
    pixels = random.choice(SENT)
    return {"scale": random.choice("24")}, pixels, pixels * 2e-5


Law = Callable[[Random], tuple[Options, int, float]]


def after(count: int, law: Law, random: Random) -> Expectation:
    """What is expected after so many jobs. The first loaded a network; one in twenty was hindered."""
    done = []
    for number in range(count):
        options, pixels, seconds = law(random)
        hindered = 2.5 if random.random() < 0.05 else math.exp(random.gauss(0, 0.08))
        done.append(Timed(options, pixels, seconds * hindered + 2 * (number == 0)))
    return Expectation(done[::-1])


@pytest.mark.parametrize(
    ("law", "count", "least_said"),
    [
        (slow_painting, 10, 0.4),
        (learnt_style, 10, 0.6),
        (enlarging, 10, 0.85),
        (slow_painting, 24, 0.7),
        (learnt_style, 24, 0.8),
    ],
)
def test_what_is_said_after_some_jobs_of_all_kinds_is_right_within_a_factor_of_one_and_a_half(
    law: Law, count: int, least_said: float
) -> None:
    random, trials, ratios = Random(7), 60, []
    for _trial in range(trials):
        expectation = after(count, law, random)
        options, pixels, seconds = law(random)
        if (said := expectation.seconds(options, pixels)) is not None:
            ratios.append(max(said / seconds, seconds / said))
    assert len(ratios) >= least_said * trials
    assert sum(ratio <= 1.5 for ratio in ratios) >= 0.9 * len(ratios)


def test_a_style_that_nobody_chose_before_takes_as_long_as_the_others() -> None:
    expectation = Expectation([Timed({"style": style}, PHOTO, 10.0) for style in "12345"])
    assert expectation.seconds({"style": "9"}, PHOTO) == pytest.approx(10, rel=0.1)


def test_of_an_option_that_changes_the_time_only_what_was_seen_is_known() -> None:
    seen = [Timed({"finish": "sketch"}, PHOTO, 10.0), Timed({"finish": "painting"}, PHOTO, 60.0)]
    expectation = Expectation(seen * 3)
    assert expectation.seconds({"finish": "painting"}, PHOTO) == pytest.approx(60, rel=0.2)
    assert expectation.seconds({"finish": "masterpiece"}, PHOTO) is None


def test_a_job_that_had_to_wait_for_something_is_not_believed() -> None:
    expectation = Expectation([Timed({}, PHOTO, seconds) for seconds in (5.0, 5.2, 40.0, 4.9, 5.1)])
    assert expectation.seconds({}, PHOTO) == pytest.approx(5, rel=0.1)


def test_a_machine_that_became_faster_is_believed_soon() -> None:
    expectation = Expectation([Timed({}, PHOTO, seconds) for seconds in (2.0, 2.1, 2.0, 1.9, 6.0, 6.1, 6.0)])
    said = expectation.seconds({}, PHOTO)
    assert said is None or said < 3


def test_a_picture_of_unknown_size_has_an_estimate_only_where_the_size_does_not_matter() -> None:
    sizes = (SMALL, PHOTO, LARGE) * 3
    assert Expectation([Timed({}, pixels, 8.0) for pixels in sizes]).seconds({}, None) is not None
    assert Expectation([Timed({}, pixels, pixels / 1e5) for pixels in sizes]).seconds({}, None) is None


options = st.fixed_dictionaries(
    {}, optional={key: st.one_of(st.booleans(), st.floats(), st.text(max_size=4)) for key in "abc"}
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # of a machine that does other things too
@given(st.lists(st.builds(Timed, options, st.integers(0, 10**8), st.floats(0, 1e5)), min_size=1, max_size=8))
def test_whatever_plugins_have_for_options_there_is_a_sensible_number_or_none(done: list[Timed]) -> None:
    said = Expectation(done).seconds(done[0].options, done[0].pixels)
    assert said is None or 0 < said < 1e7


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "impasto.sqlite3"


def test_what_was_learnt_outlasts_a_restart_and_does_not_grow(path: Path) -> None:
    database = open_database(path)
    estimates = Estimates(database)
    for number in range(MOST_KEPT + 5):
        estimates.learn("probe.slow", "CPU", {"n": number % 2}, PHOTO, 3.0)
        estimates.learn("probe.slow", "GPU", {"n": number % 2}, PHOTO, 0.5)
    known = estimates.seconds("probe.slow", "CPU", {"n": 1}, PHOTO)
    database.close()
    estimates = Estimates(again := open_database(path))
    assert estimates.seconds("probe.slow", "CPU", {"n": 1}, PHOTO) == pytest.approx(known, rel=0.01)
    assert estimates.seconds("probe.slow", "another", {"n": 1}, PHOTO) is None
    assert again.execute("SELECT count(*) FROM measurements").fetchone()[0] == 2 * MOST_KEPT
    again.close()


def test_the_pixels_of_a_job_are_those_of_its_first_picture_as_far_as_they_are_wanted() -> None:
    half = PictureRef("a", 1000, 800, crop=Crop(0.0, 0.0, 0.5, 1.0))
    assert content_pixels(order({"content": (half,), "style": (PictureRef("b"),)})) == 400_000
    assert content_pixels(order({"content": (PictureRef("b"),), "style": (half,)})) is None


# Forecast: one device that is busy, and a clock that the tests turn.

SECONDS = ChoiceOption("seconds", verbatim("Seconds"), (Choice("10", verbatim("10")),), "10")
BUSY, FREE = Device("cpu", "CPU", False), Device("cpu", "CPU", True)


def effect(name: str, *, express: bool = False) -> Effect:
    slots = (ImageSlot("content", verbatim("Content"), verbatim("Send it.")),)
    what = verbatim(name)
    return Effect(f"probe.{name}", what, what, Category.OTHER, "a:B", slots, express=express)


def order(
    pictures: dict[str, tuple[PictureRef, ...]], user: int = 7, effect_id: str = "probe.slow"
) -> JobOrder:
    return JobOrder(user, user, effect_id, {}, pictures, "en")


def job(number: int, user: int = 7, name: str = "slow") -> Job:
    return Job(number, order({"content": (PictureRef("x", 1280, 960),)}, user, f"probe.{name}"))


class Clock:
    """Stands still until it is turned."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forecast(clock: Clock) -> Iterator[Forecast]:
    """Of "slow" it is known that it takes 10 seconds, of "quick" and "brisk" 1, of "new" nothing."""
    database = open_database(":memory:")
    estimates = Estimates(database)
    for seconds, name in ((10.0, "slow"), (1.0, "quick"), (1.0, "brisk")):
        for _job in range(3):
            estimates.learn(f"probe.{name}", "CPU", {}, PHOTO, seconds)
    effects = [effect("slow"), effect("new"), effect("brisk"), effect("quick", express=True)]
    yield Forecast(estimates, {known.id: known for known in effects}, clock)
    database.close()


def told(updates: Sequence[Waiting]) -> list[tuple[int, int, float | None]]:
    return [(update.ahead, update.own, update.ready_in and round(update.ready_in)) for update in updates]


def test_people_are_told_how_many_go_first_how_many_are_their_own_and_when_they_are_done(
    forecast: Forecast, clock: Clock
) -> None:
    forecast.begin(running := job(1), BUSY)
    clock.now = 4.0
    waiting = forecast.waiting([running], [job(2), job(3, user=8), job(4)], [BUSY])
    assert told(waiting) == [(1, 1, 16), (2, 0, 26), (3, 2, 36)]


def test_two_devices_are_done_twice_as_soon(forecast: Forecast) -> None:
    other = Device("cpu1", "CPU", False)
    forecast.begin(one := job(1), BUSY)
    forecast.begin(two := job(2), other)
    waiting = forecast.waiting([one, two], [job(3), job(4), job(5)], [BUSY, other])
    assert [round(update.ready_in or 0) for update in waiting] == [20, 20, 30]


def test_who_gets_a_device_at_once_is_next(forecast: Forecast) -> None:
    assert told(forecast.waiting([], [job(1), job(2)], [FREE])) == [(0, 0, 10), (1, 1, 20)]
    assert told(forecast.waiting([job(1)], [job(2)], [FREE])) == [(0, 0, 10), (1, 1, 20)], (
        "it is the first one's"
    )


def test_behind_a_job_of_which_nothing_is_known_only_the_place_is_said(forecast: Forecast) -> None:
    waiting = forecast.waiting([], [job(1), job(2, name="new"), job(3)], [FREE])
    assert told(waiting) == [(0, 0, 10), (1, 1, None), (2, 2, None)]


def test_a_quick_job_does_not_wait_for_long_ones(forecast: Forecast) -> None:
    forecast.begin(running := job(1, name="new"), BUSY)
    waiting = forecast.waiting([running], [job(2, name="quick"), job(3, name="quick")], [BUSY])
    assert told(waiting) == [(0, 0, 1), (1, 1, 2)]


def test_a_quick_job_waits_for_a_long_one_that_does_not_look_up(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(running := job(1), BUSY)
    clock.now += 4
    assert told(forecast.waiting([running], [job(2, name="quick")], [BUSY])) == [(0, 0, 7)]


def test_a_job_is_express_by_its_time_where_that_is_known(forecast: Forecast) -> None:
    known = {name: forecast.judge(job(1, name=name), [FREE]) for name in ("slow", "brisk", "new")}
    assert known == {"slow": False, "brisk": True, "new": False}


def test_a_worker_that_starts_takes_its_time(forecast: Forecast) -> None:
    resting = Device("cpu", "CPU", True, express=True, starts_in=8.0)
    assert told(forecast.waiting([], [job(1)], [resting])) == [(0, 0, 18)]


def test_a_picture_that_is_only_being_encoded_is_in_nobodys_way(forecast: Forecast) -> None:
    forecast.begin(running := job(1), BUSY)
    forecast.computed(running)
    assert told(forecast.waiting([running], [job(2)], [FREE])) == [(0, 0, 10)]


def test_a_device_that_is_not_up_promises_nothing(forecast: Forecast) -> None:
    assert told(forecast.waiting([], [job(1)], [BUSY])) == [(0, 0, None)]


def test_time_that_a_long_job_gave_to_a_quick_one_is_not_its_own(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(long := job(1), BUSY)
    clock.now = 4.0
    forecast.advance(long, 0.4)
    forecast.begin(quick := job(2, name="quick"), BUSY)
    clock.now = 7.0
    forecast.end(quick.id)
    assert forecast.working(long).remaining == pytest.approx(6, rel=0.1)


def test_a_job_of_which_nothing_is_known_is_told_by_its_own_pace(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(new := job(1, name="new"), BUSY)
    clock.now = 0.5
    forecast.advance(new, 0.1)
    assert forecast.working(new).remaining is None, "that is too early"
    clock.now = 5.0
    forecast.advance(new, 0.2)
    assert forecast.working(new).remaining == pytest.approx(20)


def test_a_job_that_takes_far_longer_than_expected_may_take_any_time(
    forecast: Forecast, clock: Clock
) -> None:
    forecast.begin(slow := job(1), BUSY)
    clock.now = 12.0
    assert forecast.working(slow).remaining is not None
    clock.now = 16.0
    assert forecast.working(slow).remaining is None


@given(st.lists(st.floats(0.7, 1.3), min_size=20, max_size=20), st.floats(7.0, 14.0))
def test_the_time_that_is_left_falls_however_unevenly_a_job_goes_on(steps: list[float], takes: float) -> None:
    clock = Clock()
    database = open_database(":memory:")
    estimates = Estimates(database)
    for _job in range(3):
        estimates.learn("probe.slow", "CPU", {}, PHOTO, 10.0)
    forecast = Forecast(estimates, {"probe.slow": effect("slow")}, clock)
    forecast.begin(slow := job(1), BUSY)
    before = forecast.working(slow).remaining or math.inf
    rises = 0
    for number, step in enumerate(steps, start=1):
        clock.now += takes * step / sum(steps)
        forecast.advance(slow, number / len(steps))
        left = forecast.working(slow).remaining
        assert left is not None
        rises += left > before + 1
        before = left
    database.close()
    assert rises <= 1
    assert before <= 1


def test_nothing_is_said_twice_and_a_time_only_when_it_has_changed(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(running := job(1), BUSY)

    def news() -> list[tuple[int, int, float | None]]:
        return told(forecast.news(forecast.waiting([running], [job(2), job(3)], [BUSY])))

    assert news() == [(1, 1, 20), (2, 2, 30)]
    clock.now = 3.0
    forecast.advance(running, 0.3)
    assert news() == []
    clock.now = 6.0
    forecast.advance(running, 0.6)
    assert forecast.is_old is False
    assert news() == [(1, 1, 14), (2, 2, 24)]
    clock.now = 12.0
    assert forecast.is_old


@given(st.floats(1.5, 24 * 3600))
def test_times_are_said_in_round_numbers_a_quarter_off_at_most(seconds: float) -> None:
    assert 1 / 1.34 <= about(seconds) / seconds <= 1.34
