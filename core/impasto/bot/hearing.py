"""Hearing: which event of the dialogue a Telegram message is, and whether it is meant for this bot at all."""

from __future__ import annotations

from telegram import Message, User
from telegram.constants import ChatType, MessageEntityType

from impasto.bot.events import Command, Event, OtherSent, PictureSent
from impasto.bot.pictures import picture_of
from impasto.bot.session import SentPicture
from impasto.text import Text


def event_of(message: Message, bot: User) -> Event | None:
    """What `message` says to `bot`; None where it is not meant for it, as most of what is said in a group."""
    in_group = message.chat.type != ChatType.PRIVATE
    first_name = message.from_user.first_name if message.from_user else ""
    if (heard := _command(message, bot)) is not None:
        name, argument, addressed = heard
        own = picture_of(message)
        if message.caption and isinstance(own, Text):
            return OtherSent(own)
        near = _picture_near(message)
        return Command(name, first_name, argument, near, message.media_group_id, addressed or not in_group)
    if in_group and _mentions(message, bot):
        return Command("effects", first_name, "", _picture_near(message), message.media_group_id)
    picture = picture_of(message)
    if not isinstance(picture, Text):
        at = message.date.timestamp()
        sent = PictureSent(SentPicture(picture, message.message_id), message.media_group_id, at=at)
        return sent if not in_group or _answers(message, bot) else None
    return None if in_group else OtherSent(picture, message.media_group_id)


def _command(message: Message, bot: User) -> tuple[str, str, bool] | None:
    """A command in words or caption, what follows it, and whether it names the bot.

    "/start@this_bot deep" is ("start", "deep", True).
    """
    words = message.text or message.caption or ""
    if not words.startswith("/") or message.forward_origin is not None:  # somebody else's words
        return None
    first, *rest = words.split(maxsplit=1)
    name, _at, addressee = first[1:].partition("@")
    if addressee and addressee.lower() != (bot.username or "").lower():
        return None
    return name.lower(), rest[0].strip() if rest else "", bool(addressee)


def _mentions(message: Message, bot: User) -> bool:
    kinds: list[str | None] = [MessageEntityType.MENTION]
    said = {**message.parse_entities(kinds), **message.parse_caption_entities(kinds)}
    return f"@{bot.username}".lower() in (mention.lower() for mention in said.values())


def _answers(message: Message, bot: User) -> bool:
    replied = message.reply_to_message
    return replied is not None and replied.from_user is not None and replied.from_user.id == bot.id


def _picture_near(message: Message) -> SentPicture | None:
    """The picture that comes with the message, or the one that it answers."""
    for near in (message, message.reply_to_message):
        if near is not None and not isinstance(picture := picture_of(near), Text):
            return SentPicture(picture, near.message_id)
    return None
