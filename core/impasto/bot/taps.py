"""Taps on buttons: each is answered, and once."""

from __future__ import annotations

import logging

from telegram import CallbackQuery
from telegram.error import BadRequest

from impasto.bot.limits import CALLBACK_ANSWER_CHARACTERS
from impasto.i18n import Language
from impasto.text import Text

log = logging.getLogger(__name__)


async def answer_tap(query: CallbackQuery, language: Language, message: Text | None = None) -> None:
    """Answer a tap, with a word over the chat if there is one."""
    words = language(message)[:CALLBACK_ANSWER_CHARACTERS] if message else None
    try:
        await query.answer(words)
    except BadRequest as error:  # it was made while the bot was away, and is too old
        log.info("a tap could not be answered: %s", error)
