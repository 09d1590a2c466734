"""The connection to the Bot API: how long its requests may take, and the first word with Telegram."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from telegram.error import InvalidToken, NetworkError
from telegram.ext import Application, ApplicationBuilder, BaseRateLimiter, BaseUpdateProcessor
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from impasto.bot.files import LARGE_SECONDS
from impasto.bot.reach import LOGGED_OUT, Hearing, PollRequest, is_logged_out
from impasto.config import ConfigurationError, Settings

log = logging.getLogger(__name__)

AnyApplication = Application[Any, Any, Any, Any, Any, Any]

_CONNECT_RETRY_SECONDS = 60
_CONNECTIONS = 256
_READ_SECONDS = 30.0
_MEDIA_SECONDS = 120.0
"""For uploads and downloads of up to 50 MB; python-telegram-bot's own 5 s would send twice."""


def build_application(
    settings: Settings,
    token: str,
    limiter: BaseRateLimiter[int],
    updates: asyncio.Queue[object],
    poll_request: PollRequest,
    order: BaseUpdateProcessor,
) -> AnyApplication:
    """What hears updates and answers them."""
    return (
        ApplicationBuilder()
        .token(token)
        .base_url(settings.telegram.base_url)
        .base_file_url(settings.telegram.base_file_url)
        .concurrent_updates(order)
        .local_mode(settings.telegram.local)
        .rate_limiter(limiter)
        .update_queue(updates)
        .get_updates_request(poll_request)
        .request(_Requests(upload_seconds=LARGE_SECONDS if settings.telegram.local else _READ_SECONDS))
        .build()
    )


class _Requests(HTTPXRequest):
    """The HTTP client of all requests but polls. The answer to an upload may take `upload_seconds`.

    A Bot API server of one's own takes a file at once, and answers when it has sent it on.
    """

    def __init__(self, *, upload_seconds: float) -> None:
        super().__init__(
            connection_pool_size=_CONNECTIONS,
            connect_timeout=15,
            read_timeout=_READ_SECONDS,
            write_timeout=_MEDIA_SECONDS,
            media_write_timeout=_MEDIA_SECONDS,
            pool_timeout=30,
        )
        self._upload_seconds = upload_seconds

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        *args: Any,
        **kwargs: Any,
    ) -> tuple[int, bytes]:
        """Make a request. Raises `NetworkError` where it fails."""
        if request_data is not None and request_data.contains_files:
            read_timeout = self._upload_seconds
        return await super().do_request(url, method, request_data, read_timeout, *args, **kwargs)


@asynccontextmanager
async def connected(
    application: AnyApplication, hearing: Hearing, stop: asyncio.Event
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
            if is_logged_out(error):
                log.warning("%s; again in %d s", LOGGED_OUT, delay)
            else:
                log.warning("Telegram can't be reached (%s); again in %d s", error, delay)
            try:
                async with asyncio.timeout(delay):
                    await stop.wait()
            except TimeoutError:
                delay = min(2 * delay, _CONNECT_RETRY_SECONDS)
    try:
        yield
    finally:
        await hearing.stop()
        if application.running:
            await application.stop()
        await application.shutdown()
