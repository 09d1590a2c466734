"""What a line of the log says, and of which job, fault and device it speaks; as text and as JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_SUBJECTS = ("job", "fault", "device")

_job: ContextVar[str | None] = ContextVar("job", default=None)


@contextmanager
def about(job: int | str) -> Iterator[None]:
    """Note on every line that is logged meanwhile, by whatever it is, that it is about this job.

    Tasks and timers that are begun meanwhile go on with it: see that they are of the same job.
    """
    token = _job.set(str(job))
    try:
        yield
    finally:
        _job.reset(token)


def of_job(log: logging.Logger, job: int) -> logging.LoggerAdapter[logging.Logger]:
    """The same log for lines about this job."""
    return logging.LoggerAdapter(log, {"job": str(job)})


def subjects(record: logging.LogRecord) -> dict[str, str]:
    """What a line speaks of: the references of its job and its fault, and its device, where it has such."""
    named = {name: getattr(record, name, None) for name in _SUBJECTS}
    named["job"] = named["job"] or _job.get()
    return {name: str(value) for name, value in named.items() if value is not None}


def redacted(words: str, secrets: tuple[str, ...]) -> str:
    """`words` without the secrets."""
    for secret in filter(None, secrets):
        words = words.replace(secret, "[token]")
    return words


class TextLines(logging.Formatter):
    """Lines for people; without `moment`, time and level are told by whoever takes the line."""

    def __init__(self, secrets: tuple[str, ...] = (), *, moment: bool = True) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s" if moment else "%(message)s")
        self._secrets = secrets

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - overrides the library's method
        """The line with the job that it is about."""
        if job := subjects(record).get("job"):
            record.message = f"{f'job {job}' if job.isdigit() else job}: {record.message}"
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """The line, with a traceback where there is one, without secrets."""
        return redacted(super().format(record), self._secrets)


class JsonLines(logging.Formatter):
    """Lines for programs: one JSON object each. `time` is UTC in ISO 8601."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The line without secrets."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **subjects(record),
        }
        if trace := traceback_of(record):
            said["exception"] = trace
        return redacted(json.dumps(said, ensure_ascii=False), self._secrets)


def traceback_of(record: logging.LogRecord) -> str | None:
    """The traceback of what was raised, if anything was."""
    if record.exc_info and record.exc_info[0] is not None:
        return logging.Formatter().formatException(record.exc_info)
    return record.exc_text
