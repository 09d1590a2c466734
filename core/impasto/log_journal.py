"""The log as entries of systemd's journal, with fields: `journalctl IMPASTO_JOB=17` tells all of a job."""

from __future__ import annotations

import logging
import sys

from logging_journald import JournaldTransport

from impasto.log_lines import TextLines, subjects

_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}
"""Those of syslog, by Python's levels."""


class Journal(logging.Handler):
    """Sends lines without `secrets` to the journal. Imported where there is one."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.setFormatter(TextLines(secrets, moment=False))
        self._transport = JournaldTransport()

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line; to standard error, which is the journal's too, where that fails."""
        line = self.format(record)
        fields = {
            "MESSAGE": line,
            "PRIORITY": _priority(record.levelno),
            "SYSLOG_IDENTIFIER": "impasto",
            "LOGGER": record.name,
            **{f"IMPASTO_{name.upper()}": value for name, value in subjects(record).items()},
        }
        try:
            self._transport.send(fields.items())
        except OSError:
            sys.stderr.write(f"<{_priority(record.levelno)}>{line}\n")


def _priority(level: int) -> int:
    return next((priority for least, priority in _PRIORITIES.items() if level >= least), 7)
