"""UserStore: what is kept of a person from one start to the next: their settings, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from impasto.database import Database
from impasto.effects import OptionValue

FileFormat = Literal["PNG", "JPEG"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person chose under /settings, or the defaults."""

    language: str | None = None
    """The language chosen; None where the client's is spoken."""
    as_file: bool = False
    """Results come as files in full size, not as photos."""
    file_format: FileFormat = "PNG"
    default_effect: str | None = None
    """What is offered at once for a picture that comes without a word."""
    kept_options: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=dict)
    """The options that they keep for an effect, by its id."""
    announcements: bool = True
    """Whether the owner's announcements are wanted."""


class UserStore:
    """Users in `database`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def meet(self, user_id: int, client_language: str) -> None:
        """Somebody writes, from a client in this language: they can be reached, and may be new."""
        self._db.execute(
            "INSERT INTO users (user_id, client_language) VALUES (?, ?) ON CONFLICT (user_id)"
            " DO UPDATE SET client_language = excluded.client_language, reachable = 1"
            " WHERE client_language != excluded.client_language OR NOT reachable",
            (user_id, client_language),
        )

    def preferences(self, user_id: int) -> Preferences:
        """The settings of a person; the defaults for somebody unknown."""
        row = self._db.execute("SELECT * FROM users WHERE user_id = ?", (user_id,)).fetchone()
        if row is None:
            return Preferences()
        return Preferences(
            language=row["language"],
            as_file=bool(row["as_file"]),
            file_format=row["file_format"],
            default_effect=row["default_effect"],
            kept_options=json.loads(row["kept_options"]),
            announcements=bool(row["announcements"]),
        )

    def set_preferences(self, user_id: int, preferences: Preferences) -> None:
        """Keep the settings of a person."""
        self._db.execute(
            "INSERT INTO users (user_id, language, as_file, file_format, default_effect, kept_options,"
            " announcements) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET"
            " language = excluded.language, as_file = excluded.as_file, file_format = excluded.file_format,"
            " default_effect = excluded.default_effect, kept_options = excluded.kept_options,"
            " announcements = excluded.announcements",
            (
                user_id,
                preferences.language,
                preferences.as_file,
                preferences.file_format,
                preferences.default_effect,
                json.dumps({effect: dict(kept) for effect, kept in preferences.kept_options.items()}),
                preferences.announcements,
            ),
        )

    def language(self, user_id: int) -> str | None:
        """The code of the language to speak: that which the person chose, or their client's."""
        row = self._db.execute(
            "SELECT language, client_language FROM users WHERE user_id = ?", (user_id,)
        ).fetchone()
        return (row["language"] or row["client_language"] or None) if row else None

    def listeners(self) -> list[int]:
        """Those who can be reached and want announcements, in no order."""
        rows = self._db.execute("SELECT user_id FROM users WHERE announcements AND reachable")
        return [row["user_id"] for row in rows]

    def set_unreachable(self, user_id: int) -> None:
        """The person blocked the bot, or is no more."""
        self._db.execute("UPDATE users SET reachable = 0 WHERE user_id = ?", (user_id,))

    def forget(self, user_id: int) -> None:
        """Delete all that is kept of a person here."""
        self._db.execute("DELETE FROM users WHERE user_id = ?", (user_id,))
