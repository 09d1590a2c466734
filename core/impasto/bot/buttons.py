"""What the buttons of the chat say to the bot: data classes, and their form in 64 bytes of callback data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from impasto.bot.limits import CALLBACK_DATA_BYTES


@dataclass(frozen=True, slots=True)
class Menu:
    """Show the effects."""


@dataclass(frozen=True, slots=True)
class ShowCategory:
    """Show the effects of this category."""

    category: str


@dataclass(frozen=True, slots=True)
class ChooseEffect:
    """Take this effect."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class OpenOption:
    """Show the choices of an option (its place among the effect's options), or flip a toggle."""

    option: int


@dataclass(frozen=True, slots=True)
class SetOption:
    """Take a choice (its place), or a step down (0) or up (1) of a range."""

    option: int
    choice: int


@dataclass(frozen=True, slots=True)
class ShowCard:
    """Go back from an option's choices to the effect."""


@dataclass(frozen=True, slots=True)
class ShowChoices:
    """Show a page of the choices of an option."""

    option: int
    page: int


@dataclass(frozen=True, slots=True)
class ShowPaintings:
    """Show a page of the gallery."""

    page: int


@dataclass(frozen=True, slots=True)
class ChoosePainting:
    """Take this painting."""

    key: str


@dataclass(frozen=True, slots=True)
class AddPicture:
    """Send one more picture to an effect that takes several."""


@dataclass(frozen=True, slots=True)
class Downloads:
    """Show the owner what can be downloaded."""


@dataclass(frozen=True, slots=True)
class Download:
    """Download the weights of this effect."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class StopDownload:
    """Stop the download for this effect."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class Go:
    """Begin."""


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Withdraw a job."""

    job_id: int


@dataclass(frozen=True, slots=True)
class AsFile:
    """Send the result of a job as a file."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Details:
    """Send the owner what was recorded while a job ran."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Again:
    """The same pictures once more, perhaps with other options."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Then:
    """Go on with the picture of this message."""


@dataclass(frozen=True, slots=True)
class ShowLanguages:
    """Show the languages."""


@dataclass(frozen=True, slots=True)
class ChooseLanguage:
    """Speak this language."""

    code: str


@dataclass(frozen=True, slots=True)
class ShowSettings:
    """Show the settings."""


@dataclass(frozen=True, slots=True)
class ToggleSetting:
    """Change one of the settings that have two values: "as_file", "file_format", "announcements"."""

    name: str


@dataclass(frozen=True, slots=True)
class ShowDefaultEffects:
    """Show what may be offered at once for every picture."""


@dataclass(frozen=True, slots=True)
class SetDefaultEffect:
    """Offer this effect at once for every picture; with an empty id, ask."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class KeepOptions:
    """Begin with these options the next time."""


@dataclass(frozen=True, slots=True)
class DropKeptOptions:
    """Begin with every effect's own options again."""


@dataclass(frozen=True, slots=True)
class ShowCrop:
    """Show which part of the picture is taken."""


@dataclass(frozen=True, slots=True)
class SetRatio:
    """Take the largest part of this shape; 0 : 0 takes the whole."""

    across: int
    down: int


@dataclass(frozen=True, slots=True)
class Trim:
    """Take a little off this side."""

    side: str


@dataclass(frozen=True, slots=True)
class ShowExample:
    """Show a page of the examples."""

    page: int


@dataclass(frozen=True, slots=True)
class ForgetMe:
    """Delete all that is kept of the person."""


@dataclass(frozen=True, slots=True)
class Close:
    """Take the card out of the chat."""


@dataclass(frozen=True, slots=True)
class StopJob:
    """The owner withdraws somebody's job."""

    job_id: int


@dataclass(frozen=True, slots=True)
class Unban:
    """The owner answers the person again whose job this was."""

    job_id: int


@dataclass(frozen=True, slots=True)
class LetIn:
    """The owner lets a stranger in."""

    user_id: int


@dataclass(frozen=True, slots=True)
class Refuse:
    """The owner leaves a stranger outside."""

    user_id: int


@dataclass(frozen=True, slots=True)
class SendAnnouncement:
    """The owner sends this message of their chat to everybody."""

    message_id: int


@dataclass(frozen=True, slots=True)
class StopAnnouncement:
    """The owner does not send that message, or to nobody more."""

    message_id: int


@dataclass(frozen=True, slots=True)
class NoAnnouncements:
    """A person wants no more messages of that kind."""


Button = (
    Menu
    | ShowCategory
    | ChooseEffect
    | OpenOption
    | SetOption
    | ShowCard
    | ShowChoices
    | ShowPaintings
    | ChoosePainting
    | AddPicture
    | Downloads
    | Download
    | StopDownload
    | Details
    | Go
    | CancelJob
    | AsFile
    | Again
    | Then
    | ShowLanguages
    | ChooseLanguage
    | ShowSettings
    | ToggleSetting
    | ShowDefaultEffects
    | SetDefaultEffect
    | KeepOptions
    | DropKeptOptions
    | ShowCrop
    | SetRatio
    | Trim
    | ShowExample
    | ForgetMe
    | Close
    | StopJob
    | Unban
    | LetIn
    | Refuse
    | SendAnnouncement
    | StopAnnouncement
    | NoAnnouncements
)

_TAGS: dict[str, type[Button]] = {
    "m": Menu,
    "e": ChooseEffect,
    "o": OpenOption,
    "s": SetOption,
    "b": ShowCard,
    "c": ShowChoices,
    "p": ShowPaintings,
    "k": ChoosePainting,
    "n": AddPicture,
    "w": Downloads,
    "d": Download,
    "h": StopDownload,
    "i": Details,
    "g": Go,
    "x": CancelJob,
    "f": AsFile,
    "a": Again,
    "t": Then,
    "l": ChooseLanguage,
    "y": ShowCategory,
    "ll": ShowLanguages,
    "st": ShowSettings,
    "sv": ToggleSetting,
    "sd": ShowDefaultEffects,
    "se": SetDefaultEffect,
    "sk": KeepOptions,
    "su": DropKeptOptions,
    "c?": ShowCrop,
    "cr": SetRatio,
    "ct": Trim,
    "x?": ShowExample,
    "fm": ForgetMe,
    "q": Close,
    "oj": StopJob,
    "ou": Unban,
    "oi": LetIn,
    "or": Refuse,
    "oa": SendAnnouncement,
    "os": StopAnnouncement,
    "na": NoAnnouncements,
}
_TAG_OF = {kind: tag for tag, kind in _TAGS.items()}


def pack(button: Button) -> str:
    """The callback data of `button`: its tag and its fields."""
    fields = (str(getattr(button, name)) for name in button.__dataclass_fields__)
    data = ":".join((_TAG_OF[type(button)], *fields))
    if len(data.encode()) > CALLBACK_DATA_BYTES:
        raise ValueError(f"callback data {data!r} is over {CALLBACK_DATA_BYTES} bytes")
    return data


def unpack(data: str) -> Button | None:
    """The button with this callback data; None if no button of today's Impasto has it."""
    tag, *values = data.split(":")
    kind = _TAGS.get(tag)
    if kind is None or len(values) != len(kind.__dataclass_fields__):
        return None
    try:
        fields = {
            field.name: int(value) if field.type == "int" else value
            for value, field in zip(values, kind.__dataclass_fields__.values(), strict=True)
        }
    except ValueError:
        return None
    return cast("Button", cast("type", kind)(**fields))
