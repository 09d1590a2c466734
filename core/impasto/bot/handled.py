"""Handled: which updates were. Telegram sends those again that a killed bot had not yet confirmed."""

from __future__ import annotations

import time

from impasto.database import Database

_KEPT_SECONDS = 2 * 24 * 3600
"""Telegram keeps an update for a day."""

_WHOSE = "bot whose updates were handled"


class Handled:
    """The numbers of the last updates, in `database`. Of whom they were is not noted."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def belong_to(self, bot_id: int) -> None:
        """Forget the numbers of another bot, which counts by itself."""
        noted = self._db.execute("SELECT value FROM facts WHERE name = ?", (_WHOSE,)).fetchone()
        if noted is not None and noted["value"] != str(bot_id):
            self._db.execute("DELETE FROM handled")
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_WHOSE, str(bot_id)))

    def note(self, update_id: int) -> None:
        """The update must not be handled again."""
        self._db.execute("INSERT OR IGNORE INTO handled VALUES (?, ?)", (update_id, time.time()), lazily=True)

    def __contains__(self, update_id: int) -> bool:
        found = self._db.execute("SELECT 1 FROM handled WHERE update_id = ?", (update_id,)).fetchone()
        return found is not None

    def prune(self) -> None:
        """Drop what Telegram does not send any more."""
        self._db.execute("DELETE FROM handled WHERE at < ?", (time.time() - _KEPT_SECONDS,))
