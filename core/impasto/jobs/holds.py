"""Holds: whether the owner wants nothing to be begun just now, and why; kept through restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from impasto.config import GuestSettings
from impasto.database import Database
from impasto.jobs.programs import ProgramWatch, executables
from impasto.quiet import quiet_until


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason to begin nothing new."""


@dataclass(frozen=True, slots=True)
class Paused(Hold):
    """The owner said /pause: until /resume."""


@dataclass(frozen=True, slots=True)
class QuietHours(Hold):
    """It is a time of day at which nothing is begun, until that moment of local time."""

    until: datetime


@dataclass(frozen=True, slots=True)
class InUse(Hold):
    """A program of the owner's runs that needs the computer. Its name is for the owner alone."""

    program: str


_PAUSED, _WAIVED = "paused", "quiet hours waived until"


class Holds:
    """The holds in force. `clock` tells the moment, `executables` the names of all that runs."""

    def __init__(
        self,
        database: Database,
        settings: GuestSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        executables: Callable[[], frozenset[str]] = executables,
    ) -> None:
        self._db, self._settings, self._clock = database, settings, clock
        self._programs = ProgramWatch(settings.programs, executables)
        self._waived: set[str] = set()
        """The programs that run and need not be waited for."""
        self._told = asyncio.Event()

    def in_force(self) -> list[Hold]:
        """All that holds; those first of which nobody knows when they end."""
        paused = [Paused()] if self._fact(_PAUSED) is not None else []
        in_use = [InUse(program)] if (program := self.in_use_by()) is not None else []
        quiet = [QuietHours(until)] if (until := self._quiet_until()) is not None else []
        return [*paused, *in_use, *quiet]

    def current(self) -> Hold | None:
        """The first hold in force."""
        return next(iter(self.in_force()), None)

    def in_use_by(self) -> str | None:
        """The program for which the computer is needed at once, whatever else holds."""
        return next((name for name in self._programs.running() if name not in self._waived), None)

    def pause(self) -> None:
        """Begin nothing new until `resume`."""
        self._set_fact(_PAUSED, "")
        self._told.set()

    def resume(self) -> list[Hold]:
        """Go on, whatever holds: until its cause ends and begins anew. Returns what held."""
        lifted: list[Hold] = []
        while (hold := self.current()) is not None:
            lifted.append(hold)
            match hold:
                case QuietHours(until=until):
                    self._set_fact(_WAIVED, until.isoformat())
                case InUse(program=program):
                    self._waived.add(program)
                case _:
                    self._set_fact(_PAUSED, None)
        self._told.set()
        return lifted

    async def look(self) -> None:
        """See which programs run."""
        await self._programs.look()
        self._waived &= set(self._programs.running())

    async def changes(self) -> AsyncIterator[None]:
        """Look at clock and programs as long as there is reason to, and yield when what holds has changed."""
        watches = self._settings.quiet_hours or self._settings.programs
        interval = self._settings.look_seconds if watches else None  # wall clocks jump, and computers sleep
        known = self._state()
        while True:
            await self.look()
            if (state := self._state()) != known:
                known = state
                yield
            with suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await self._told.wait()
            self._told.clear()

    def _state(self) -> tuple[Hold | None, str | None]:
        return self.current(), self.in_use_by()

    def _quiet_until(self) -> datetime | None:
        now = self._clock()
        waived = self._fact(_WAIVED)
        if waived is not None and now < datetime.fromisoformat(waived):
            return None
        return quiet_until(self._settings.quiet_hours, now)

    def _fact(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def _set_fact(self, name: str, value: str | None) -> None:
        if value is None:
            self._db.execute("DELETE FROM facts WHERE name = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))
