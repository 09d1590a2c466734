"""The log of workers: what they say goes to the core, which treats it as its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from impasto.log import quieten
from impasto.log_lines import subjects, traceback_of


@dataclass(frozen=True, slots=True)
class Said:
    """A line that a worker has logged at the moment `at`, in seconds since the epoch."""

    logger: str
    level: int
    message: str
    at: float
    trace: str | None
    subjects: dict[str, str]

    def log(self) -> None:
        """In the core: log it, as if it were the core's."""
        record = logging.makeLogRecord(
            {
                "name": self.logger,
                "levelno": self.level,
                "levelname": logging.getLevelName(self.level),
                "msg": self.message,
                "created": self.at,
                "msecs": self.at % 1 * 1000,
                "exc_text": self.trace,
                **self.subjects,
            }
        )
        logger = logging.getLogger(self.logger)
        if logger.isEnabledFor(self.level):
            logger.handle(record)


class _ToCore(logging.Handler):
    def __init__(self, send: Callable[[Said], None], device: str) -> None:
        super().__init__()
        self._send, self._device = send, device

    def emit(self, record: logging.LogRecord) -> None:
        about = {"device": self._device, **subjects(record)}
        said = Said(
            record.name, record.levelno, record.getMessage(), record.created, traceback_of(record), about
        )
        with suppress(OSError):  # the core is gone, and this worker goes with it
            self._send(said)


def log_through(send: Callable[[Said], None], level: str, device: str) -> None:
    """In the worker of `device`: let `send` take what is logged from `level` on, and libraries' warnings."""
    logging.basicConfig(level=level, handlers=[_ToCore(send, device)], force=True)
    logging.captureWarnings(True)
    quieten()
