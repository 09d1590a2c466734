"""What the dialogue answers, as data: cards with buttons, sentences, and things to be done."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.bot.buttons import Button
from impasto.effects import ChoiceOption, Effect, OptionValue
from impasto.gallery.paintings import Painting
from impasto.jobs.model import PictureRef
from impasto.text import Text
from impasto.users import Preferences


@dataclass(frozen=True, slots=True)
class Label:
    """A button and what stands on it."""

    title: Text
    button: Button


@dataclass(frozen=True, slots=True)
class Link:
    """A button that leads to an address; to the private chat with this bot where that is "start=…"."""

    title: Text
    address: str


@dataclass(frozen=True, slots=True)
class SampleSheet:
    """A picture of what these choices of an option look like."""

    effect: Effect
    option: ChoiceOption
    values: tuple[str, ...]
    first_number: int


@dataclass(frozen=True, slots=True)
class PaintingSheet:
    """A picture of these paintings of the gallery."""

    paintings: tuple[Painting, ...]
    first_number: int


@dataclass(frozen=True, slots=True)
class CropSheet:
    """A picture with the part of it that is taken; the rest is dim."""

    ref: PictureRef


@dataclass(frozen=True, slots=True)
class ExampleSheet:
    """A picture before and after an effect."""

    effect: Effect


@dataclass(frozen=True, slots=True)
class WelcomeSheet:
    """A picture of what several effects do."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class SizeSheet:
    """What an effect makes of one picture at several sizes, by its option of that key."""

    effect: Effect
    option: str


Sheet = SampleSheet | PaintingSheet | CropSheet | ExampleSheet | WelcomeSheet | SizeSheet


@dataclass(frozen=True, slots=True)
class Card:
    """The message whose buttons are in force: heading, paragraphs, lines, rows of buttons, perhaps a picture.

    It takes the place of the card before it, or with `anew` stands in a new message below.
    """

    paragraphs: tuple[Text, ...]
    rows: tuple[tuple[Label, ...], ...] = ()
    heading: Text | None = None
    anew: bool = False
    lines: tuple[Text, ...] = ()
    names: tuple[Text, ...] = ()
    """Short lines, set one after another."""
    sheet: Sheet | None = None
    under_picture: bool = False
    """It may stand under the picture that the card before it showed."""


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence by itself, perhaps with a button that leads elsewhere."""

    message: Text
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Toast:
    """A short answer to a tap, shown for a moment over the chat."""

    message: Text


@dataclass(frozen=True, slots=True)
class Submit:
    """Make a job of these pictures."""

    effect_id: str
    options: dict[str, OptionValue]
    pictures: dict[str, tuple[PictureRef, ...]]
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class FetchWeights:
    """Download what the effect needs, and show how far it is."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class StopFetching:
    """End that download."""

    effect_id: str


@dataclass(frozen=True, slots=True)
class CancelJobs:
    """Withdraw the person's jobs, and with `tell` say how many there were.

    With `closed`, something else was ended by the same word, so that "nothing to cancel" would be wrong.
    """

    tell: bool
    closed: bool = False


@dataclass(frozen=True, slots=True)
class ForgetUser:
    """Let plugins drop what they keep of the person; with `all`, the bot drops everything too."""

    all: bool = False


@dataclass(frozen=True, slots=True)
class SetPreferences:
    """Keep these settings of the person, the language among them."""

    preferences: Preferences


@dataclass(frozen=True, slots=True)
class TellJobs:
    """Say which of the person's pictures wait or are being worked on, and how far they are."""


@dataclass(frozen=True, slots=True)
class TellNumber:
    """Say by which number Telegram knows the person: the owner's belongs into the settings."""


@dataclass(frozen=True, slots=True)
class PassReport:
    """Copy the person's message to the owner without its author."""

    more: bool = False
    """It belongs to the album that the one before began."""
    words: str = ""
    """These words of it alone."""


@dataclass(frozen=True, slots=True)
class CloseCard:
    """Take the buttons away from the card: it is done with."""


Reply = (
    Card
    | Say
    | Toast
    | Submit
    | FetchWeights
    | StopFetching
    | CancelJobs
    | ForgetUser
    | SetPreferences
    | TellJobs
    | TellNumber
    | PassReport
    | CloseCard
)
