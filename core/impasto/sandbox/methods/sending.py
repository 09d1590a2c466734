"""Methods that put new messages into a chat."""

from __future__ import annotations

import secrets
from typing import Any

from telegram.constants import ChatAction

from impasto.sandbox.chats import Chat
from impasto.sandbox.errors import bad_request
from impasto.sandbox.limits import ALBUM
from impasto.sandbox.markup import checked_markup
from impasto.sandbox.methods.media import input_media, media_from, spoiler
from impasto.sandbox.methods.registry import (
    Call,
    caption_content,
    existing,
    known_chat,
    method,
    open_chat,
    reply_target,
    text_content,
)
from impasto.sandbox.world import World


@method("sendMessage")
async def send_message(world: World, call: Call) -> dict[str, Any]:
    """A text."""
    chat = open_chat(world, call["chat_id"])
    return _post(world, chat, call, text_content(call.values))


@method("sendPhoto")
async def send_photo(world: World, call: Call) -> dict[str, Any]:
    """A photo, encoded anew in several sizes."""
    return await _send_media(world, call, "photo")


@method("sendDocument")
async def send_document(world: World, call: Call) -> dict[str, Any]:
    """A file, kept byte by byte."""
    return await _send_media(world, call, "document")


@method("sendSticker")
async def send_sticker(world: World, call: Call) -> dict[str, Any]:
    """A static, animated or video sticker."""
    return await _send_media(world, call, "sticker")


@method("sendVoice")
async def send_voice(world: World, call: Call) -> dict[str, Any]:
    """A voice message."""
    return await _send_media(world, call, "voice")


@method("sendMediaGroup")
async def send_media_group(world: World, call: Call) -> list[dict[str, Any]]:
    """An album: two to ten photos and videos, or as many documents."""
    chat = open_chat(world, call["chat_id"])
    items = call["media"]
    if not items:
        raise bad_request("there are no messages to send")
    if len(items) >= ALBUM.stop:
        raise bad_request("too many messages to send as an album")
    if len(items) not in ALBUM:
        raise bad_request("an album must include 2-10 items")
    kinds = {item.get("type") for item in items if isinstance(item, dict)}
    if "document" in kinds and len(kinds) > 1:
        raise bad_request("document can't be mixed with other media types")
    reply_to = reply_target(world, chat, call)
    world.rates.spend(chat.id, len(items))
    contents = [await input_media(world, call, item) for item in items]
    album = str(secrets.randbits(53))
    protected = _protected(call)
    sent = [
        world.post(chat, content | protected, sender=None, reply_to=reply_to, album=album)
        for content in contents
    ]
    return [world.as_json(message) for message in sent]


@method("copyMessage")
async def copy_message(world: World, call: Call) -> dict[str, Any]:
    """A message once more, without a trace of where it came from."""
    chat = open_chat(world, call["chat_id"])
    origin = known_chat(world, call["from_chat_id"])
    source = existing(world, origin, call["message_id"], "message to copy not found")
    if source.is_service:
        raise bad_request("message can't be copied")
    media = source.media()
    if media is not None and "caption" in call.values:
        content = {media.kind: media.value} | caption_content(call.values)
    else:
        content = dict(source.content)
    return {"message_id": _post(world, chat, call, content)["message_id"]}


@method("sendChatAction")
async def send_chat_action(world: World, call: Call) -> bool:
    """What the bot is doing, shown for five seconds or until it writes."""
    chat = open_chat(world, call["chat_id"])
    if call["action"] not in set(ChatAction):
        raise bad_request("wrong parameter action in request")
    world.events.publish("action", chat.id, action=call["action"])
    return True


async def _send_media(world: World, call: Call, kind: str) -> dict[str, Any]:
    chat = open_chat(world, call["chat_id"])
    caption = caption_content(call.values)
    checked_markup(call.get("reply_markup"))
    media = await media_from(world, call, kind, call.get(kind))
    return _post(world, chat, call, {media.kind: media.value} | caption | spoiler(call))


def _post(world: World, chat: Chat, call: Call, content: dict[str, Any]) -> dict[str, Any]:
    markup = checked_markup(call.get("reply_markup"))
    reply_to = reply_target(world, chat, call)
    world.rates.spend(chat.id)
    message = world.post(chat, content | _protected(call), sender=None, markup=markup, reply_to=reply_to)
    return world.as_json(message)


def _protected(call: Call) -> dict[str, Any]:
    return {"has_protected_content": True} if call.get("protect_content") else {}
