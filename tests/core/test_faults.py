"""What the owner is told of faults, and what is kept: of them, and of the log."""

import logging
import sqlite3
from collections.abc import Iterator

import pytest

from impasto.bot.desk.faults import KEPT, FaultBook, detail_file, kind_of
from impasto.database import open_database
from impasto.log import RecentLines, attached


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = open_database(":memory:")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("OSError: /tmp/a/b-1.png is gone", "OSError: /home/x/y.png is gone"),
        (r"OSError: C:\data\a.png is gone", r"OSError: C:\other\b.png is gone"),
        ("CUDA out of memory: 12.5 MiB of cuda:0", "CUDA out of memory: 700 MiB of cuda:1"),
        ("no such object at 0x7f3a9c", "no such object at 0x11"),
        ("lost 3f2a9c01", "lost 77b1e0aa"),
        ("KeyError: a\n\n  File one.py, line 3", "KeyError: a\n\n  another way to it"),
    ],
)
def test_faults_that_differ_in_numbers_ids_and_paths_are_of_one_kind(one: str, other: str) -> None:
    assert kind_of(one) == kind_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("KeyError: a", "KeyError: b"),
        ("nst.any: out of memory", "nst.gatys: out of memory"),
        ("decode failed", "face failed"),
    ],
)
def test_other_faults_are_of_another_kind(one: str, other: str) -> None:
    assert kind_of(one) != kind_of(other)


def test_each_fault_is_counted_with_its_kind_and_found_by_its_reference(
    database: sqlite3.Connection,
) -> None:
    book = FaultBook(database, ("SECRET",))
    assert [book.record(str(n), f"OSError: {n}") for n in range(1, 4)] == [1, 2, 3]
    assert book.record("9", "KeyError: with SECRET") == 1
    assert [fault.reference for fault in book.newest(2)] == ["9", "3"]
    assert [fault.detail for fault in book.of("2")] == ["OSError: 2"]
    assert "SECRET" not in book.of("9")[0].detail
    assert FaultBook(database).record("4", "OSError: 4") == 1, "counted since the start"


def test_the_oldest_faults_go_and_one_that_comes_at_every_start_is_kept_once(
    database: sqlite3.Connection,
) -> None:
    book = FaultBook(database)
    for number in range(KEPT + 5):
        book.record(str(number), f"fault {number}")
    kept = [fault.reference for fault in book.newest(1000)]
    assert (len(kept), kept[0], kept[-1]) == (KEPT, str(KEPT + 4), "5")
    for _start in range(3):
        book.record("a plugin", "it is broken")
    assert len(book.of("a plugin")) == 1


def test_a_long_detail_goes_as_a_file(database: sqlite3.Connection) -> None:
    book = FaultBook(database)
    book.record("1", "short <b>")
    book.record("2", "long\n" + "&" * 3000)
    assert detail_file(book.of("1")) is None
    assert (detail_file(book.of("2")) or b"").decode().endswith("&&&")


def test_the_log_is_kept_up_to_its_size_newest_last_without_secrets() -> None:
    lines = RecentLines(("SECRET",), size=1000)
    log = logging.getLogger("test")
    with attached(lines):
        for number in range(100):
            log.error("line %d of SECRET", number)
    log.error("not heard any more")
    kept = lines.text().decode().splitlines()
    assert len(lines.text()) <= 1000
    assert kept[-1].endswith("ERROR test: line 99 of [token]")
    assert 10 < len(kept) < 30
