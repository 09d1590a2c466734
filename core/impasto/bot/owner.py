"""The owner's chat: faults by reference number, and reports without their author."""

from __future__ import annotations

import logging
from html import escape

from telegram import Bot, Message
from telegram.constants import ParseMode
from telegram.error import TelegramError

from impasto.i18n import Languages
from impasto.text import Text, plural
from impasto.text import text as _
from impasto.users import UserStore

log = logging.getLogger(__name__)


class Owner:
    """Whoever runs the bot; `chat_id` is None where nobody is set."""

    def __init__(self, bot: Bot, chat_id: int | None, languages: Languages, users: UserStore) -> None:
        self._bot, self.chat_id = bot, chat_id
        self._languages, self._users = languages, users
        self._faults: dict[str, int] = {}

    async def tell_fault(self, reference: str, detail: str) -> None:
        """Tell of a fault: the first of its kind, and then at 10, 100… of them."""
        count = self._faults[detail] = self._faults.get(detail, 0) + 1
        if count in (1, 10, 100, 1000):
            message = plural(
                "Fault {reference}: {detail} (seen {n} time since the start)",
                "Fault {reference}: {detail} (seen {n} times since the start)",
                count,
            )
            await self._tell(message(reference=reference, detail=detail[:500]))

    async def pass_report(self, message: Message) -> bool:
        """Copy `message` to the owner as from nobody. Nothing of it is logged. False if it failed."""
        if self.chat_id is None:
            return False
        try:
            await self._tell(_("✉️ Somebody writes to you:"), raising=True)
            await self._bot.copy_message(self.chat_id, message.chat_id, message.message_id)
        except TelegramError as error:
            log.warning("a report could not be passed on: %s", type(error).__name__)
            return False
        return True

    async def _tell(self, text: Text, *, raising: bool = False) -> None:
        if self.chat_id is None:
            return
        language = self._languages.get(self._users.language(self.chat_id))
        try:
            await self._bot.send_message(self.chat_id, escape(language(text)), parse_mode=ParseMode.HTML)
        except TelegramError as error:
            if raising:
                raise
            log.warning("the owner could not be told: %s", error)
