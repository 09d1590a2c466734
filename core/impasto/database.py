"""The one SQLite database of an instance: jobs, users, sessions. Holds file ids and settings, never pictures.

While its disk is full it lives on in memory, and goes back to the disk when there is room.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

log = logging.getLogger(__name__)

MIGRATIONS = (
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chat_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        effect_id TEXT NOT NULL,
        options TEXT NOT NULL,
        pictures TEXT NOT NULL,
        as_file INTEGER NOT NULL,
        language TEXT NOT NULL,
        seed INTEGER NOT NULL,
        reply_to INTEGER,
        state TEXT NOT NULL,
        status_message_id INTEGER,
        status_is_photo INTEGER NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        deaths INTEGER NOT NULL DEFAULT 0,
        created REAL NOT NULL,
        changed REAL NOT NULL
    );
    CREATE INDEX jobs_by_state ON jobs (state);
    CREATE INDEX jobs_by_user ON jobs (user_id, state);
    CREATE TABLE users (
        user_id INTEGER PRIMARY KEY,
        language TEXT NOT NULL
    );
    """,
    """
    CREATE TABLE sheets (
        bot_id INTEGER NOT NULL,
        signature TEXT NOT NULL,
        file_id TEXT NOT NULL,
        PRIMARY KEY (bot_id, signature)
    );
    """,
    """
    CREATE TABLE people (
        user_id INTEGER PRIMARY KEY,
        client_language TEXT NOT NULL DEFAULT '',
        language TEXT,
        as_file INTEGER NOT NULL DEFAULT 0,
        file_format TEXT NOT NULL DEFAULT 'PNG',
        default_effect TEXT,
        kept_options TEXT NOT NULL DEFAULT '{}',
        announcements INTEGER NOT NULL DEFAULT 1,
        reachable INTEGER NOT NULL DEFAULT 1
    );
    INSERT INTO people (user_id, language) SELECT user_id, language FROM users;
    DROP TABLE users;
    ALTER TABLE people RENAME TO users;
    CREATE TABLE access (
        user_id INTEGER PRIMARY KEY,
        allowed INTEGER NOT NULL
    );
    CREATE TABLE faults (
        reference TEXT NOT NULL,
        detail TEXT NOT NULL,
        at REAL NOT NULL
    );
    CREATE TABLE facts (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    );
    ALTER TABLE jobs ADD COLUMN file_format TEXT NOT NULL DEFAULT 'PNG';
    ALTER TABLE jobs ADD COLUMN pixels INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE jobs ADD COLUMN seconds REAL NOT NULL DEFAULT 0;
    """,
    """
    CREATE TABLE sessions (
        chat_id INTEGER NOT NULL,
        user_id INTEGER NOT NULL,
        session TEXT NOT NULL,
        changed REAL NOT NULL,
        PRIMARY KEY (chat_id, user_id)
    );
    CREATE TABLE handled (
        update_id INTEGER PRIMARY KEY,
        at REAL NOT NULL
    );
    CREATE TABLE measurements (
        id INTEGER PRIMARY KEY,
        effect_id TEXT NOT NULL,
        device TEXT NOT NULL,
        options TEXT NOT NULL,
        pixels INTEGER NOT NULL,
        seconds REAL NOT NULL
    );
    CREATE INDEX measurements_by_effect ON measurements (effect_id, device);
    """,
)
"""Each entry brings the schema from its index to the next; the version is SQLite's user_version."""


_NO_WRITING = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
"""What SQLite says of a disk that takes nothing: full, over a quota, broken, or mounted without writing."""

_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}

Value = str | int | float | None


class NoRoom(Exception):
    """The disk takes nothing just now."""


class Database:
    """An open database. While the disk takes nothing, reads and writes go to a copy of it in memory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._disk = connection
        self._memory: sqlite3.Connection | None = None
        self.on_full: Callable[[str], None] = lambda reason: None
        """Called with SQLite's reason when the disk ceases to take what is written."""

    @property
    def in_memory(self) -> bool:
        """Whether the disk takes nothing, so that what happens is in memory alone."""
        return self._memory is not None

    def execute(self, sql: str, parameters: Sequence[Value] = (), *, lazily: bool = False) -> sqlite3.Cursor:
        """Read or write; in memory while the disk is full.

        What is written outlasts the end of the process, and a power cut too unless it is written `lazily`.
        """
        if self._memory is None:
            try:
                return self._write_lazily(sql, parameters) if lazily else self._disk.execute(sql, parameters)
            except sqlite3.OperationalError as error:
                if not _is(error, _NO_WRITING):
                    raise
                self._memory = self._move_to_memory(error)
        return self._memory.execute(sql, parameters)

    def keep(self, sql: str, parameters: Sequence[Value]) -> sqlite3.Cursor:
        """Write to the disk or not at all. Raises `NoRoom`."""
        if not self.settle():
            raise NoRoom
        try:
            return self._disk.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            if not _is(error, _NO_WRITING):
                raise
            self._memory = self._move_to_memory(error)
            raise NoRoom from error

    def settle(self) -> bool:
        """Go back to the disk if it takes what was written meanwhile; whether nothing is in memory alone."""
        if self._memory is None:
            return True
        try:
            self._memory.backup(self._disk)
        except sqlite3.OperationalError as error:
            log.debug("the disk is still full: %s", error)
            return False
        self._memory.close()
        self._memory = None
        log.warning("there is room on the disk again")
        return True

    def close(self) -> None:
        """Close it, after a last try to write what is in memory alone."""
        if not self.settle() and self._memory is not None:
            log.error("the disk is full: what happened since then is lost, and some jobs will be done again")
            self._memory.close()
        self._disk.close()

    def _write_lazily(self, sql: str, parameters: Sequence[Value]) -> sqlite3.Cursor:
        self._disk.execute("PRAGMA synchronous = NORMAL")
        try:
            return self._disk.execute(sql, parameters)
        finally:
            self._disk.execute("PRAGMA synchronous = FULL")

    def _move_to_memory(self, error: sqlite3.OperationalError) -> sqlite3.Connection:
        log.error("the disk takes nothing, so the database lives in memory for now: %s", error)
        memory = _connect(":memory:")
        self._disk.backup(memory)
        self.on_full(str(error))
        return memory


def open_database(path: Path | str) -> Database:
    """Open, or create, the database at `path` in WAL mode and bring its schema up to date.

    Raises `sqlite3.DatabaseError` for a file that is damaged, no database at all, out of reach, or made by a
    later Impasto, and `NoRoom` where the disk is full.
    """
    connection = _connect(path)
    try:
        _check(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")  # accepted means kept, through a power cut too
        connection.execute("PRAGMA temp_store = MEMORY")
        _migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        if _is(error, _NO_ROOM):
            raise NoRoom(f"{path} can't be written; is the disk full? ({error})") from error
        raise
    return Database(connection)


def _connect(path: Path | str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _check(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise sqlite3.DatabaseError(f"a later Impasto made it (schema {version})")
    (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if said != "ok":
        raise sqlite3.DatabaseError(f"it is damaged ({said.splitlines()[-1]})")


def _migrate(connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {migration} PRAGMA user_version = {number}; COMMIT;")


def _is(error: sqlite3.Error, codes: set[int]) -> bool:
    """Whether SQLite's code for `error`, without its refinement, is one of `codes`."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in codes
