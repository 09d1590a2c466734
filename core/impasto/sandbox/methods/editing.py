"""Methods that change the bot's messages. An edit without reply_markup takes the keyboard away."""

from __future__ import annotations

from typing import Any, Final

from impasto.sandbox.chats import Message
from impasto.sandbox.errors import bad_request
from impasto.sandbox.markup import checked_markup
from impasto.sandbox.methods.media import INPUT_MEDIA, input_media
from impasto.sandbox.methods.registry import (
    Call,
    caption_content,
    existing,
    method,
    open_chat,
    text_content,
)
from impasto.sandbox.world import World

_UNCAPTIONED: Final = ("sticker", "video_note")


@method("editMessageText")
async def edit_message_text(world: World, call: Call) -> dict[str, Any]:
    """Another text in place of the old."""
    message = _editable(world, call)
    if "text" not in message.content:
        raise bad_request("there is no text in the message to edit")
    return _edit(world, message, call, text_content(call.values))


@method("editMessageCaption")
async def edit_message_caption(world: World, call: Call) -> dict[str, Any]:
    """Another caption under the same media, or none."""
    message = _editable(world, call)
    media = message.media()
    if media is None or media.kind in _UNCAPTIONED:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, message, call, {media.kind: media.value} | caption_content(call.values))


@method("editMessageMedia")
async def edit_message_media(world: World, call: Call) -> dict[str, Any]:
    """Another photo, document or video, also in place of a text."""
    message = _editable(world, call)
    media = message.media()
    if media is not None and media.kind not in INPUT_MEDIA:
        raise bad_request("message can't be edited")
    return _edit(world, message, call, await input_media(world, call, call["media"]))


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(world: World, call: Call) -> dict[str, Any]:
    """Another keyboard, or none."""
    message = _editable(world, call)
    return _edit(world, message, call, message.content)


def _editable(world: World, call: Call) -> Message:
    if "chat_id" not in call.values:
        raise bad_request("chat_id is empty")
    if "message_id" not in call.values:
        raise bad_request("message identifier is not specified")
    chat = open_chat(world, call["chat_id"])
    message = existing(world, chat, call["message_id"], "message to edit not found")
    if not message.from_bot or (message.markup is not None and "inline_keyboard" not in message.markup):
        raise bad_request("message can't be edited")
    return message


def _edit(world: World, message: Message, call: Call, content: dict[str, Any]) -> dict[str, Any]:
    markup = checked_markup(call.get("reply_markup"), inline_only=True)
    world.rates.spend(message.chat.id)
    existing(world, message.chat, message.id, "message to edit not found")  # it was there, before the upload
    world.edit(message, content, markup)
    return world.as_json(message)
