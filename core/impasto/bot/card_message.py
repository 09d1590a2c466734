"""The message in a chat that shows the card: sent, edited while it can be, replaced where it can't."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from telegram import Bot, InlineKeyboardMarkup, InputMediaPhoto, Message, ReplyParameters
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from impasto.bot.replies import Card, Sheet
from impasto.bot.session import Session
from impasto.bot.sheets import Sheets
from impasto.bot.view import card_html, keyboard
from impasto.i18n import Language

MOST_SECONDS = 1.0
"""Nobody waits longer for a sheet: the card is shown without it, and gets it when it is ready."""

log = logging.getLogger(__name__)


class CardMessage:
    """The card of `session` in its chat. A photo can't become a text again: then it is sent anew."""

    def __init__(
        self,
        bot: Bot,
        sheets: Sheets,
        session: Session,
        chat_id: int,
        reply: ReplyParameters | None = None,
        *,
        keep: Callable[[], None],
    ) -> None:
        """New cards are sent in `reply` to a message, where many people talk.

        `keep` notes how the session stands, whenever the message is another or shows something else.
        """
        self._bot, self._sheets, self._session, self._chat_id = bot, sheets, session, chat_id
        self._reply, self._keep = reply, keep

    async def show(self, card: Card, language: Language) -> None:
        """Show `card` in place of the one before, or in a new message. Raises `TelegramError`."""
        html, buttons = card_html(card, language), keyboard(card.rows, language)
        late = asyncio.ensure_future(self._sheets.picture(self._bot.id, card.sheet)) if card.sheet else None
        picture = await _soon(late) if late is not None else None
        async with self._session.card_lock:
            await self._show(card, picture, html, buttons)
        if late is not None and picture is None:
            self._sheets.go_on(self._later(late, card, language, self._session.card_shown))

    async def _show(
        self, card: Card, picture: str | bytes | None, html: str, buttons: InlineKeyboardMarkup | None
    ) -> None:
        under_picture = card.under_picture and card.sheet is None
        if card.anew or (self._session.card_is_photo and picture is None and not under_picture):
            await self._take_away()
        self._session.card_shown += 1
        if card.sheet is not None and picture is not None:
            await self._show_photo(card.sheet, picture, html, buttons)
        elif self._session.card_id is None or not await self._edit(html, buttons):
            sent = await self._bot.send_message(
                self._chat_id,
                html,
                parse_mode=ParseMode.HTML,
                reply_markup=buttons,
                reply_parameters=self._reply,
            )
            self._stands(sent.message_id, is_photo=False)

    async def _later(
        self, picture: asyncio.Future[str | bytes | None], card: Card, language: Language, shown: int
    ) -> None:
        """Put the picture into `card` when it is ready, if that is still what the person sees."""
        ready = await picture
        html, buttons = card_html(card, language), keyboard(card.rows, language)
        async with self._session.card_lock:
            if ready is None or card.sheet is None or self._session.card_shown != shown:
                return
            try:
                await self._show_photo(card.sheet, ready, html, buttons)
            except TelegramError as error:
                log.info("a sheet could not be shown: %s", error)

    async def close(self) -> None:
        """Take the card out of the chat."""
        async with self._session.card_lock:
            await self._take_away()

    async def _take_away(self) -> None:
        card_id = self._session.card_id
        self._session.card_shown += 1
        self._stands(None, is_photo=False)
        if card_id is None:
            return
        try:
            await self._bot.delete_message(self._chat_id, card_id)
        except BadRequest as error:  # the person deleted it, or it is over two days old
            log.debug("a card could not be deleted: %s", error)

    async def _edit(self, html: str, buttons: InlineKeyboardMarkup | None) -> bool:
        try:
            if self._session.card_is_photo:
                await self._bot.edit_message_caption(
                    chat_id=self._chat_id,
                    message_id=self._session.card_id,
                    caption=html,
                    parse_mode=ParseMode.HTML,
                    reply_markup=buttons,
                )
                return True
            await self._bot.edit_message_text(
                html,
                chat_id=self._chat_id,
                message_id=self._session.card_id,
                parse_mode=ParseMode.HTML,
                reply_markup=buttons,
            )
        except BadRequest as error:
            return "not modified" in error.message.lower()  # otherwise the person deleted it
        return True

    async def _show_photo(
        self, sheet: Sheet, picture: str | bytes, html: str, buttons: InlineKeyboardMarkup | None
    ) -> None:
        try:
            shown = await self._put_photo(picture, html, buttons)
        except BadRequest as error:
            if isinstance(picture, bytes) or "file identifier" not in error.message.lower():
                raise
            self._sheets.forget(self._bot.id, sheet)
            again = await self._sheets.picture(self._bot.id, sheet)
            if again is None:
                raise
            shown = await self._put_photo(again, html, buttons)
        if shown is not None and shown.photo:
            self._sheets.remember(self._bot.id, sheet, shown.photo[-1].file_id)

    async def _put_photo(
        self, picture: str | bytes, html: str, buttons: InlineKeyboardMarkup | None
    ) -> Message | None:
        if self._session.card_id is not None:
            media = InputMediaPhoto(picture, caption=html, parse_mode="HTML", filename="samples.jpg")
            try:
                edited = await self._bot.edit_message_media(
                    media, chat_id=self._chat_id, message_id=self._session.card_id, reply_markup=buttons
                )
            except BadRequest as error:
                if "not modified" in error.message.lower():
                    return None
                if "message to edit not found" not in error.message.lower():
                    raise
            else:
                self._stands(self._session.card_id, is_photo=True)
                return edited if isinstance(edited, Message) else None
        sent = await self._bot.send_photo(
            self._chat_id,
            picture,
            caption=html,
            parse_mode=ParseMode.HTML,
            reply_markup=buttons,
            reply_parameters=self._reply,
        )
        self._stands(sent.message_id, is_photo=True)
        return sent

    def _stands(self, card_id: int | None, *, is_photo: bool) -> None:
        self._session.card_id, self._session.card_is_photo = card_id, is_photo
        self._keep()


async def _soon(picture: asyncio.Future[str | bytes | None]) -> str | bytes | None:
    """The picture, if it is ready in a moment."""
    done, _pending = await asyncio.wait((picture,), timeout=MOST_SECONDS)
    return picture.result() if done else None
