"""Handlers: an update becomes an event of the dialogue. Thin: they decide nothing and say nothing."""

from __future__ import annotations

from typing import Any

from telegram import CallbackQuery, Chat, Message, Update, User
from telegram.constants import ChatMemberStatus, ChatType
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from impasto.bot.buttons import Again, AsFile, Button, CancelJob, Details, Then, unpack
from impasto.bot.cards import STALE
from impasto.bot.conversation import NOT_YOURS, Conversation
from impasto.bot.events import AgainAsked, Event, Joined, OtherSent, PictureSent, Pressed
from impasto.bot.hearing import event_of
from impasto.bot.pictures import picture_of
from impasto.bot.services import Services
from impasto.bot.session import SentPicture
from impasto.text import Text

_GROUPS = {ChatType.GROUP, ChatType.SUPERGROUP}


class Handlers:
    """Listens to messages and buttons, and knows whose session they belong to."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Listen from now on."""
        application.add_handler(MessageHandler(filters.UpdateType.MESSAGE, self.on_message))
        application.add_handler(CallbackQueryHandler(self.on_button))
        application.add_handler(ChatMemberHandler(self.on_membership))

    async def on_message(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A person sent something."""
        message, user = update.message, update.effective_user
        if message is None or user is None or user.is_bot or message.chat.type == ChatType.CHANNEL:
            return
        event = event_of(message, context.bot.bot)
        if event is None:
            return
        in_group = message.chat.type != ChatType.PRIVATE
        conversation = self._conversation(
            update, message.chat, user, context, answering=message.message_id if in_group else None
        )
        await conversation.have(event, message)

    async def on_membership(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Somebody blocked the bot or lets it write again, or it was taken into a group."""
        change = update.my_chat_member
        if change is None:
            return
        chat, now = change.chat, change.new_chat_member.status
        if chat.type == ChatType.PRIVATE and now == ChatMemberStatus.BANNED:
            self._services.users.set_unreachable(chat.id)
        elif chat.type in _GROUPS and now == ChatMemberStatus.MEMBER:
            await self._conversation(update, chat, change.from_user, context).have(Joined())

    async def on_button(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A person tapped a button."""
        query = update.callback_query
        if query is None or query.message is None:
            return
        conversation = self._conversation(update, query.message.chat, query.from_user, context)
        match button := unpack(query.data or ""):
            case CancelJob(job_id):
                await conversation.cancel_job(query, job_id)
            case AsFile(job_id):
                await conversation.send_file(query, job_id)
            case Details(job_id):
                await conversation.send_details(query, job_id)
            case Again(job_id):
                asked = self._again_event(job_id, query.from_user.id)
                if asked is not None:
                    await conversation.tap(query, asked)
                else:
                    await conversation.answer(query, NOT_YOURS if self._services.store.has(job_id) else STALE)
            case _:
                await conversation.tap(query, self._tap_event(query, button))

    def _conversation(
        self,
        update: Update,
        chat: Chat,
        user: User,
        context: ContextTypes.DEFAULT_TYPE,
        answering: int | None = None,
    ) -> Conversation:
        services = self._services
        services.users.meet(user.id, user.language_code or "")
        session = services.sessions.of(chat.id, user.id)
        session.is_owner = user.id == chat.id == services.owner.chat_id
        session.in_group = chat.type != ChatType.PRIVATE
        session.preferences = services.users.preferences(user.id)
        return Conversation(
            services,
            context.bot,
            session,
            chat_id=chat.id,
            user_id=user.id,
            language=services.languages.get(services.users.language(user.id)),
            update_id=update.update_id,
            answering=answering,
        )

    def _tap_event(self, query: CallbackQuery, button: Button | None) -> Event:
        message = query.message
        match button:
            case Then() if isinstance(message, Message):
                picture = picture_of(message)
                if isinstance(picture, Text):
                    return OtherSent(picture)
                return PictureSent(SentPicture(picture, message.message_id), is_result=True)
            case _:
                return Pressed(button, message.message_id if message else 0)

    def _again_event(self, job_id: int, user_id: int) -> AgainAsked | None:
        """What this person wants once more; None where it is not theirs, or no longer known."""
        if not self._services.store.has(job_id):
            return None
        order = self._services.store.get(job_id).order
        if order.user_id != user_id:
            return None
        pictures = [SentPicture(ref, order.reply_to) for refs in order.pictures.values() for ref in refs]
        return AgainAsked(order.effect_id, dict(order.options), pictures)
