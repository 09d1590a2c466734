"""Checkup: what is looked at to say how this instance does, in words for its owner, and never of people."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta

from impasto.bot.reach import Reach
from impasto.database import Database
from impasto.engine.local import LocalEngine
from impasto.health import Health
from impasto.jobs.holds import Hold, Holds, InUse, QuietHours
from impasto.jobs.model import JobState
from impasto.jobs.store import JobStore

_SILENT_SECONDS = 60.0
_NOT_YET = "Telegram has not answered yet"


def examine(
    health: Health,
    *,
    database: Database,
    store: JobStore,
    engine: LocalEngine,
    reach: Reach,
    holds: Holds,
    lasting: Iterable[asyncio.Task[None]],
) -> None:
    """Give `health` its checks. The tasks `lasting`, which may become more, end only when the bot does."""
    health.activity = lambda: _activity(store, holds) if health.ready.is_set() else "starting"
    health.check("tasks", lambda: _ended(lasting), vital=True)
    health.check("database", lambda: _unanswered(database), vital=True)
    health.check("workers", lambda: _unheard(engine), vital=True)
    health.check("telegram", lambda: _silence(reach) if health.ready.is_set() else _NOT_YET)
    health.check("token", lambda: _shared(reach))
    health.check("devices", lambda: _failing(engine))
    health.check("disk", lambda: _homeless(database))


def _activity(store: JobStore, holds: Holds) -> str:
    try:
        return _work(store) + _held(holds.current())
    except sqlite3.Error:
        return "at work"


def _work(store: JobStore) -> str:
    counts = store.counts()
    made, waiting = counts.get(JobState.RUNNING, 0), counts.get(JobState.QUEUED, 0)
    if made:
        words = "1 picture is being made" if made == 1 else f"{made} pictures are being made"
        return words if not waiting else f"{words}, {waiting} {'waits' if waiting == 1 else 'wait'}"
    if waiting:
        return "1 picture waits" if waiting == 1 else f"{waiting} pictures wait"
    return "nobody waits for a picture"


def _ended(tasks: Iterable[asyncio.Task[None]]) -> str | None:
    ended = [task.get_name() for task in tasks if task.done()]
    return f"a part of the bot has ended: {', '.join(ended)}" if ended else None


def _unanswered(database: Database) -> str | None:
    try:
        database.execute("SELECT 1 FROM facts LIMIT 1").fetchone()
    except sqlite3.Error as error:
        return f"the database does not answer: {error}"
    return None


def _unheard(engine: LocalEngine) -> str | None:
    return None if engine.is_heard else "the workers are not heard any more"


def _silence(reach: Reach) -> str | None:
    if reach.undelivered is not None:
        return f"Telegram can't call the webhook: {reach.undelivered}"
    silence = reach.silence()
    if silence == float("inf"):  # the first poll may take as long as nobody writes
        return "Telegram is not heard" if reach.away else None
    if not reach.away and silence < _SILENT_SECONDS:
        return None
    since = datetime.now() - timedelta(seconds=silence)
    return f"Telegram has not been heard since {since:%H:%M}"


def _shared(reach: Reach) -> str | None:
    return "another program uses this token: end it, or revoke the token" if reach.is_rivalled else None


def _failing(engine: LocalEngine) -> str | None:
    failing = engine.failing()
    if not failing:
        return None
    return f"the workers die one after the other on {', '.join(failing)}; the log says of what"


def _homeless(database: Database) -> str | None:
    return "the disk takes nothing, so what happens is kept in memory alone" if database.in_memory else None


def _held(hold: Hold | None) -> str:
    """A hold is no trouble: it is as the owner wants it."""
    match hold:
        case None:
            return ""
        case QuietHours(until=until):
            return f"; nothing is begun in the quiet hours, which last until {until:%H:%M}"
        case InUse():
            return "; nothing is begun while a program of the owner's needs the computer"
        case _:
            return "; nothing is begun until the owner says /resume"
