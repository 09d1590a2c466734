"""What stands in a line of the log, in each of its forms."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from impasto.lifecycle import EXIT_CONFIGURATION
from impasto.log_lines import JsonLines, TextLines, about, of_job
from tests.journal import JournalSocket

SECRETS = ("123456:SECRET",)


@pytest.fixture
def lines() -> Iterator[list[logging.LogRecord]]:
    """What a logger of the test's own has taken."""
    taken: list[logging.LogRecord] = []

    class Taker(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            taken.append(record)

    log.addHandler(taker := Taker())
    yield taken
    log.removeHandler(taker)


log = logging.getLogger("impasto.of_a_test")


def log_a_failure() -> None:
    try:
        raise OSError("https://x/bot123456:SECRET/getMe")
    except OSError:
        of_job(log, 17).exception("it failed with %s", "123456:SECRET")


def test_a_line_of_text_begins_with_its_job_and_ends_with_the_trace(lines: list[logging.LogRecord]) -> None:
    log_a_failure()
    first, *trace = TextLines(SECRETS).format(lines[0]).splitlines()
    assert re.fullmatch(r"[\d-]+ [\d:,]+ ERROR impasto.of_a_test: job 17: it failed with \[token\]", first)
    assert trace[-1] == "OSError: https://x/bot[token]/getMe"


def test_a_line_of_json_is_one_object_with_the_moment_in_utc(lines: list[logging.LogRecord]) -> None:
    log_a_failure()
    line = JsonLines(SECRETS).format(lines[0])
    assert "\n" not in line
    said = json.loads(line)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", said.pop("time"))
    assert said.pop("exception").endswith("OSError: https://x/bot[token]/getMe")
    assert said == {
        "level": "ERROR",
        "logger": "impasto.of_a_test",
        "message": "it failed with [token]",
        "job": "17",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the journal is Linux's")
def test_an_entry_of_the_journal_has_priority_and_job_as_fields(
    tmp_path: Path, lines: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    from logging_journald import JournaldTransport

    from impasto.log_journal import Journal

    journal = JournalSocket(tmp_path / "socket")
    monkeypatch.setattr(JournaldTransport, "SOCKET_PATH", journal.path)
    log_a_failure()
    Journal(SECRETS).emit(lines[0])
    journal.take(journal.socket.recv(2**20))
    (entry,) = journal.entries
    assert (entry["PRIORITY"], entry["IMPASTO_JOB"], entry["SYSLOG_IDENTIFIER"]) == ("3", "17", "impasto")
    assert entry["MESSAGE"].startswith("job 17: it failed with [token]\nTraceback")
    assert entry["MESSAGE"].endswith("OSError: https://x/bot[token]/getMe")
    assert b"SECRET" not in journal.raw
    journal.close()


async def test_what_anything_logs_on_the_way_of_a_job_is_about_that_job() -> None:
    written = StringIO()
    writer = logging.StreamHandler(written)
    writer.setFormatter(TextLines(moment=False))

    async def fetch(job: int) -> None:
        with about(job):
            await asyncio.sleep(0)
            log.warning("again")

    log.addHandler(writer)
    await asyncio.gather(fetch(1), fetch(2))
    log.warning("alone")
    log.removeHandler(writer)
    assert written.getvalue().splitlines() == ["job 1: again", "job 2: again", "alone"]


def test_a_file_of_the_log_that_cannot_be_written_is_a_wrong_configuration(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    done = subprocess.run(
        [sys.executable, "-m", "impasto", "run"],
        env={
            "HOME": str(tmp_path),
            "IMPASTO_TOKEN": "123456789:AAExampleExampleExampleExampleExample",
            "IMPASTO_LOG_FILE": str(in_the_way / "impasto.log"),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == EXIT_CONFIGURATION
    assert f"log_file: {in_the_way}/impasto.log can't be written" in done.stderr
