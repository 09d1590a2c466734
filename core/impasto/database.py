"""The one SQLite database of an instance: jobs and users. Holds file ids and settings, never pictures."""

from __future__ import annotations

import sqlite3
from pathlib import Path

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
)
"""Each entry brings the schema from its index to the next; the version is SQLite's user_version."""


def open_database(path: Path | str) -> sqlite3.Connection:
    """Open, or create, the database at `path` in WAL mode and bring its schema up to date.

    Raises `sqlite3.DatabaseError` for a file that is no database or comes from a later Impasto.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # accepted means kept, through a power cut too
    connection.execute("PRAGMA foreign_keys = ON")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise sqlite3.DatabaseError(f"{path} was made by a later Impasto (schema {version})")
    for number, migration in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN; {migration} PRAGMA user_version = {number}; COMMIT;")
    return connection
