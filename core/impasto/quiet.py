"""Spans of the day by the clock on the wall, such as "22:00-07:00": when they are, summer time and all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self


@dataclass(frozen=True, slots=True)
class DailySpan:
    """From `begin` to `end` each day, into the next day where the end is not after the beginning."""

    begin: time
    end: time

    @classmethod
    def parse(cls, words: object) -> Self:
        """The span that was written. Raises `ValueError` with a sentence where it is none."""
        try:
            begin, end = (time.fromisoformat(part.strip().zfill(5)) for part in str(words).split("-"))
        except ValueError:
            raise ValueError(f"'{words}' is no span of the day; write it as in 22:00-07:00") from None
        if begin == end:
            raise ValueError(f"'{words}' begins when it ends; for all day and night there is /pause")
        return cls(begin, end)

    def end_around(self, moment: datetime) -> datetime | None:
        """When the span that `moment` is in ends; None where it is in none."""
        today = moment.astimezone().date()
        for day in (today - timedelta(1), today):
            end = _local(day + timedelta(self.end < self.begin), self.end)
            if _local(day, self.begin) <= moment < end:
                return end
        return None


def quiet_until(spans: Sequence[DailySpan], moment: datetime) -> datetime | None:
    """When the spans that `moment` is in, one after another, end; None where it is in none."""
    until = None
    for _span in spans:
        ends = [end for span in spans if (end := span.end_around(until or moment)) is not None]
        until = max(ends, default=until)
    return until


def _local(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock).astimezone()
