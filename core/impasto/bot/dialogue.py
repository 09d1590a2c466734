"""Dialogue: the state machine of one conversation. Pure: a session and an event in, replies out.

Either order works: the effect first and then pictures, or pictures first and then the effect.
"""

from __future__ import annotations

from collections.abc import Sequence

from impasto import slots
from impasto.bot import cards
from impasto.bot.buttons import (
    ChooseEffect,
    ChooseLanguage,
    Go,
    Menu,
    OpenOption,
    SetOption,
    ShowCard,
)
from impasto.bot.events import AgainAsked, Command, Event, OtherSent, PictureSent, Pressed
from impasto.bot.replies import (
    CancelJobs,
    Card,
    CloseCard,
    ForgetUser,
    PassReport,
    Reply,
    Say,
    SetLanguage,
    Submit,
    Toast,
)
from impasto.bot.session import SentPicture, Session
from impasto.effects import ChoiceOption, Effect, OptionValue, RangeOption, ToggleOption
from impasto.i18n import Language
from impasto.text import text as _


class Dialogue:
    """The conversation about `effects`, in one of `languages`; reports only where there is an owner."""

    def __init__(self, effects: Sequence[Effect], languages: Sequence[Language], *, has_owner: bool) -> None:
        self._effects = {effect.id: effect for effect in effects}
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
                return [cards.welcome(command.first_name, self._effects.values())]
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
        full = effect is not None and slots.missing_slot(effect, len(session.pictures)) is None
        if not same_album and (effect is None or full):
            session.pictures = []  # a new picture is a new wish
        if effect is None or slots.fits(effect, len(session.pictures) + 1):
            session.pictures.append(sent.picture)
        if effect is None:
            return [self._menu(session, anew=not same_album)]
        return self._proceed(session, effect, anew=not same_album)

    def _pressed(self, session: Session, pressed: Pressed) -> list[Reply]:
        button = pressed.button
        current = pressed.message_id == session.card_id
        match button:
            case Menu():
                session.effect_id, session.options, session.reporting = None, {}, False
                return [self._menu(session, anew=not current)]
            case ChooseEffect(effect_id):
                if effect_id not in self._effects:
                    return [Toast(cards.GONE), self._menu(session, anew=True)]
                effect = self._effects[effect_id]
                session.effect_id, session.options = effect_id, effect.defaults()
                session.reporting = False
                while not slots.fits(effect, len(session.pictures)):
                    session.pictures.pop()
                return self._proceed(session, effect, anew=not current)
            case ChooseLanguage(code):
                return [SetLanguage(code), CloseCard(), Say(cards.LANGUAGE_CHOSEN)]
            case _:
                chosen = self._effect(session)
                if not current or chosen is None:
                    return [Toast(cards.STALE)]
                return self._option_pressed(session, chosen, pressed)

    def _option_pressed(self, session: Session, effect: Effect, pressed: Pressed) -> list[Reply]:
        match pressed.button:
            case Go():
                return self._submit(session, effect)
            case ShowCard():
                return [cards.options(effect, session)]
            case OpenOption(place) if place < len(effect.options):
                option = effect.options[place]
                if isinstance(option, ChoiceOption):
                    return [cards.choices(effect, place, session)]
                if isinstance(option, ToggleOption):
                    session.options[option.key] = not session.options[option.key]
                return [cards.options(effect, session)]
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
        return [cards.options(effect, session)]

    def _proceed(self, session: Session, effect: Effect, *, anew: bool) -> list[Reply]:
        """Ask for what is missing; where nothing is, show the options, or begin if there are none."""
        slot = slots.missing_slot(effect, len(session.pictures))
        if slot is not None:
            return [cards.ask(effect, slot, anew=anew)]
        if effect.options:
            return [cards.options(effect, session, anew=anew)]
        return self._submit(session, effect)

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
        effect = self._effects.get(effect_id)
        _clear(session)
        session.pictures = pictures
        if effect is None or not effect.options:
            return [self._menu(session, anew=True)]
        session.effect_id, session.options = effect_id, effect.defaults() | options
        return [cards.options(effect, session, anew=True)]

    def _menu(self, session: Session, *, anew: bool) -> Card:
        count = len(session.pictures)
        fitting = [effect for effect in self._effects.values() if slots.fits(effect, count)]
        return cards.menu(fitting, count, anew=anew)

    def _effect(self, session: Session) -> Effect | None:
        return self._effects.get(session.effect_id) if session.effect_id else None


def _clear(session: Session) -> None:
    """Back to the start, but for the card, whose buttons are still in the chat."""
    card_id = session.card_id
    fresh = Session(card_id=card_id)
    for name in Session.__dataclass_fields__:
        setattr(session, name, getattr(fresh, name))
