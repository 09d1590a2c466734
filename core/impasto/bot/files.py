"""Files of people, fetched into memory: over HTTP, or where one's own Bot API server has put them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from telegram import Bot
from telegram.error import BadRequest, TelegramError

from impasto.bot import limits

LARGE_SECONDS = 1800.0
"""One's own Bot API server answers when it has the whole file, at whatever speed it comes to it."""


class NotServed(Exception):
    """One's own Bot API server has put a file where it can't be had."""


async def fetch(bot: Bot, file_id: str) -> bytes:
    """The file. Raises `TelegramError`, and `NotServed` where only the owner can mend it."""
    if not bot.local_mode:
        return bytes(await (await bot.get_file(file_id)).download_as_bytearray())
    file = await bot.get_file(file_id, read_timeout=LARGE_SECONDS)
    if (file.file_size or 0) > limits.LOCAL.download:
        raise BadRequest("file is too big")
    # Where there is no such file here, python-telegram-bot takes the path for one on the server.
    path = Path((file.file_path or "").removeprefix(f"{bot.base_file_url}/"))
    if not path.is_absolute():
        return bytes(await file.download_as_bytearray())
    try:
        return await asyncio.to_thread(path.read_bytes)
    except PermissionError as error:
        raise NotServed("the account that I run as may not read the Bot API server's files") from error
    except OSError:
        return await _from_elsewhere(bot, path)


async def _from_elsewhere(bot: Bot, path: Path) -> bytes:
    """A file of a Bot API server on another computer, where something serves its folder over HTTP."""
    _folder, _token, name = path.as_posix().rpartition(f"/{bot.token}/")
    try:
        return await bot.request.retrieve(f"{bot.base_file_url}/{name}")
    except TelegramError as error:
        raise NotServed(
            "the Bot API server's files are not on this computer, and telegram.base_file_url does not serve "
            f"them: {error.message}"
        ) from error
