"""Sessions: where everybody's conversation stands, through restarts too. Those used last are in memory.

That somebody is about to write to the owner is not kept: reports are anonymous.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields
from weakref import WeakValueDictionary

from pydantic import TypeAdapter, ValidationError

from impasto.bot.session import Kept, Session
from impasto.database import Database

log = logging.getLogger(__name__)

_MOST_IN_MEMORY = 1000
_KEPT_SECONDS = 30 * 24 * 3600
_KEPT = TypeAdapter(Kept)
_EMPTY = _KEPT.dump_json(Kept(), exclude_defaults=True)


class Sessions:
    """Sessions in `database`, by chat and user; one that is read back goes through `mend`."""

    def __init__(
        self, database: Database, mend: Callable[[Session], None], most_in_memory: int = _MOST_IN_MEMORY
    ) -> None:
        self._db, self._mend, self._most = database, mend, most_in_memory
        self._recent: OrderedDict[tuple[int, int], Session] = OrderedDict()
        self._alive: WeakValueDictionary[tuple[int, int], Session] = WeakValueDictionary()
        """With those that somebody still works with, so that there is one of each."""

    def of(self, chat_id: int, user_id: int) -> Session:
        """The session of a user in a chat as they left it; a fresh one where nothing is kept."""
        key = chat_id, user_id
        session = self._alive.get(key)
        if session is None:
            session = self._alive[key] = self._read(key)
        self._recent[key] = session
        self._recent.move_to_end(key)
        if len(self._recent) > self._most:
            self._recent.popitem(last=False)
        return session

    def keep(self, chat_id: int, user_id: int) -> None:
        """Note how the session stands now."""
        key = chat_id, user_id
        session = self._alive.get(key)
        if session is None:  # forgotten in the meantime
            return
        text = _KEPT.dump_json(session, exclude_defaults=True, warnings=False)  # 5 is no float to pydantic
        if text == _EMPTY:
            self._db.execute("DELETE FROM sessions WHERE chat_id = ? AND user_id = ?", key, lazily=True)
        else:
            values = (*key, text.decode(), time.time())
            self._db.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)", values, lazily=True)

    def move(self, chat_id: int, new_chat_id: int) -> None:
        """The chat has another number now, in which the card's message is not to be found."""
        self._drop(lambda key: key[0] in (chat_id, new_chat_id))
        self._db.execute(
            "UPDATE OR REPLACE sessions SET chat_id = ?, session = json_remove(session, '$.card_id')"
            " WHERE chat_id = ?",
            (new_chat_id, chat_id),
        )

    def forget(self, user_id: int) -> None:
        """Drop what a user left in any chat."""
        self._drop(lambda key: key[1] == user_id)
        self._db.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))

    def prune(self) -> None:
        """Drop what nobody touched for 30 days."""
        self._db.execute("DELETE FROM sessions WHERE changed < ?", (time.time() - _KEPT_SECONDS,))

    def _drop(self, chosen: Callable[[tuple[int, int]], bool]) -> None:
        for key in filter(chosen, list(self._alive)):
            self._recent.pop(key, None)
            self._alive.pop(key, None)

    def _read(self, key: tuple[int, int]) -> Session:
        row = self._db.execute(
            "SELECT session FROM sessions WHERE chat_id = ? AND user_id = ?", key
        ).fetchone()
        if row is None:
            return Session()
        try:
            kept = _KEPT.validate_json(row["session"])
        except ValidationError:
            log.info("a session that another version of Impasto kept begins anew")
            return Session()
        session = Session(**{field.name: getattr(kept, field.name) for field in fields(Kept)})
        self._mend(session)
        return session
