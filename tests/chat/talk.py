"""A dialogue without Telegram: effects, a gallery, and somebody who taps and sends."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from impasto.bot.dialogue import Dialogue
from impasto.bot.events import Event, PictureSent, Pressed
from impasto.bot.replies import Card, CloseCard, Reply, Submit
from impasto.bot.session import SentPicture, Session
from impasto.effects import (
    Category,
    Choice,
    ChoiceOption,
    Effect,
    ImageSlot,
    RangeOption,
    ToggleOption,
    Weights,
    WhenChanged,
    WhenPictures,
    verbatim,
)
from impasto.gallery.paintings import Painting
from impasto.i18n import Language
from impasto.jobs.model import PictureRef

CONTENT = ImageSlot("content", verbatim("Photo"), verbatim("Send a photo."))
STYLE = ImageSlot("style", verbatim("Style"), verbatim("Now the style."))


def effect(name: str, slots: tuple[ImageSlot, ...] = (CONTENT,), **more: object) -> Effect:
    words = verbatim(name)
    return Effect(f"t.{name}", words, words, Category.PAINT, "m:P", slots, **more)  # type: ignore[arg-type]


TINT = ChoiceOption("tint", verbatim("Tint"), tuple(Choice(c, verbatim(c)) for c in "abc"), "a")
OPTIONS = (
    TINT,
    RangeOption("power", verbatim("Power"), 0, 1, 0.25, 0.5),
    ToggleOption("dark", verbatim("Dark")),
)
MANY_STYLES = ImageSlot("style", verbatim("Style"), verbatim("Now the style."), maximum=3, gallery=True)
MANY = effect(
    "many",
    (CONTENT, MANY_STYLES),
    options=(RangeOption("second", verbatim("Second"), 0, 1, 0.5, 1, when=WhenPictures("style", 2)),),
)
STYLES = ChoiceOption(
    "style", verbatim("Style"), tuple(Choice(str(n), verbatim(f"look {n}")) for n in range(1, 21)), "11",
    samples="style",
)  # fmt: skip
LEARNT = effect(
    "learnt", options=(STYLES, RangeOption("mix", verbatim("Mix"), 0, 1, 0.5, 1, when=WhenChanged("style")))
)
HEAVY = effect("heavy", weights=("net",))
NET = Weights("net", verbatim("A net"), ("file:net", "https://example.org/net"), 45_000_000, "MIT")
EFFECTS = (effect("plain"), effect("blend", (CONTENT, STYLE)), effect("rich", options=OPTIONS))

numbers = itertools.count(1)


def picture(name: str = "p", album: str | None = None) -> PictureSent:
    return PictureSent(SentPicture(PictureRef(name), next(numbers)), album)


class House:
    """What is on offer, and the gallery."""

    def __init__(self) -> None:
        self.effects: list[Effect] = list(EFFECTS)
        self.wanting: list[Effect] = []
        self.pictures: list[Painting] = []

    @property
    def weights(self) -> Mapping[str, Weights]:
        return {NET.name: NET}

    def offered(self) -> Sequence[Effect]:
        return self.effects

    def downloadable(self) -> Sequence[Effect]:
        return self.wanting

    def missing(self, effect: Effect) -> Sequence[Weights]:
        return [NET] if effect in self.wanting else []

    def paintings(self) -> Sequence[Painting]:
        return self.pictures

    def of(self, ref: PictureRef) -> Painting | None:
        return next((painting for painting in self.pictures if painting.ref == ref), None)

    def hang(self, count: int) -> None:
        """Put paintings into the gallery."""
        for number in range(1, count + 1):
            self.pictures.append(Painting(f"p{number}", Path("p.jpg"), f"Title {number}", "Artist", "1889"))


class Chat:
    """A session and its dialogue; cards get message ids as Telegram would give them."""

    def __init__(
        self, *, has_owner: bool = True, is_owner: bool = False, source_url: str | None = None
    ) -> None:
        self.session = Session(is_owner=is_owner)
        self.house, self.language = House(), Language("en")
        self.dialogue = Dialogue(
            self.house, self.house, [Language("en")], has_owner=has_owner, source_url=source_url
        )
        self.card: Card | None = None

    def do(self, event: Event) -> list[Reply]:
        replies = self.dialogue.step(self.session, event)
        for reply in replies:
            if isinstance(reply, CloseCard) or (isinstance(reply, Card) and reply.anew):
                self.session.card_id, self.card = None, None
            if isinstance(reply, Card):
                self.session.card_id = self.session.card_id or next(numbers)
                self.card = reply
        return replies

    def press(self, button: object) -> list[Reply]:
        assert self.session.card_id is not None
        return self.do(Pressed(button, self.session.card_id))  # type: ignore[arg-type]

    def labels(self) -> list[str]:
        assert self.card is not None
        return [str(label.title) for row in self.card.rows for label in row]


def jobs(replies: list[Reply]) -> list[dict[str, list[str]]]:
    return [
        {slot: [ref.file_id for ref in refs] for slot, refs in reply.pictures.items()}
        for reply in replies
        if isinstance(reply, Submit)
    ]
