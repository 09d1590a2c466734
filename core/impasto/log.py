"""Logging for the core and its workers: to standard error, never with the bot's token in it.

The core's last lines are kept in memory too, for the owner.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

_KEPT_BYTES = 500_000


def redacted(words: str, secrets: tuple[str, ...]) -> str:
    """`words` without the secrets."""
    for secret in filter(None, secrets):
        words = words.replace(secret, "[token]")
    return words


class RedactingFormatter(logging.Formatter):
    """Takes secrets out of finished lines, tracebacks included."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The line without secrets."""
        return redacted(super().format(record), self._secrets)


class RecentLines(logging.Handler):
    """Keeps the last `size` bytes of the log."""

    def __init__(self, secrets: tuple[str, ...] = (), *, size: int = _KEPT_BYTES) -> None:
        super().__init__()
        self.setFormatter(RedactingFormatter(secrets))
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


def configure_logging(level: str, secrets: tuple[str, ...] = ()) -> None:
    """Log to standard error from `level` on, with `secrets` cut out of every line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "telegram", "asyncio", "PIL", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
    # An answer that is not Telegram's is told with a trace, and then raised: it is logged where it is met.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)
