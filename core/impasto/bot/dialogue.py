"""Dialogue: the state machine of one conversation. Pure: a session and an event in, replies out.

Either order works: the effect first and then pictures, or pictures first and then the effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from impasto import slots
from impasto.bot import cards
from impasto.bot.buttons import (
    AddPicture,
    ChooseEffect,
    ChooseLanguage,
    ChoosePainting,
    Download,
    Downloads,
    Go,
    Menu,
    OpenOption,
    SetOption,
    ShowCard,
    ShowChoices,
    ShowPaintings,
    StopDownload,
)
from impasto.bot.events import AgainAsked, Command, Event, OtherSent, PictureSent, Pressed
from impasto.bot.replies import (
    CancelJobs,
    Card,
    CloseCard,
    FetchWeights,
    ForgetUser,
    PassReport,
    Reply,
    Say,
    SetLanguage,
    StopFetching,
    Submit,
    Toast,
)
from impasto.bot.session import SentPicture, Session
from impasto.effects import ChoiceOption, Effect, OptionValue, RangeOption, ToggleOption, Weights
from impasto.gallery.paintings import Painting
from impasto.i18n import Language
from impasto.jobs.model import PictureRef
from impasto.text import text as _


class Offer(Protocol):
    """What the bot can do, which changes when weights are downloaded."""

    def offered(self) -> Sequence[Effect]:
        """The effects that can be used, as menus show them."""

    def downloadable(self) -> Sequence[Effect]:
        """Those whose weights can be had."""

    def missing(self, effect: Effect) -> Sequence[Weights]:
        """The weights that an effect lacks."""


class Paintings(Protocol):
    """The gallery that styles can be chosen from."""

    def paintings(self) -> Sequence[Painting]:
        """All of them."""

    def of(self, ref: PictureRef) -> Painting | None:
        """The painting that a picture is."""


class Dialogue:
    """The conversation about what is on `offer`, in one of `languages`; reports only with an owner."""

    def __init__(
        self, offer: Offer, gallery: Paintings, languages: Sequence[Language], *, has_owner: bool
    ) -> None:
        self._offer, self._gallery = offer, gallery
        self._languages = languages
        self._has_owner = has_owner

    def step(self, session: Session, event: Event) -> list[Reply]:
        """Answer `event` and change `session` accordingly."""
        if session.reporting and isinstance(event, PictureSent | OtherSent):
            session.reporting = False
            return [CloseCard(), PassReport()]
        match event:
            case Command():
                return self._command(session, event)
            case PictureSent():
                return self._picture(session, event)
            case AgainAsked(effect_id, options, pictures):
                return self._again(session, effect_id, options, pictures)
            case OtherSent(answer):
                return [Say(answer)]
            case Pressed():
                return self._pressed(session, event)

    def _command(self, session: Session, command: Command) -> list[Reply]:
        session.reporting = False
        match command.name:
            case "start":
                _clear(session)
                return [
                    cards.welcome(command.first_name, self._offer.offered(), self._has_downloads(session))
                ]
            case "effects":
                return [self._menu(session, anew=True)]
            case "help":
                return [Say(cards.HELP)]
            case "language":
                return [cards.languages(self._languages)]
            case "cancel":
                _clear(session)
                return [CloseCard(), CancelJobs(tell=True)]
            case "reset":
                _clear(session)
                return [
                    CloseCard(),
                    CancelJobs(tell=False),
                    ForgetUser(),
                    Say(_("All is forgotten. Send a photo whenever you like.")),
                ]
            case "report" if self._has_owner:
                _clear(session)
                session.reporting = True
                return [cards.REPORT]
            case "report":
                return [Say(_("The owner of this bot does not take messages."))]
            case _:
                return [Say(_("I don't know this command. /help shows what I can do."))]

    def _picture(self, session: Session, sent: PictureSent) -> list[Reply]:
        same_album = sent.album_id is not None and sent.album_id == session.album_id
        session.album_id = sent.album_id
        if same_album and session.effect_id is None:
            session.effect_id = session.album_effect_id
        session.album_effect_id = None
        effect = self._effect(session)
        has_room = effect is not None and slots.open_slot(effect, len(session.pictures)) is not None
        if not same_album and (effect is None or slots.takes_one(effect) or not has_room):
            session.pictures = []  # a new picture is a new wish
        if effect is None:
            session.pictures.append(sent.picture)
            return [self._menu(session, anew=not same_album)]
        self._take(session, effect, sent.picture)
        return self._proceed(session, effect, anew=not same_album)

    def _take(self, session: Session, effect: Effect, picture: SentPicture) -> None:
        if slots.fits(effect, len(session.pictures) + 1):
            session.pictures.append(picture)

    def _pressed(self, session: Session, pressed: Pressed) -> list[Reply]:
        button = pressed.button
        current = pressed.message_id == session.card_id
        match button:
            case Menu():
                session.effect_id, session.options = None, {}
                session.reporting = False
                return [self._menu(session, anew=not current)]
            case ChooseEffect(effect_id):
                return self._choose(session, effect_id, anew=not current)
            case Downloads() | Download() | StopDownload() if session.is_owner:
                return self._download_pressed(session, pressed)
            case ChooseLanguage(code):
                return [SetLanguage(code), CloseCard(), Say(cards.LANGUAGE_CHOSEN)]
            case _:
                chosen = self._effect(session)
                if not current or chosen is None:
                    return [Toast(cards.STALE)]
                return self._option_pressed(session, chosen, pressed)

    def _choose(self, session: Session, effect_id: str, *, anew: bool) -> list[Reply]:
        effect = self._find(effect_id)
        if effect is None:
            if session.is_owner:
                for wanting in self._offer.downloadable():
                    if wanting.id == effect_id:
                        return [cards.offer_download(wanting, self._offer.missing(wanting))]
            return [Toast(cards.GONE), self._menu(session, anew=True)]
        session.effect_id, session.options = effect_id, effect.defaults()
        session.reporting = False
        while not slots.fits(effect, len(session.pictures)):
            session.pictures.pop()
        return self._proceed(session, effect, anew=anew)

    def _download_pressed(self, session: Session, pressed: Pressed) -> list[Reply]:
        match pressed.button:
            case Download(effect_id) if self._find(effect_id) is None:
                return [CloseCard(), FetchWeights(effect_id)]
            case StopDownload(effect_id):
                return [StopFetching(effect_id)]
            case _:
                wanting = self._offer.downloadable()
                if not wanting:
                    return [Toast(cards.STALE)]
                sizes = [(effect, sum(w.size for w in self._offer.missing(effect))) for effect in wanting]
                return [cards.downloads(sizes)]

    def _option_pressed(self, session: Session, effect: Effect, pressed: Pressed) -> list[Reply]:
        match pressed.button:
            case Go():
                return self._submit(session, effect)
            case ShowCard():
                return self._proceed(session, effect, anew=False)
            case ShowPaintings(page):
                return self._show_paintings(session, effect, page)
            case ChoosePainting(key):
                return self._choose_painting(session, effect, key)
            case AddPicture() if slots.fits(effect, len(session.pictures) + 1):
                return [self._ask(session, effect, anew=False)]
            case ShowChoices(place, page) if place < len(effect.options):
                if not isinstance(effect.options[place], ChoiceOption):
                    return [Toast(cards.STALE)]
                return [cards.choices(effect, place, session, page)]
            case OpenOption(place) if place < len(effect.options):
                option = effect.options[place]
                if isinstance(option, ChoiceOption):
                    return [cards.choices(effect, place, session)]
                if isinstance(option, ToggleOption):
                    session.options[option.key] = not session.options[option.key]
                return [self._options(session, effect)]
            case SetOption(place, choice) if place < len(effect.options):
                return self._set_option(session, effect, place, choice)
            case _:
                return [Toast(cards.STALE)]

    def _set_option(self, session: Session, effect: Effect, place: int, choice: int) -> list[Reply]:
        option = effect.options[place]
        if isinstance(option, ChoiceOption) and choice < len(option.choices):
            session.options[option.key] = option.choices[choice].value
        elif isinstance(option, RangeOption):
            stepped = float(session.options[option.key]) + (option.step if choice else -option.step)
            if not option.minimum - 1e-9 <= stepped <= option.maximum + 1e-9:
                return [Toast(_("It goes no further."))]
            session.options[option.key] = round(stepped, 6)
        return [self._options(session, effect)]

    def _show_paintings(self, session: Session, effect: Effect, page: int) -> list[Reply]:
        slot = slots.open_slot(effect, len(session.pictures))
        paintings = self._gallery.paintings()
        if slot is None or not slot.gallery or not paintings:
            return [Toast(cards.STALE)]
        return [cards.paintings(effect, slot, paintings, page)]

    def _choose_painting(self, session: Session, effect: Effect, key: str) -> list[Reply]:
        slot = slots.open_slot(effect, len(session.pictures))
        chosen = next((painting for painting in self._gallery.paintings() if painting.key == key), None)
        if slot is None or not slot.gallery or chosen is None:
            return [Toast(cards.STALE)]
        self._take(session, effect, SentPicture(chosen.ref))
        return self._proceed(session, effect, anew=False)

    def _proceed(self, session: Session, effect: Effect, *, anew: bool) -> list[Reply]:
        """Ask for what is missing; where nothing is, show the options, or begin if there are none."""
        if slots.missing_slot(effect, len(session.pictures)) is not None:
            return [self._ask(session, effect, anew=anew)]
        if effect.options:
            return [self._options(session, effect, anew=anew)]
        return self._submit(session, effect)

    def _ask(self, session: Session, effect: Effect, *, anew: bool) -> Card:
        count = len(session.pictures)
        slot = slots.open_slot(effect, count) or effect.slots[-1]
        another = slots.missing_slot(effect, count) is None
        has_gallery = slot.gallery and bool(self._gallery.paintings())
        return cards.ask(effect, slot, anew=anew, has_gallery=has_gallery, another=another)

    def _options(self, session: Session, effect: Effect, *, anew: bool = False) -> Card:
        chosen = [self._gallery.of(picture.ref) for picture in session.pictures]
        paintings = [painting for painting in chosen if painting is not None]
        return cards.options(effect, session, anew=anew, paintings=paintings)

    def _submit(self, session: Session, effect: Effect) -> list[Reply]:
        if slots.missing_slot(effect, len(session.pictures)) is not None:
            return [Toast(cards.STALE)]
        options = dict(session.options)
        jobs: list[Reply] = [
            Submit(
                effect.id,
                options,
                {name: tuple(picture.ref for picture in pictures) for name, pictures in filled.items()},
                filled[effect.slots[0].name][0].message_id,
            )
            for filled in slots.fill(effect, session.pictures)
        ]
        session.pictures, session.effect_id, session.options = [], None, {}
        session.album_effect_id = effect.id if slots.takes_one(effect) and not effect.options else None
        return [CloseCard(), *jobs]

    def _again(
        self,
        session: Session,
        effect_id: str,
        options: dict[str, OptionValue],
        pictures: list[SentPicture],
    ) -> list[Reply]:
        effect = self._find(effect_id)
        _clear(session)
        session.pictures = pictures
        if effect is None or not effect.options:
            return [self._menu(session, anew=True)]
        session.effect_id, session.options = effect_id, effect.defaults() | options
        return [self._options(session, effect, anew=True)]

    def _menu(self, session: Session, *, anew: bool) -> Card:
        count = len(session.pictures)
        fitting = [effect for effect in self._offer.offered() if slots.fits(effect, count)]
        return cards.menu(fitting, count, anew=anew, downloads=self._has_downloads(session))

    def _has_downloads(self, session: Session) -> bool:
        return session.is_owner and bool(self._offer.downloadable())

    def _find(self, effect_id: str) -> Effect | None:
        return next((effect for effect in self._offer.offered() if effect.id == effect_id), None)

    def _effect(self, session: Session) -> Effect | None:
        return self._find(session.effect_id) if session.effect_id else None


def _clear(session: Session) -> None:
    """Back to the start, but for who it is and for the card, whose buttons are still in the chat."""
    fresh = Session(
        card_id=session.card_id,
        card_is_photo=session.card_is_photo,
        card_shown=session.card_shown,
        is_owner=session.is_owner,
    )
    for name in Session.__dataclass_fields__:
        setattr(session, name, getattr(fresh, name))
