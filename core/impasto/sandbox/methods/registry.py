"""How a method is registered, and what every method that speaks to a chat needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from impasto.sandbox.chats import Chat, Group, Message, User
from impasto.sandbox.entities import Formatted, formatted
from impasto.sandbox.errors import Refused, bad_request, not_offered
from impasto.sandbox.limits import CAPTION, TEXT
from impasto.sandbox.parameters import Upload, check_fields
from impasto.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose parameters have passed the table: their values, and every file that came along."""

    values: Mapping[str, Any]
    uploads: Mapping[str, Upload]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The parameter's value, or `default`."""
        return self.values.get(name, default)


Handler = Callable[[World, Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Method:
    """A method's name as Telegram writes it, and what carries it out."""

    name: str
    handler: Handler


METHODS: dict[str, Method] = {}
"""By lower-case name: Telegram does not look at the case."""


def method(name: str) -> Callable[[Handler], Handler]:
    """Register the decorated function as the Bot API's method `name`."""

    def register(handler: Handler) -> Handler:
        METHODS[name.lower()] = Method(name, handler)
        return handler

    return register


def known_chat(world: World, chat_id: int | str) -> Chat:
    """The private chat or group. Raises `Refused` where the bot never was in touch with it, or it moved."""
    match world.chat(chat_id) if isinstance(chat_id, int) else None:
        case Group(moved_to=int() as new):
            upgraded = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refused(400, upgraded, moved_to=new, blameless=True)
        case User() as user if user.started or user.met:
            return user
        case Group() as group if group.bot != "left":
            return group
    raise bad_request("chat not found")


def open_chat(world: World, chat_id: int | str) -> Chat:
    """The chat, to which the bot may write. Raises `Refused` where it may not."""
    match known_chat(world, chat_id):
        case User(blocked=True):
            raise Refused(403, "Forbidden: bot was blocked by the user")
        case User(started=False):
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        case Group(bot="kicked"):
            raise Refused(403, "Forbidden: bot was kicked from the supergroup chat")
        case chat:
            return chat


def existing(world: World, chat: Chat, message_id: int, reason: str) -> Message:
    """The message of that chat. Raises `Refused` for `reason` where there is none."""
    message = world.find(chat.id, message_id)
    if message is None:
        raise world.missing(chat.id, message_id, reason)
    return message


def reply_target(world: World, chat: Chat, call: Call) -> Message | None:
    """The message that the call replies to."""
    wanted = call.get("reply_parameters")
    if not wanted:
        return None
    check_fields(wanted, "ReplyParameters")
    if wanted.get("chat_id", chat.id) != chat.id:
        raise not_offered("replies to messages of other chats")
    if not isinstance(wanted.get("message_id"), int):
        raise bad_request("can't parse reply parameters JSON object")
    if wanted.get("allow_sending_without_reply"):
        return world.find(chat.id, wanted["message_id"])
    return existing(world, chat, wanted["message_id"], "message to be replied not found")


def text_content(values: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a text message."""
    text = formatted(values.get("text", ""), values.get("parse_mode"), values.get("entities"))
    if not text.text:
        raise bad_request("message text is empty")
    if len(text.text) > TEXT:
        raise bad_request("message is too long")
    return text.fields("text", "entities")


def caption_content(values: Mapping[str, Any]) -> dict[str, Any]:
    """The content that a caption adds to a message with media; empty without one."""
    caption: Formatted = formatted(
        values.get("caption") or "", values.get("parse_mode"), values.get("caption_entities")
    )
    if len(caption.text) > CAPTION:
        raise bad_request("message caption is too long")
    content = caption.fields("caption", "caption_entities") if caption.text else {}
    if values.get("show_caption_above_media"):
        content["show_caption_above_media"] = True
    return content
