"""One job's message in its chat: words, then perhaps previews, at last the picture. Knows no pace.

It is the job's idempotence key: the result replaces it by an edit, which done twice is done once. So a result
is never sent by itself: where the message is gone, another one in words goes before.
"""

from __future__ import annotations

import logging

from telegram import Bot, InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto, ReplyParameters
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, TelegramError

from impasto.bot import limits
from impasto.bot.results import ResultShelf
from impasto.bot.status import result_keyboard, result_media, status_html, status_keyboard
from impasto.effects import Effect
from impasto.gallery.paintings import Gallery, is_painting
from impasto.i18n import Language
from impasto.jobs.model import Job, JobState
from impasto.jobs.store import JobStore
from impasto.jobs.updates import Done, JobUpdate, NotDone, Working
from impasto.text import text as _

log = logging.getLogger(__name__)

_MOST_MESSAGES = 3
"""That are tried for a result, if somebody deletes one after the other."""


class JobMessage:
    """The message of `job`; `effect` is None where it is no longer installed."""

    def __init__(
        self,
        bot: Bot,
        job: Job,
        effect: Effect | None,
        language: Language,
        store: JobStore,
        shelf: ResultShelf,
        gallery: Gallery,
    ) -> None:
        self._bot, self._job, self._effect, self._language = bot, job, effect, language
        self._store, self._shelf, self._gallery = store, shelf, gallery
        self._chat_id = job.order.chat_id
        self._message_id = job.status_message_id
        self._is_photo = job.status_is_photo
        self._shown = ""

    async def show(self, update: JobUpdate) -> None:
        """Put the words for `update` into the message, which is sent if it is not there yet.

        Raises `TelegramError` when Telegram refuses or does not answer.
        """
        html = self._html(update)
        if self._message_id is not None and html == self._shown:
            return
        if self._message_id is None:
            await self._send_words(update, html)
        else:
            await self._edit_words(update, html)
        self._shown = html

    async def show_preview(self, update: Working) -> None:
        """Show the preview of `update` with its words. Raises `TelegramError`."""
        if self._message_id is None or update.preview is None:
            await self.show(update)
            return
        html = self._html(update)
        media = InputMediaPhoto(update.preview, caption=html, parse_mode="HTML", filename="preview.jpg")
        await self._bot.edit_message_media(
            media,
            chat_id=self._chat_id,
            message_id=self._message_id,
            reply_markup=status_keyboard(update, self._language),
        )
        self._shown = html
        if not self._is_photo:
            self._remember(self._message_id, is_photo=True)

    async def show_activity(self) -> None:
        """Let the client say for a moment that the bot is sending a picture. Raises `TelegramError`."""
        action = ChatAction.UPLOAD_DOCUMENT if self._job.order.as_file else ChatAction.UPLOAD_PHOTO
        await self._bot.send_chat_action(self._chat_id, action)

    async def deliver(self, done: Done) -> None:
        """Turn the message into the picture; done twice, it is done once. Raises `TelegramError`."""
        if self._effect is None:
            raise LookupError(self._job.order.effect_id)
        media, file = result_media(done, self._effect, self._language, self._paintings())
        fetchable = limits.files(self._bot).download
        buttons = result_keyboard(done, self._language, as_file=file is None, fetchable=fetchable)
        for _attempt in range(_MOST_MESSAGES):
            if self._message_id is None:
                words = Working(done.job, 1.0)
                await self._send_words(words, self._html(words))
            if await self._become(media, buttons):
                break
        else:
            raise BadRequest("the result's message can't be edited")
        self._store.advance(self._job, JobState.DELIVERED)
        log.info("delivered")
        if file is not None:
            self._shelf.put(self._job.id, file)
        if done.facts or done.attachments:
            self._shelf.put_details(done)

    def move(self) -> None:
        """The chat has moved, and the store knows where to: go on there, in another message."""
        self._job = self._store.get(self._job.id)
        self._chat_id, self._message_id = self._job.order.chat_id, self._job.status_message_id
        self._is_photo, self._shown = self._job.status_is_photo, ""

    async def announce(self) -> None:
        """Say with a sound that the picture is ready, which an edit does not."""
        reply = ReplyParameters(self._message_id or 0, allow_sending_without_reply=True)
        words = self._language(_("✅ Your picture is ready."))
        try:
            await self._bot.send_message(self._chat_id, words, reply_parameters=reply)
        except TelegramError as error:
            log.info("the announcement was not sent: %s", error)

    def _paintings(self) -> list[str]:
        refs = [ref for refs in self._job.order.pictures.values() for ref in refs if is_painting(ref)]
        return [painting.label for ref in refs if (painting := self._gallery.of(ref)) is not None]

    def _html(self, update: JobUpdate) -> str:
        if self._effect is None:
            return self._language(update.message) if isinstance(update, NotDone) else "…"
        return status_html(update, self._effect, self._language)

    async def _send_words(self, update: JobUpdate, html: str) -> None:
        sent = await self._bot.send_message(
            self._chat_id,
            html,
            parse_mode=ParseMode.HTML,
            reply_markup=status_keyboard(update, self._language),
            reply_parameters=self._reply(),
            disable_notification=True,
        )
        self._remember(sent.message_id, is_photo=False)

    async def _edit_words(self, update: JobUpdate, html: str) -> None:
        buttons = status_keyboard(update, self._language)
        try:
            if self._is_photo:
                await self._bot.edit_message_caption(
                    chat_id=self._chat_id,
                    message_id=self._message_id,
                    caption=html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=buttons,
                )
            else:
                await self._bot.edit_message_text(
                    html,
                    chat_id=self._chat_id,
                    message_id=self._message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=buttons,
                )
        except BadRequest as error:
            if _is_gone(error):
                self._message_id = None
            elif "no text in the message" in error.message.lower() and not self._is_photo:
                self._is_photo = True  # killed between showing a preview and noting it
            elif _is_unmodified(error):
                return
            else:
                raise
            await self.show(update)

    async def _become(
        self, media: InputMediaPhoto | InputMediaDocument, buttons: InlineKeyboardMarkup | None
    ) -> bool:
        """Turn the message into a picture; False where it is gone, as when the person deleted it."""
        try:
            await self._bot.edit_message_media(
                media, chat_id=self._chat_id, message_id=self._message_id, reply_markup=buttons
            )
        except BadRequest as error:
            if _is_gone(error):
                self._message_id = None
                return False
            if not _is_unmodified(error):  # unmodified: an earlier try got through
                raise
        return True

    def _reply(self) -> ReplyParameters | None:
        message_id = self._job.order.reply_to
        return ReplyParameters(message_id, allow_sending_without_reply=True) if message_id else None

    def _remember(self, message_id: int, *, is_photo: bool) -> None:
        self._message_id, self._is_photo = message_id, is_photo
        self._store.set_status_message(self._job, message_id, is_photo=is_photo)


def _is_gone(error: BadRequest) -> bool:
    said = error.message.lower()
    return "message to edit not found" in said or "message can't be edited" in said


def _is_unmodified(error: BadRequest) -> bool:
    return "not modified" in error.message.lower()
