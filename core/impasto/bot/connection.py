"""The connection to the Bot API: how long its requests may take, and the first word with Telegram."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram.error import InvalidToken, NetworkError
from telegram.ext import Application, ApplicationBuilder

from impasto.bot.flood import FloodControl
from impasto.bot.handled import Handled
from impasto.bot.order import InOrderPerPerson
from impasto.bot.reach import Polling, PollRequest
from impasto.config import ConfigurationError, Settings

log = logging.getLogger(__name__)

AnyApplication = Application[Any, Any, Any, Any, Any, Any]

_CONNECT_RETRY_SECONDS = 60
_MEDIA_SECONDS = 120.0
"""For uploads and downloads of up to 50 MB; python-telegram-bot's own 5 s would send twice."""


def build_application(
    settings: Settings,
    token: str,
    flood: FloodControl,
    updates: asyncio.Queue[object],
    poll_request: PollRequest,
    handled: Handled,
) -> AnyApplication:
    """What hears updates and answers them."""
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(settings.telegram.base_url)
        .base_file_url(settings.telegram.base_file_url)
        .concurrent_updates(InOrderPerPerson(handled))
        .rate_limiter(flood)
        .update_queue(updates)
        .get_updates_request(poll_request)
        .connect_timeout(15)
        .read_timeout(30)
        .write_timeout(_MEDIA_SECONDS)
        .media_write_timeout(_MEDIA_SECONDS)
        .pool_timeout(30)
        .build()
    )


@asynccontextmanager
async def connected(
    application: AnyApplication, polling: Polling, stop: asyncio.Event
) -> AsyncIterator[None]:
    """Telegram reached and asked who we are, for as long as it takes, or until `stop`."""
    delay = 1
    while not stop.is_set():
        try:
            await application.initialize()
            break
        except InvalidToken as error:
            raise ConfigurationError("Telegram does not know this bot token; copy it again") from error
        except NetworkError as error:
            log.warning("Telegram can't be reached (%s); again in %d s", error, delay)
            try:
                async with asyncio.timeout(delay):
                    await stop.wait()
            except TimeoutError:
                delay = min(2 * delay, _CONNECT_RETRY_SECONDS)
    try:
        yield
    finally:
        await polling.stop()
        if application.running:
            await application.stop()
        await application.shutdown()
