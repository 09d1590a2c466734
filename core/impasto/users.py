"""UserStore: what is remembered of a user from one start to the next: the language they chose."""

from __future__ import annotations

import sqlite3


class UserStore:
    """Users in the database `connection`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def language(self, user_id: int) -> str | None:
        """The code of the language that the user chose; None where they never did."""
        row = self._db.execute("SELECT language FROM users WHERE user_id = ?", (user_id,)).fetchone()
        return row["language"] if row else None

    def set_language(self, user_id: int, code: str) -> None:
        """Remember a choice."""
        self._db.execute(
            "INSERT INTO users (user_id, language) VALUES (?, ?)"
            " ON CONFLICT (user_id) DO UPDATE SET language = excluded.language",
            (user_id, code),
        )
