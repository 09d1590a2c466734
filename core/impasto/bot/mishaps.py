"""Mishaps: what no handler caught, told to the log, the owner and the person, each in their words."""

from __future__ import annotations

import logging
import secrets

from telegram import Update
from telegram.error import BadRequest, Forbidden, NetworkError, TelegramError
from telegram.ext import ContextTypes

from impasto.bot.discretion import discreet
from impasto.bot.services import Services
from impasto.text import text as _

log = logging.getLogger(__name__)


class Mishaps:
    """To the log and the owner with a reference, to the person as a sentence."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Handle what was raised while `update` was handled."""
        if isinstance(context.error, NetworkError) and not isinstance(context.error, BadRequest):
            log.warning("an answer was lost on its way to Telegram: %s", context.error)
            return
        if isinstance(context.error, Forbidden):
            log.info("somebody who has closed their chat to me gets no answer: %s", context.error)
            return
        reference = secrets.token_hex(3)
        assert context.error is not None
        what, where = discreet(context.error, update)
        log.error("fault %s\n%s", reference, where, extra={"fault": reference})
        await self._services.owner.tell_fault(reference, f"{what}\n\n{where}")
        if not isinstance(update, Update) or update.effective_chat is None or update.effective_user is None:
            return
        user = update.effective_user
        code = self._services.users.language(user.id) or user.language_code
        words = _("Something went wrong on my side. I have noted it for the owner. Reference: {number}")
        text = self._services.languages.get(code)(words(number=reference))
        try:
            await context.bot.send_message(update.effective_chat.id, text)
        except TelegramError as error:
            log.warning("fault %s could not be told to the person: %s", reference, error)
