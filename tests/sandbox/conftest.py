"""A sandbox on a free port, the real python-telegram-bot against it, and Ada who has started the bot."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import telegram
from telegram.error import BadRequest, TelegramError
from telegram.request import HTTPXRequest

from impasto.sandbox import Sandbox
from tests.people import Person


def connect(sandbox: Sandbox, token: str | None = None) -> telegram.Bot:
    return telegram.Bot(
        token or sandbox.token,
        base_url=sandbox.base_url,
        base_file_url=sandbox.base_file_url,
        request=HTTPXRequest(read_timeout=30, media_write_timeout=30),
    )


def refused(reason: str, error: type[TelegramError] = BadRequest) -> pytest.RaisesExc[TelegramError]:
    """The library changes the first letter and the case of what Telegram says."""
    return pytest.raises(error, match="(?i)" + re.escape(reason))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[telegram.Bot]:
    async with connect(sandbox) as bot:
        yield bot


@pytest.fixture
async def ada(sandbox: Sandbox) -> AsyncIterator[Person]:
    async with await Person.join(sandbox.page_url, "Ada") as ada:
        await ada.say("/start")
        yield ada
