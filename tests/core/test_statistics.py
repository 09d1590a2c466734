"""What /stats counts."""

from datetime import datetime, timedelta

from impasto.bot.desk import statistics
from impasto.i18n import Language
from impasto.jobs.model import Outcome

NOW = datetime(2026, 11, 21, 0, 30).astimezone()
ENGLISH = Language("en")


def outcome(
    effect: str, ago: timedelta = timedelta(), *, user: int = 1, made: bool = True, seconds: float = 2.0
) -> Outcome:
    return Outcome(user, effect, made, (NOW - ago).timestamp(), seconds, 1_500_000)


def test_a_day_begins_at_midnight_and_the_plot_has_seven() -> None:
    hour = timedelta(hours=1)
    outcomes = [outcome("a", 6 * 24 * hour), outcome("a", hour), outcome("a"), outcome("b", hour)]
    assert statistics.beginning(NOW) == datetime(2026, 11, 15).astimezone()
    counts = [part.counts for part in statistics.bars(outcomes, {}, NOW)]
    assert counts == [(1, 0, 0, 0, 0, 1, 1), (0, 0, 0, 0, 0, 1, 0)]


def test_the_rarest_effects_share_the_last_colour() -> None:
    outcomes = [outcome(name) for number, name in enumerate("abcdefgh") for _time in range(10 - number)]
    shares = statistics.shares(outcomes, {})
    assert [str(share.title) for share in shares] == [*"abcdef", "everything else"]
    assert [len(share.moments) for share in shares] == [10, 9, 8, 7, 6, 5, 4 + 3]
    assert len({share.colour for share in shares}) == 7


def test_the_numbers_are_of_pictures_people_failures_times_and_megapixels() -> None:
    yesterday = timedelta(days=1)
    outcomes = [
        outcome("a", yesterday, seconds=240),
        outcome("a", user=2, seconds=3),
        outcome("a", user=3, seconds=5),
        outcome("b", user=3, seconds=120),
        outcome("b", user=4, made=False),
    ]
    today, week = map(ENGLISH, statistics.card(outcomes, {}, NOW, ENGLISH).paragraphs)
    assert today.splitlines()[1:] == [
        "Pictures: 3",
        "People: 3",
        "Failed: 1",
        "Usual time: 5 seconds",
        "Longest time: 2 minutes",
        "Megapixels: 4.5",
    ]
    assert week.splitlines()[1:3] == ["Pictures: 4", "People: 4"]
    assert "Longest time: 4 minutes" in week
