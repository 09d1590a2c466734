"""Access: whom the bot answers. Decisions about single people are kept; for others there is the rule."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from enum import IntEnum

from impasto.database import Database

_NUMBERS = 10_000


class Standing(IntEnum):
    """What was decided about a person, as the column `allowed` of the database says it."""

    REFUSED = 0
    """They are not answered, and do not know it yet."""
    WELCOME = 1
    REFUSED_AND_TOLD = 2
    """They are not answered any more."""


class Access:
    """Decisions in `database`. With `private`, only people whom somebody let in are answered:
    the `owner`, those of `allowed`, and those of whom it was decided.
    """

    def __init__(
        self,
        database: Database,
        *,
        owner: int | None,
        private: bool = False,
        allowed: Collection[int] = (),
    ) -> None:
        self._db = database
        self._owner, self._private, self._allowed = owner, private, frozenset(allowed)

    def admits(self, user_id: int) -> bool:
        """Whether this person is answered."""
        standing = self.standing(user_id)
        if user_id == self._owner or standing is Standing.WELCOME:
            return True
        return standing is None and (not self._private or user_id in self._allowed)

    def standing(self, user_id: int) -> Standing | None:
        """What was decided about this person; None if nothing was."""
        row = self._db.execute("SELECT allowed FROM access WHERE user_id = ?", (user_id,)).fetchone()
        return Standing(row["allowed"]) if row else None

    def decide(self, user_id: int, standing: Standing) -> None:
        """Keep what is decided."""
        self._db.execute("INSERT OR REPLACE INTO access VALUES (?, ?)", (user_id, standing))

    def readmit(self, user_id: int) -> None:
        """Take a refusal back."""
        self._db.execute("DELETE FROM access WHERE user_id = ?", (user_id,))
        if not self.admits(user_id):
            self.decide(user_id, Standing.WELCOME)

    def forget(self, user_id: int) -> None:
        """The person wants to be forgotten, so they are no longer let in; a refusal stays."""
        self._db.execute("DELETE FROM access WHERE user_id = ? AND allowed = ?", (user_id, Standing.WELCOME))


def number_of(user_id: int) -> str:
    """Four digits by which a stranger and the owner can tell that they speak of the same person.

    It is the same each time, and leads nobody back to the person.
    """
    digest = hashlib.sha256(str(user_id).encode()).digest()
    return f"{int.from_bytes(digest[:8]) % _NUMBERS:04}"
