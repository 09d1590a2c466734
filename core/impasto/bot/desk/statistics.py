"""/stats: what was made today and in the last seven days, and how fast. Of people, only how many."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from impasto.bot.cards import heading
from impasto.bot.desk.plot import Bars
from impasto.bot.replies import Card
from impasto.effects import Effect
from impasto.i18n import Language
from impasto.jobs.model import Outcome
from impasto.text import Text, verbatim
from impasto.text import text as _

DAYS = 7

_COLOURS = {
    "🟦": "#3b82f6",
    "🟧": "#f59e0b",
    "🟩": "#22c55e",
    "🟥": "#ef4444",
    "🟪": "#a855f7",
    "🟫": "#8b5e3c",
}
"""Squares for the words, and the same colours for the plot."""

_OTHERS = ("⬛", "#444444")


@dataclass(frozen=True, slots=True)
class Share:
    """What one effect, or all the rarer ones, has made: the square that stands for it, and its moments."""

    title: Text
    square: str
    colour: str
    moments: tuple[datetime, ...]


def beginning(now: datetime) -> datetime:
    """The first midnight of the days that are told of."""
    return _midnight(now) - timedelta(days=DAYS - 1)


def shares(outcomes: Sequence[Outcome], effects: Mapping[str, Effect]) -> list[Share]:
    """What was made, by effect, the most used first; the rarest together."""
    made: dict[str, list[datetime]] = {}
    for outcome in outcomes:
        if outcome.made:
            made.setdefault(outcome.effect_id, []).append(datetime.fromtimestamp(outcome.at).astimezone())
    ranked = sorted(made.items(), key=lambda item: -len(item[1]))
    found = [
        Share(
            heading(effects[effect_id]) if effect_id in effects else verbatim(effect_id), *look, (*moments,)
        )
        for look, (effect_id, moments) in zip(_COLOURS.items(), ranked, strict=False)
    ]
    rest = tuple(moment for _effect, moments in ranked[len(_COLOURS) :] for moment in moments)
    return [*found, Share(_("everything else"), *_OTHERS, rest)] if rest else found


def card(
    outcomes: Sequence[Outcome], effects: Mapping[str, Effect], now: datetime, language: Language
) -> Card:
    """The numbers."""
    today = _midnight(now)
    of_today = [outcome for outcome in outcomes if outcome.at >= today.timestamp()]
    by_effect = tuple(
        _("{square} {effect}: {week}, today {today}")(
            square=share.square,
            effect=share.title,
            week=len(share.moments),
            today=sum(moment >= today for moment in share.moments),
        )
        for share in shares(outcomes, effects)
    )
    return Card(
        (
            _("Today\n{numbers}")(numbers=_numbers(of_today, language)),
            _("The last seven days\n{numbers}")(numbers=_numbers(outcomes, language)),
        ),
        heading=_("📊 What was made"),
        lines=by_effect,
    )


def bars(outcomes: Sequence[Outcome], effects: Mapping[str, Effect], now: datetime) -> list[Bars]:
    """The plot's bars, each from the first day to today."""
    days = [day.date() for day in days_until(now)]
    counted = [
        (share.colour, Counter(moment.date() for moment in share.moments))
        for share in shares(outcomes, effects)
    ]
    return [Bars(colour, tuple(counts[day] for day in days)) for colour, counts in counted]


def days_until(now: datetime) -> list[datetime]:
    """The days that are told of, oldest first."""
    return [now - timedelta(days=back) for back in reversed(range(DAYS))]


def _numbers(outcomes: Sequence[Outcome], language: Language) -> Text:
    made = [outcome for outcome in outcomes if outcome.made]
    if not outcomes:
        return _("Nothing yet.")
    counts = _("Pictures: {made}\nPeople: {people}\nFailed: {failed}")(
        made=len(made),
        people=len({outcome.user_id for outcome in outcomes}),
        failed=len(outcomes) - len(made),
    )
    if not made:
        return counts
    times = [outcome.seconds for outcome in made]
    return _("{counts}\nUsual time: {usual}\nLongest time: {longest}\nMegapixels: {megapixels}")(
        counts=counts,
        usual=language.duration(statistics.median(times)),
        longest=language.duration(max(times)),
        megapixels=round(sum(outcome.pixels for outcome in made) / 1e6, 1),
    )


def _midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)
