"""Handlers: an update becomes an event of the dialogue. Thin: they decide nothing and say nothing."""

from __future__ import annotations

from typing import Any

from telegram import CallbackQuery, Message, Update
from telegram.constants import ChatType
from telegram.ext import Application, CallbackQueryHandler, ContextTypes, MessageHandler, filters

from impasto.bot.buttons import Again, AsFile, Button, CancelJob, Details, Then, unpack
from impasto.bot.cards import STALE
from impasto.bot.conversation import Conversation
from impasto.bot.events import AgainAsked, Command, Event, OtherSent, PictureSent, Pressed
from impasto.bot.pictures import picture_of
from impasto.bot.services import Services
from impasto.bot.session import SentPicture, Session
from impasto.text import Text
from impasto.text import text as _


class Handlers:
    """Listens to messages and buttons, and knows whose session they belong to."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sessions: dict[tuple[int, int], Session] = {}

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Listen from now on."""
        application.add_handler(MessageHandler(filters.UpdateType.MESSAGE, self.on_message))
        application.add_handler(CallbackQueryHandler(self.on_button))

    async def on_message(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A person sent something."""
        message, user = update.message, update.effective_user
        if message is None or user is None:
            return
        conversation = self._conversation(message.chat_id, user.id, user.language_code, context)
        command = _command_of(message, context.bot.username)
        if message.chat.type == ChatType.PRIVATE:
            await conversation.have(_event_of(message, command, user.first_name), message)
        elif command is not None:
            await conversation.say(
                _("I work in private chats. Write to me there: {name}")(name=context.bot.name)
            )

    async def on_button(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A person tapped a button."""
        query = update.callback_query
        if query is None or query.message is None:
            return
        user = query.from_user
        conversation = self._conversation(query.message.chat.id, user.id, user.language_code, context)
        match button := unpack(query.data or ""):
            case CancelJob(job_id):
                await conversation.cancel_job(query, job_id)
            case AsFile(job_id):
                await conversation.send_file(query, job_id)
            case Details(job_id):
                await conversation.send_details(query, job_id)
            case _:
                await conversation.tap(query, self._tap_event(query, button))

    def _conversation(
        self, chat_id: int, user_id: int, client_language: str | None, context: ContextTypes.DEFAULT_TYPE
    ) -> Conversation:
        services = self._services
        return Conversation(
            services,
            context.bot,
            self._sessions.setdefault(
                (chat_id, user_id), Session(is_owner=user_id == services.owner.chat_id)
            ),
            chat_id=chat_id,
            user_id=user_id,
            language=services.languages.get(services.users.language(user_id) or client_language),
        )

    def _tap_event(self, query: CallbackQuery, button: Button | None) -> Event:
        message = query.message
        match button:
            case Again(job_id):
                return self._again_event(job_id, query.from_user.id)
            case Then() if isinstance(message, Message):
                picture = picture_of(message)
                if isinstance(picture, Text):
                    return OtherSent(picture)
                return PictureSent(SentPicture(picture, message.message_id))
            case _:
                return Pressed(button, message.message_id if message else 0)

    def _again_event(self, job_id: int, user_id: int) -> Event:
        try:
            order = self._services.store.get(job_id).order
        except KeyError:
            return OtherSent(STALE)
        if order.user_id != user_id:
            return OtherSent(STALE)
        pictures = [SentPicture(ref, order.reply_to) for refs in order.pictures.values() for ref in refs]
        return AgainAsked(order.effect_id, dict(order.options), pictures)


def _event_of(message: Message, command: str | None, first_name: str) -> Event:
    if command is not None:
        return Command(command, first_name)
    picture = picture_of(message)
    if isinstance(picture, Text):
        return OtherSent(picture)
    return PictureSent(SentPicture(picture, message.message_id), message.media_group_id)


def _command_of(message: Message, username: str) -> str | None:
    """The command that `message` begins with, if it is for this bot: "/start@this_bot deep" is "start"."""
    if not message.text or not message.text.startswith("/"):
        return None
    name, _at, addressee = message.text.split(maxsplit=1)[0][1:].partition("@")
    if addressee and addressee.lower() != username.lower():
        return None
    return name.lower()
