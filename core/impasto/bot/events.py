"""What a person does, as the dialogue sees it: without Telegram."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.bot.buttons import Button
from impasto.bot.session import SentPicture
from impasto.effects import OptionValue
from impasto.text import Text


@dataclass(frozen=True, slots=True)
class Command:
    """A command, without its slash: "start"; perhaps under a picture, or in answer to one."""

    name: str
    first_name: str = ""
    argument: str = ""
    picture: SentPicture | None = None
    album_id: str | None = None
    addressed: bool = True
    """Whether it is for this bot alone; in a group with several bots it may not be."""


@dataclass(frozen=True, slots=True)
class PictureSent:
    """A picture; `album_id` is that of the album it is part of. A result is one that the bot made before."""

    picture: SentPicture
    album_id: str | None = None
    is_result: bool = False
    at: float | None = None
    """When it was sent, in seconds of the epoch."""


@dataclass(frozen=True, slots=True)
class OtherSent:
    """Something that is not a picture; `answer` tells what to send instead."""

    answer: Text
    album_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button of the message `message_id`; None stands for one that no Impasto of today has made."""

    button: Button | None
    message_id: int


@dataclass(frozen=True, slots=True)
class Joined:
    """The bot was taken into a group."""


@dataclass(frozen=True, slots=True)
class AgainAsked:
    """The person wants a former job once more."""

    effect_id: str
    options: dict[str, OptionValue]
    pictures: list[SentPicture]


Event = Command | PictureSent | OtherSent | Pressed | AgainAsked | Joined
