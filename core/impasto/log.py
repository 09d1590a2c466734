"""Logging for the core: to standard error or the journal, and a file if wanted; never with the bot's token.

Workers hand their lines to the core (`impasto.log_workers`), so that one process writes all of them. The last
lines are kept in memory too, for the owner.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Literal

from impasto.log_lines import JsonLines, TextLines

log = logging.getLogger(__name__)

Form = Literal["text", "json"]

_KEPT_BYTES = 500_000
_FILE_BYTES = 5 * 2**20
_OLDER_FILES = 5

_CHATTY = ("httpx", "httpcore", "telegram", "asyncio", "PIL", "aiohttp.access")
"""What these say below a warning is of no use to an owner: addresses with the token, whole messages."""


class RecentLines(logging.Handler):
    """Keeps the last `size` bytes of the log."""

    def __init__(self, secrets: tuple[str, ...] = (), *, size: int = _KEPT_BYTES) -> None:
        super().__init__()
        self.setFormatter(TextLines(secrets))
        self._size, self._used = size, 0
        self._lines: deque[bytes] = deque()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, and drop the oldest that have no room any more."""
        line = f"{self.format(record)}\n".encode(errors="replace")
        self._lines.append(line)
        self._used += len(line)
        while self._used > self._size:
            self._used -= len(self._lines.popleft())

    def text(self) -> bytes:
        """What is kept, oldest first, in UTF-8."""
        return b"".join(self._lines.copy())  # a copy, since other threads log meanwhile


class Warnings(logging.Handler):
    """Notes who warned of what."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.noted: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note a warning."""
        self.noted.append((record.name, record.getMessage()))


@contextmanager
def attached(handler: logging.Handler) -> Iterator[None]:
    """Let `handler` hear everything that is logged for a while."""
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def configure_logging(
    level: str, secrets: tuple[str, ...] = (), *, form: Form = "text", file: Path | None = None
) -> None:
    """Log from `level` on, with `secrets` cut out of every line; to `file` too, with older ones beside it.

    Text goes into the journal as entries with fields where standard error is the journal's. Raises `OSError`
    where the file can't be written.
    """
    lines = JsonLines(secrets) if form == "json" else TextLines(secrets)
    handlers = [_journal(secrets) if form == "text" and _is_journal() else logging.StreamHandler(sys.stderr)]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(
            RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_OLDER_FILES, encoding="utf-8")
        )
    for handler in handlers:
        if handler.formatter is None:
            handler.setFormatter(lines)
    logging.basicConfig(level=level, handlers=handlers, force=True)
    quieten()
    logging.raiseExceptions = False  # a line that can't be written would be told with all that is in it
    sys.excepthook = _log_end
    threading.excepthook = lambda args: _log_end(
        args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback
    )


def quieten() -> None:
    """Let libraries say no more than is of use to an owner."""
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    # An answer that is not Telegram's is told with a trace, and then raised: it is logged where it is met.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)


def _log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody has caught goes the way of all lines, on which secrets are cut out."""
    log.critical("this was not foreseen", exc_info=(kind, error, trace))


def _is_journal() -> bool:
    """Whether standard error ends in systemd's journal."""
    if "JOURNAL_STREAM" not in os.environ:
        return False
    from logging_journald import check_journal_stream

    return bool(check_journal_stream())


def _journal(secrets: tuple[str, ...]) -> logging.Handler:
    from impasto.log_journal import Journal

    return Journal(secrets)
