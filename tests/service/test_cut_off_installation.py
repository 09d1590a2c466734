"""An installation for oneself that fails, is stopped, or that a power cut ends; fakes/ stands for systemd."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.service.installing import Person, installed


def test_first_installation_that_fails_leaves_nothing(person: Person, studio: tuple[str, ...]) -> None:
    (person.fakes / "impasto").write_text("[[ $1 != run ]] || exit 3\n")
    failed = person.install("--user", *studio, "--token-file", str(person.token_file))
    assert failed.returncode == 1
    assert "does not come up: it ended with exit code 3" in failed.stdout
    assert "loginctl disable-linger" in person.calls
    assert not list(person.home.iterdir())


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_installation_that_is_stopped_leaves_nothing(
    person: Person, studio: tuple[str, ...], signal_number: signal.Signals
) -> None:
    (person.fakes / "impasto").write_text("[[ $1 != run ]] || exec sleep 60\n")
    installer = subprocess.Popen(
        person.command("--user", *studio, "--token-file", str(person.token_file)),
        env=person.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # so that all of it can be sent the signal, as a terminal does at Ctrl-C
    )
    while "impasto run" not in person.calls:
        time.sleep(0.05)
        assert installer.poll() is None
    os.killpg(installer.pid, signal_number)
    said, _ = installer.communicate(timeout=20)
    assert installer.returncode == 1, said
    assert "stopped by you" in said
    assert not list(person.home.iterdir())


def test_what_a_power_cut_left_is_cleared_away(person: Person, studio: tuple[str, ...]) -> None:
    options = ("--user", *studio, "--token-file", str(person.token_file))
    (person.prefix / "src.new").mkdir(parents=True)
    person.prefix.chmod(0o777)
    installed(person, *options)
    assert sorted(path.name for path in person.prefix.iterdir()) == ["lingering", "made-folders", "src"]
    database = person.home / ".local/share/impasto/impasto.sqlite3"
    database.parent.mkdir(mode=0o777)
    database.parent.chmod(0o777)
    brought_to(database, version=1)
    before = person.files()
    (person.fakes / "impasto").write_text("[[ $1 != run ]] || exit 3\n")

    def power_cut() -> None:
        (person.prefix / "before").mkdir()
        (person.prefix / "before").chmod(0o777)
        (person.prefix / "src").rename(person.prefix / "before/src")
        (person.prefix / "src").mkdir()  # where an update had put the new program
        shutil.copy(database, person.prefix / "before")

    power_cut()
    brought_to(database, version=2)
    assert person.install(*options).returncode == 1
    assert person.files() == before, "also the database, which the program of before could not read any more"

    power_cut()
    brought_to(database, version=1, says="what people did since")
    newer = database.read_bytes()
    assert person.install(*options).returncode == 1
    assert {**person.files(), ".local/share/impasto/impasto.sqlite3": b""} == {
        **before,
        ".local/share/impasto/impasto.sqlite3": b"",
    }
    assert database.read_bytes() == newer


def brought_to(database: Path, version: int, says: str = "") -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            f"PRAGMA user_version = {version}; CREATE TABLE IF NOT EXISTS t (text);"
            f"INSERT INTO t VALUES ('{says}')"
        )
    database.chmod(0o666)
