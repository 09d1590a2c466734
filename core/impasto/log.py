"""Logging for the core and its workers: to standard error, never with the bot's token in it."""

from __future__ import annotations

import logging
import sys


class RedactingFormatter(logging.Formatter):
    """Takes secrets out of finished lines, tracebacks included."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        """The line without secrets."""
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, "[token]")
        return line


def configure_logging(level: str, secrets: tuple[str, ...] = ()) -> None:
    """Log to standard error from `level` on, with `secrets` cut out of every line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for chatty in ("httpx", "httpcore", "telegram", "asyncio", "PIL", "aiohttp.access"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLogger().level))
