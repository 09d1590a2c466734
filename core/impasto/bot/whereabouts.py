"""Chats that move, as a group that becomes a supergroup, or close to the bot: what becomes of their jobs."""

from __future__ import annotations

import logging
from typing import Any

from telegram import Update
from telegram.constants import ChatMemberStatus
from telegram.ext import Application, ChatMemberHandler, ContextTypes, MessageHandler, filters

from impasto.bot.sessions import Sessions
from impasto.jobs.dispatcher import Dispatcher
from impasto.jobs.store import JobStore
from impasto.users import UserStore

log = logging.getLogger(__name__)

_BESIDE = 1
"""The group of handlers that run beside those who answer."""


class Whereabouts:
    """Hears of such chats from Telegram's updates, and from whoever meets a closed door."""

    def __init__(
        self, *, store: JobStore, dispatcher: Dispatcher, users: UserStore, sessions: Sessions
    ) -> None:
        self._store, self._dispatcher, self._users, self._sessions = store, dispatcher, users, sessions
        self._moved: set[int] = set()

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Listen from now on."""
        application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, self._on_migration), _BESIDE)
        application.add_handler(ChatMemberHandler(self._on_membership), _BESIDE)

    def moved(self, chat_id: int, new_chat_id: int) -> None:
        """Let what belongs to the chat go on in the new one."""
        if chat_id in self._moved:
            return
        self._moved.add(chat_id)
        log.info("a group has become a supergroup")
        self._store.move_chat(chat_id, new_chat_id)
        self._sessions.move(chat_id, new_chat_id)

    async def closed(self, chat_id: int) -> None:
        """Withdraw what is still to be made for a chat that the bot can't write to any more."""
        if chat_id > 0:
            self._users.set_unreachable(chat_id)
        for job in self._store.unfinished():
            if job.order.chat_id == chat_id:
                await self._dispatcher.cancel(job.id)

    async def _on_migration(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        if message is not None and message.migrate_to_chat_id is not None:
            self.moved(message.chat.id, message.migrate_to_chat_id)

    async def _on_membership(self, update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        change = update.my_chat_member
        gone = (ChatMemberStatus.BANNED, ChatMemberStatus.LEFT)
        if change is not None and change.new_chat_member.status in gone:
            await self.closed(change.chat.id)
