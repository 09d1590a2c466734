"""Updates of one person are handled one after another, those of different people at once; each only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from weakref import WeakValueDictionary

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from impasto.bot.handled import Handled

_AT_ONCE = 256


class InOrderPerPerson(BaseUpdateProcessor):
    """An update processor of python-telegram-bot with one lock for each chat and user."""

    def __init__(self, handled: Handled) -> None:
        super().__init__(_AT_ONCE)
        self._handled = handled
        self._locks: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()

    async def do_process_update(self, update: object, coroutine: Awaitable[None]) -> None:
        """Run `coroutine` when the updates before it of the same person are done."""
        if not isinstance(update, Update) or update.effective_chat is None or update.effective_user is None:
            await coroutine
            return
        key = (update.effective_chat.id, update.effective_user.id)
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        async with lock:
            if update.update_id not in self._handled:
                await coroutine
                self._handled.note(update.update_id)
            elif asyncio.iscoroutine(coroutine):
                coroutine.close()

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to end."""
