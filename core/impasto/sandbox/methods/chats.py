"""Methods about chats, files and buttons: getChat, getFile, deleteMessage, reactions, callback answers."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from telegram.constants import ReactionEmoji

from impasto.sandbox.chats import Group
from impasto.sandbox.errors import Refused, bad_request
from impasto.sandbox.limits import CALLBACK_ANSWER
from impasto.sandbox.methods.registry import Call, existing, known_chat, method, open_chat
from impasto.sandbox.world import World

_REACTIONS: Final = [{"type": "emoji", "emoji": str(emoji)} for emoji in ReactionEmoji]
_GIFTS: Final = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)


@method("getChat")
async def get_chat(world: World, call: Call) -> dict[str, Any]:
    """What the bot may know of a chat."""
    gifts = dict.fromkeys(_GIFTS, True)
    more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": gifts}
    return known_chat(world, call["chat_id"]).as_chat() | more


@method("getFile")
async def get_file(world: World, call: Call) -> dict[str, Any]:
    """Where a file can be downloaded, if it is not above 20 MB; or where it lies, on one's own server."""
    stored = world.files.downloadable(call["file_id"])
    if (local := world.files.local) is None:
        return stored.described(file_path=stored.path)
    path = await asyncio.to_thread(local.put, f"{world.token}/{stored.path}", stored.data)
    return stored.described(file_path=path)


@method("deleteMessage")
async def delete_message(world: World, call: Call) -> bool:
    """Take away a message: any in a private chat, the bot's own in a group."""
    chat = known_chat(world, call["chat_id"])
    if isinstance(chat, Group) and chat.bot != "member":
        raise Refused(403, "Forbidden: bot was kicked from the supergroup chat")
    message = existing(world, chat, call["message_id"], "message to delete not found")
    if isinstance(chat, Group) and not message.from_bot:
        raise bad_request("message can't be deleted")
    world.delete(message, "the bot")
    return True


@method("setMessageReaction")
async def set_message_reaction(world: World, call: Call) -> bool:
    """One emoji on a message, or none."""
    chat = open_chat(world, call["chat_id"])
    message = existing(world, chat, call["message_id"], "message to react not found")
    reaction = call.get("reaction", [])
    if len(reaction) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    if any(one not in _REACTIONS for one in reaction):
        raise bad_request("REACTION_INVALID")
    world.react(message, reaction)
    return True


@method("answerCallbackQuery")
async def answer_callback_query(world: World, call: Call) -> bool:
    """The answer to a pressed button: nothing, a notice or an alert."""
    text = call.get("text", "")
    if len(text) > CALLBACK_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    if "url" in call.values:
        raise bad_request("URL_INVALID")
    world.answer(call["callback_query_id"], {"text": text, "show_alert": call.get("show_alert", False)})
    return True
