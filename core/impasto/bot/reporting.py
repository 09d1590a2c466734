"""Reports: what a person sends under /report goes to the owner as a copy that carries nothing of its author.

Nothing of it is logged or kept. How often somebody reports is counted under a key that nobody can turn back
into a person, and that is gone with the process.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import time

from telegram import Bot, Message

from impasto.bot.pictures import ChatPictures, picture_of
from impasto.cleaning import cleaned
from impasto.effects import EffectError
from impasto.i18n import Language
from impasto.text import Text
from impasto.text import text as _

log = logging.getLogger(__name__)

MOST_IN_AN_HOUR = 10
_HOUR = 3600.0


class Reports:
    """The way to the owner's chat `owner_id`, which is None where nobody is set."""

    def __init__(self, bot: Bot, owner_id: int | None, pictures: ChatPictures) -> None:
        self._bot, self._owner_id, self._pictures = bot, owner_id, pictures
        self._salt = secrets.token_bytes(32)
        self._sent: dict[bytes, list[float]] = {}

    async def pass_on(
        self, message: Message, owner_language: Language, *, more: bool = False, words: str = ""
    ) -> Text | None:
        """Copy `message`, or these `words` of it, to the owner; with `more` of an album, without a heading.

        Returns what is wrong with it for the person to mend, or None. Raises `TelegramError` where the owner
        can't be reached.
        """
        if self._owner_id is None:
            return _("The owner of this bot does not take messages.")
        if message.from_user is not None and not more and self._too_often(message.from_user.id):
            return _("You have written to the owner very often. Please try again in an hour.")
        if text := words or message.text:
            await self._announce(owner_language, more)
            await self._bot.send_message(self._owner_id, text)
        elif message.voice:
            await self._announce(owner_language, more)
            await self._bot.send_voice(self._owner_id, message.voice.file_id)
        else:
            return await self._pass_picture(message, owner_language, more)
        return None

    async def _pass_picture(self, message: Message, owner_language: Language, more: bool) -> Text | None:
        picture = picture_of(message)
        if isinstance(picture, Text):
            return _(
                "I can pass on words, photos, still stickers and voice messages. Please send one of these."
            )
        try:
            data = await cleaned(await self._pictures.fetch(picture))
        except EffectError as error:
            return error.user_message
        await self._announce(owner_language, more)
        await self._bot.send_photo(self._owner_id or 0, data, caption=message.caption, filename="report.jpg")
        return None

    async def _announce(self, language: Language, more: bool) -> None:
        if not more:
            await self._bot.send_message(self._owner_id or 0, language(_("✉️ Somebody writes to you:")))

    def _too_often(self, user_id: int) -> bool:
        now = time.monotonic()
        recent = {key: [at for at in times if now - at < _HOUR] for key, times in self._sent.items()}
        self._sent = {key: times for key, times in recent.items() if times}
        key = hmac.digest(self._salt, str(user_id).encode(), hashlib.sha256)
        times = self._sent.setdefault(key, [])
        if len(times) >= MOST_IN_AN_HOUR:
            return True
        times.append(now)
        return False
