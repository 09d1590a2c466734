"""Pictures in Telegram messages: which file of a message is one, why another is not, and fetching it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from telegram import Bot, Message, PhotoSize
from telegram.error import BadRequest, RetryAfter, TelegramError

from impasto.bot import limits
from impasto.bot.files import NotServed, fetch
from impasto.bot.flood import seconds_of
from impasto.bot.reach import Reach, pauses
from impasto.effects import EffectError
from impasto.gallery.paintings import Gallery, is_painting
from impasto.jobs.model import PictureRef
from impasto.text import ByteSize, Text
from impasto.text import text as _

log = logging.getLogger(__name__)

_PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_PREVIEW_SIDE = 600
_RETRY_SECONDS = (1, 3)
_MOST_TRIES = 10
"""For one picture, while other requests get through."""

_EXPIRED = _("Telegram no longer has your picture. Please send it again.")
_UNREACHABLE = _("I can't reach Telegram to fetch your picture. Please send it again later.")
_NOT_SERVED = _("Something went wrong on my side.")

SEND_A_PHOTO = _("Send me a photo and I'll show you what I can do with it.")


def picture_of(message: Message) -> PictureRef | Text:
    """The picture of `message`, or a sentence that says what to send instead."""
    if message.photo:
        largest = message.photo[-1]
        small = _for_preview(message.photo)
        return PictureRef(
            largest.file_id, largest.width, largest.height, small.file_id, (small.width, small.height)
        )
    if message.animation or message.video or message.video_note:
        return _("I work with still pictures, not with films. Please send a photo.")
    if message.document:
        document = message.document
        name = (document.file_name or "").lower()
        if not (document.mime_type or "").startswith("image/") and not name.endswith(_PICTURE_SUFFIXES):
            return _("This file is not a picture. Please send a photo, or a JPEG, PNG or WebP file.")
        if (document.file_size or 0) > limits.files(message.get_bot()).download:
            return _too_large(message.get_bot())
        thumbnail = document.thumbnail
        if thumbnail is None:
            return PictureRef(document.file_id)
        shape = (thumbnail.width, thumbnail.height)
        return PictureRef(document.file_id, small=thumbnail.file_id, shape=shape)
    if message.sticker:
        if message.sticker.is_animated or message.sticker.is_video:
            return _("This sticker moves; I work with still pictures. Please send a photo.")
        return PictureRef(message.sticker.file_id, message.sticker.width, message.sticker.height)
    if message.voice or message.audio:
        return _("I can't listen, only look. Please send a photo.")
    return SEND_A_PHOTO


def _too_large(bot: Bot) -> Text:
    most = ByteSize(limits.files(bot).download)
    return _("This file is over {size}, more than I can fetch. Please send a smaller one.")(size=most)


def _for_preview(sizes: Sequence[PhotoSize]) -> PhotoSize:
    """The version of a photo that is good enough for a preview."""
    enough = [size for size in sizes if max(size.width, size.height) >= _PREVIEW_SIDE]
    return min(enough or sizes, key=lambda size: size.width * size.height)


class ChatPictures:
    """A `PictureSource`: files of Telegram, by file id, and paintings of the gallery."""

    def __init__(self, bot: Bot, gallery: Gallery, tell_fault: Callable[[str], Awaitable[None]]) -> None:
        """`tell_fault` tells the owner what nobody else can mend."""
        self._bot, self._gallery, self._tell_fault = bot, gallery, tell_fault

    async def fetch(self, picture: PictureRef) -> bytes:
        """The file, after several tries if need be. Raises `EffectError` where it can't be had."""
        for delay in _RETRY_SECONDS:
            try:
                return await self.try_once(picture)
            except TelegramError as error:
                log.warning("fetching a picture failed: %s", error)
                await asyncio.sleep(delay)
        try:
            return await self.try_once(picture)
        except TelegramError as error:
            raise EffectError(_UNREACHABLE, error.message) from error

    async def try_once(self, picture: PictureRef) -> bytes:
        """The file. Raises `EffectError` where it is no longer there, `TelegramError` where it may be yet."""
        if is_painting(picture):
            return await asyncio.to_thread(self._gallery.read, picture)
        try:
            return await fetch(self._bot, picture.file_id)
        except BadRequest as error:
            too_big = "too big" in error.message.lower()
            raise EffectError(_too_large(self._bot) if too_big else _EXPIRED, error.message) from error
        except NotServed as error:
            log.error("%s", error)
            await self._tell_fault(str(error))
            raise EffectError(_NOT_SERVED, str(error)) from error


class PatientPictures:
    """A `PictureSource` for jobs, which waits as long as Telegram can't be reached."""

    def __init__(self, pictures: ChatPictures, reach: Reach) -> None:
        self._pictures, self._reach = pictures, reach

    async def fetch(self, picture: PictureRef) -> bytes:
        """The file, however long it takes. Raises `EffectError` where Telegram is there and the file not."""
        tries = 0
        for pause in pauses():
            await self._reach.room()
            try:
                return await self._pictures.try_once(picture)
            except RetryAfter as error:
                await asyncio.sleep(seconds_of(error))
            except TelegramError as error:
                tries += not self._reach.away
                if tries > _MOST_TRIES:
                    raise EffectError(_UNREACHABLE, error.message) from error
                log.warning("fetching a picture failed: %s", error)
                await self._reach.back(within=pause)
        raise AssertionError("the pauses have no end")
