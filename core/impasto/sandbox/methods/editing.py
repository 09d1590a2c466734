"""Methods that change the bot's messages. An edit without reply_markup takes the keyboard away."""

from __future__ import annotations

from typing import Any

from impasto.sandbox.errors import bad_request
from impasto.sandbox.markup import checked_markup
from impasto.sandbox.methods.media import input_media
from impasto.sandbox.methods.registry import Call, caption_content, method, open_chat, text_content
from impasto.sandbox.world import Message, World, media_of


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
    media = media_of(message)
    if media is None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(world, message, call, {media.kind: media.value} | caption_content(call.values))


@method("editMessageMedia")
async def edit_message_media(world: World, call: Call) -> dict[str, Any]:
    """Another photo or document, also in place of a text."""
    message = _editable(world, call)
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
    message = world.find(open_chat(world, call["chat_id"]).id, call["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if not message.from_bot or (message.markup is not None and "inline_keyboard" not in message.markup):
        raise bad_request("message can't be edited")
    return message


def _edit(world: World, message: Message, call: Call, content: dict[str, Any]) -> dict[str, Any]:
    markup = checked_markup(call.get("reply_markup"), inline_only=True)
    world.rates.spend(message.chat.id)
    if world.find(message.chat.id, message.id) is not message:
        raise bad_request("message to edit not found")
    world.edit(message, content, markup)
    return world.as_json(message)
