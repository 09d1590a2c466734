"""People, groups and messages: what the world of the sandbox is made of, as the Bot API writes it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from impasto.sandbox.files import Media

_MEDIA: Final = ("photo", "document", "sticker", "voice", "video", "animation", "audio", "video_note")
_SERVICE: Final = ("new_chat_members", "left_chat_member", "migrate_to_chat_id", "migrate_from_chat_id")

Membership = Literal["left", "member", "kicked"]


@dataclass(slots=True, eq=False)
class User:
    """A person, and their private chat with the bot, which has the same id.

    `started` says whether the bot may write to them: it may not write first. `met` says whether it knows of
    them at all, from a group for instance.
    """

    id: int
    name: str
    language_code: str
    started: bool = False
    blocked: bool = False
    met: bool = False

    def as_sender(self) -> dict[str, Any]:
        """The Bot API's User."""
        identity = {"id": self.id, "is_bot": False, "first_name": self.name}
        return {**identity, "language_code": self.language_code}

    def as_chat(self) -> dict[str, Any]:
        """The Bot API's Chat."""
        return {"id": self.id, "first_name": self.name, "type": "private"}


@dataclass(slots=True, eq=False)
class Group:
    """A group of people; `bot` says what the bot is in it. Its messages have numbers of their own.

    `moved_to` is the id of the supergroup that it has become.
    """

    id: int
    title: str
    members: dict[int, User]
    bot: Membership = "left"
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    moved_to: int | None = None

    def as_chat(self) -> dict[str, Any]:
        """The Bot API's Chat."""
        return {"id": self.id, "title": self.title, "type": "supergroup"}


Chat = User | Group


@dataclass(slots=True, eq=False)
class Message:
    """A message in a chat. `content` holds the Bot API's fields text, photo, caption, entities and so on.

    `sender` is None where the bot wrote it; `origin` says from where it was forwarded.
    """

    id: int
    chat: Chat
    date: int
    content: dict[str, Any]
    sender: User | None
    markup: dict[str, Any] | None = None
    reply_to: Message | None = None
    album: str | None = None
    origin: dict[str, Any] | None = None
    edited: int | None = None
    reaction: list[dict[str, Any]] = field(default_factory=list)
    deleted_by: Literal["the bot", "a person"] | None = None

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return self.sender is None

    @property
    def is_service(self) -> bool:
        """Whether it only tells that somebody came or went, or that the group moved."""
        return any(name in self.content for name in _SERVICE)

    def buttons(self) -> list[dict[str, Any]]:
        """The inline buttons, row by row."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]

    def media(self) -> Media | None:
        """The photo, document and so on that it carries."""
        return next((Media(kind, self.content[kind]) for kind in _MEDIA if kind in self.content), None)


def member(bot: dict[str, Any], status: Membership) -> dict[str, Any]:
    """The Bot API's ChatMember for the bot."""
    return {"user": bot, "status": status} | ({"until_date": 0} if status == "kicked" else {})
