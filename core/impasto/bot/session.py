"""One person's conversation: what they chose and sent so far. Pictures by file id, never their bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from impasto.effects import OptionValue
from impasto.jobs.model import PictureRef


@dataclass(slots=True)
class SentPicture:
    """A picture in the conversation and the message it came with."""

    ref: PictureRef
    message_id: int | None = None


@dataclass(slots=True)
class Session:
    """Where the conversation of one user in one chat stands. A fresh one is the start."""

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
    card_shown: int = field(default=0, compare=False)
    """Rises with every change of that message."""
    is_owner: bool = False
    reporting: bool = False
    """The next message goes to the owner."""
