"""One person's conversation: what they chose and sent so far. Pictures by file id, never their bytes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from impasto.effects import OptionValue
from impasto.jobs.model import PictureRef
from impasto.users import Preferences


@dataclass(slots=True)
class SentPicture:
    """A picture in the conversation and the message it came with."""

    ref: PictureRef
    message_id: int | None = None


@dataclass(slots=True)
class Kept:
    """What of a conversation outlasts a restart: see `impasto.bot.sessions`."""

    effect_id: str | None = None
    pictures: list[SentPicture] = field(default_factory=list)
    options: dict[str, OptionValue] = field(default_factory=dict)
    album_id: str | None = None
    """The album that the last picture belongs to."""
    album_effect_id: str | None = None
    """The effect that the pictures of that album began with, for those that come after."""
    card_id: int | None = None
    """The message whose buttons are in force."""
    card_is_photo: bool = False
    """Whether that message shows a picture, so that its words are a caption."""
    pictured_at: float | None = None
    """When the last picture was sent."""
    complete: bool = False
    """The pictures are those of a former job: a new one is a new wish."""
    direct: bool = False
    """The effect came by a command: it begins as soon as its pictures are here."""
    keeping: bool = False
    """The options on the card are to be kept for the effect, not for one picture."""


@dataclass(slots=True, weakref_slot=True)
class Session(Kept):
    """Where the conversation of one user in one chat stands. A fresh one is the start."""

    is_owner: bool = False
    in_group: bool = False
    """Others read along."""
    preferences: Preferences = field(default_factory=Preferences)
    """As they stand at this event."""
    card_lock: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False, repr=False)
    """Held while the message with the card is changed."""
    card_shown: int = field(default=0, compare=False)
    """Rises with every change of that message."""
    reporting: bool = False
    """The next message goes to the owner."""
    report_album: str | None = None
    """The album that is on its way to the owner."""

    def clear(self) -> None:
        """Back to the start, but for who it is and for the card, whose buttons are still in the chat."""
        fresh = Session(
            is_owner=self.is_owner,
            in_group=self.in_group,
            preferences=self.preferences,
            card_id=self.card_id,
            card_is_photo=self.card_is_photo,
            card_shown=self.card_shown,
            card_lock=self.card_lock,
        )
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(fresh, name))
