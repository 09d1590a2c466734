"""The door: who is not to be answered is met here, before anything else hears them."""

from __future__ import annotations

import logging

from telegram import Bot, Update, User
from telegram.constants import ChatType
from telegram.error import TelegramError
from telegram.ext import ApplicationHandlerStop, ContextTypes

from impasto.access import Access, Standing, number_of
from impasto.bot.buttons import LetIn, Refuse
from impasto.bot.owner import Owner
from impasto.bot.replies import Card, Label
from impasto.bot.taps import answer_tap
from impasto.i18n import Language, Languages
from impasto.text import Text
from impasto.text import text as _
from impasto.users import UserStore

log = logging.getLogger(__name__)

BANNED = _("The owner of this bot has asked me to work for you no longer.")

_KNOCKED = _(
    "I work only for people whom my owner has let in. I have told them that somebody with the number "
    "{number} would like to come in, and nothing else about you. Tell them that it is you."
)
_CLOSED = _("I work only for people whom my owner has let in.")
_LET_IN = _("My owner has let you in. Send me a photo, and choose what I shall do with it.")

_ASKED = _(
    "Somebody would like to use this bot. Their number is {number}; they have been asked to tell it to "
    "you, so that you know who it is."
)


class Door:
    """Lets through whom `access` admits; others get one sentence, and in private mode the owner is asked."""

    def __init__(
        self, bot: Bot, access: Access, owner: Owner, users: UserStore, languages: Languages
    ) -> None:
        self._bot, self._access, self._owner = bot, access, owner
        self._users, self._languages = users, languages

    async def check(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Raise `ApplicationHandlerStop` where nobody is to answer `update`."""
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None or self._access.admits(user.id):
            return
        if update.my_chat_member is not None and chat.type == ChatType.PRIVATE:
            return  # they have blocked the bot, or unblocked it: no answer, but good to know
        if update.callback_query is not None:
            await answer_tap(update.callback_query, self._language(user.id))
        if chat.type == ChatType.PRIVATE:
            await self._turn_away(user)
        raise ApplicationHandlerStop

    async def let_in(self, user_id: int) -> Card:
        """Answer this person from now on, and tell them."""
        if not self._access.admits(user_id):
            self._access.readmit(user_id)
            await self._say(user_id, self._language(user_id), _LET_IN)
        return Card(
            (_("Number {number} is let in.")(number=number_of(user_id)),),
            ((Label(_("✕ Leave outside"), Refuse(user_id)),),),
        )

    def refuse(self, user_id: int) -> Card:
        """Do not answer this person."""
        self._access.decide(user_id, Standing.REFUSED_AND_TOLD)
        return Card(
            (_("Number {number} stays outside and is not told so.")(number=number_of(user_id)),),
            ((Label(_("✓ Let in"), LetIn(user_id)),),),
        )

    async def _turn_away(self, user: User) -> None:
        standing = self._access.standing(user.id)
        if standing is Standing.REFUSED_AND_TOLD:
            return
        self._access.decide(user.id, Standing.REFUSED_AND_TOLD)
        self._users.meet(user.id, user.language_code or "")
        language = self._language(user.id)
        if standing is Standing.REFUSED:
            await self._say(user.id, language, BANNED)
        elif self._owner.chat_id is None:
            await self._say(user.id, language, _CLOSED)
        else:
            number = number_of(user.id)
            await self._say(user.id, language, _KNOCKED(number=number))
            choice = (Label(_("✓ Let in"), LetIn(user.id)), Label(_("✕ Leave outside"), Refuse(user.id)))
            await self._owner.ask(Card((_ASKED(number=number),), (choice,), heading=_("🚪 A knock")))

    def _language(self, user_id: int) -> Language:
        return self._languages.get(self._users.language(user_id))

    async def _say(self, user_id: int, language: Language, words: Text) -> None:
        try:
            await self._bot.send_message(user_id, language(words))
        except TelegramError as error:
            log.info("somebody at the door could not be told: %s", error)
