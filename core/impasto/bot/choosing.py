"""Choosing: the part of the dialogue from a picture or an effect to a job. Pure, like the dialogue.

Either order works: the effect first and then pictures, or pictures first and then the effect.
"""

from __future__ import annotations

from dataclasses import replace

from impasto import slots
from impasto.bot import cards
from impasto.bot.buttons import (
    AddPicture,
    ChoosePainting,
    Go,
    KeepOptions,
    OpenOption,
    SetOption,
    SetRatio,
    ShowCard,
    ShowChoices,
    ShowCrop,
    ShowPaintings,
    Trim,
)
from impasto.bot.events import AgainAsked, Command, PictureSent, Pressed
from impasto.bot.offer import Offer, Paintings, find
from impasto.bot.replies import Card, CloseCard, Reply, SetPreferences, Submit, Toast
from impasto.bot.session import SentPicture, Session
from impasto.crop import Crop, Side
from impasto.effects import ChoiceOption, Effect, OptionValue, RangeOption, ToggleOption
from impasto.text import text as _

TOGETHER_SECONDS = 15.0
"""Photos sent one by one within this time are meant together, as an album is."""


class Choosing:
    """Fills the slots of an effect, changes its options, and makes jobs."""

    def __init__(self, offer: Offer, gallery: Paintings) -> None:
        self._offer, self._gallery = offer, gallery

    def menu(self, session: Session, *, anew: bool) -> Card:
        """What can be done with the pictures that are here."""
        downloads = session.is_owner and bool(self._offer.downloadable())
        return cards.menu(self._fitting(session), len(session.pictures), anew=anew, downloads=downloads)

    def category(self, session: Session, category: str, *, anew: bool) -> Card:
        """The same of one category."""
        effects = [effect for effect in self._fitting(session) if effect.category == category]
        return cards.category(effects, len(session.pictures), anew=anew)

    def picture(self, session: Session, sent: PictureSent) -> list[Reply]:
        """A picture came."""
        if session.keeping:
            session.clear()
        same_album = sent.album_id is not None and sent.album_id == session.album_id
        with_the_last = same_album or _soon_after(session, sent)
        session.pictured_at = sent.at
        session.album_id = sent.album_id
        effect = self.chosen(session)
        if same_album and effect is None and session.album_effect_id is not None:
            effect = find(self._offer, session.album_effect_id)
            self._begin(session, effect)
            session.direct = True
        session.album_effect_id = None
        has_room = effect is not None and slots.open_slot(effect, len(session.pictures)) is not None
        if session.complete or (
            not with_the_last and (effect is None or slots.takes_one(effect) or not has_room)
        ):
            session.pictures = []  # a new picture is a new wish
        if session.complete:
            self._begin(session, None)
            effect = None
        if effect is None and not session.pictures and not sent.is_result:
            effect = find(self._offer, session.preferences.default_effect)
            self._begin(session, effect)
        if effect is None:
            session.pictures.append(sent.picture)
            return [self.menu(session, anew=not same_album)]
        self._take(session, effect, sent.picture)
        return self.proceed(session, effect, anew=not same_album)

    def command(self, session: Session, effect: Effect, command: Command) -> list[Reply]:
        """The effect's own command, perhaps with a picture, which then needs no more words."""
        session.clear()
        self._begin(session, effect)
        if command.picture is not None:
            session.direct = True
            session.album_id = command.album_id
            session.pictures = [command.picture]
        return self.proceed(session, effect, anew=True)

    def choose(self, session: Session, effect: Effect, *, anew: bool) -> list[Reply]:
        """The effect is chosen by a button."""
        self._begin(session, effect)
        session.reporting = False
        while not slots.fits(effect, len(session.pictures)):
            session.pictures.pop()
        return self.proceed(session, effect, anew=anew)

    def again(self, session: Session, asked: AgainAsked) -> list[Reply]:
        """A former job once more."""
        session.clear()
        session.pictures, session.complete = list(asked.pictures), True
        effect = find(self._offer, asked.effect_id)
        if effect is None or not effect.options:
            return [self.menu(session, anew=True)]
        session.effect_id, session.options = effect.id, effect.with_chosen(asked.options)
        return [self._options(session, effect, anew=True)]

    def keep(self, session: Session, effect: Effect) -> Card:
        """The options of the effect, to be kept for every picture."""
        session.clear()
        self._begin(session, effect)
        session.keeping = True
        return self._options(session, effect)

    def pressed(self, session: Session, effect: Effect, pressed: Pressed) -> list[Reply]:
        """A button of the card of `effect`."""
        asks = slots.missing_slot(effect, len(session.pictures)) is not None and not session.keeping
        if asks and not isinstance(pressed.button, ShowPaintings | ChoosePainting | ShowCard):
            return [Toast(cards.STALE)]
        match pressed.button:
            case Go():
                return self._submit(session, effect)
            case ShowCard():
                return self.proceed(session, effect, anew=False)
            case ShowPaintings(page):
                return self._show_paintings(session, effect, page)
            case ChoosePainting(key):
                return self._choose_painting(session, effect, key)
            case AddPicture() if slots.fits(effect, len(session.pictures) + 1):
                session.complete = False
                return [self._ask(session, effect, anew=False)]
            case ShowChoices(place, page) if place < len(effect.options):
                if not isinstance(effect.options[place], ChoiceOption):
                    return [Toast(cards.STALE)]
                return [cards.choices(effect, place, session, page)]
            case OpenOption(place) if place < len(effect.options):
                return self._open_option(session, effect, place)
            case SetOption(place, choice) if place < len(effect.options):
                return self._set_option(session, effect, place, choice)
            case KeepOptions():
                return self._keep_options(session, effect)
            case ShowCrop() | SetRatio() | Trim() if cards.can_be_cropped(effect, session):
                return self._crop(session, effect, pressed)
            case _:
                return [Toast(cards.STALE)]

    def chosen(self, session: Session) -> Effect | None:
        """The effect that the person has chosen."""
        return find(self._offer, session.effect_id)

    def proceed(self, session: Session, effect: Effect, *, anew: bool) -> list[Reply]:
        """Ask for what is missing; where nothing is, show the options, or begin if there are none."""
        if session.keeping:
            return [self._options(session, effect, anew=anew)]
        if slots.missing_slot(effect, len(session.pictures)) is not None:
            return [self._ask(session, effect, anew=anew)]
        if effect.options and not session.direct:
            return [self._options(session, effect, anew=anew)]
        return self._submit(session, effect)

    def _fitting(self, session: Session) -> list[Effect]:
        return [e for e in self._offer.offered() if slots.fits(e, len(session.pictures))]

    def _begin(self, session: Session, effect: Effect | None) -> None:
        session.effect_id, session.options, session.keeping = None, {}, False
        session.complete = False
        if effect is not None:
            session.effect_id, session.options = effect.id, _kept(session, effect)

    def _take(self, session: Session, effect: Effect, picture: SentPicture) -> None:
        if slots.fits(effect, len(session.pictures) + 1):
            session.pictures.append(picture)

    def _open_option(self, session: Session, effect: Effect, place: int) -> list[Reply]:
        option = effect.options[place]
        if isinstance(option, ChoiceOption):
            return [cards.choices(effect, place, session)]
        if isinstance(option, ToggleOption):
            session.options[option.key] = not session.options[option.key]
        return [self._options(session, effect)]

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

    def _keep_options(self, session: Session, effect: Effect) -> list[Reply]:
        known = session.preferences
        kept = {key: value for key, value in session.options.items() if value != effect.defaults()[key]}
        others = {key: value for key, value in known.kept_options.items() if key != effect.id}
        changed = replace(known, kept_options=others | ({effect.id: kept} if kept else {}))
        session.preferences = changed
        replies: list[Reply] = [SetPreferences(changed), Toast(_("Kept for the next time."))]
        if session.keeping:
            return replies
        return [*replies, self._options(session, effect)]

    def _crop(self, session: Session, effect: Effect, pressed: Pressed) -> list[Reply]:
        picture = session.pictures[0]
        ref, crop = picture.ref, picture.ref.crop or Crop()
        match pressed.button:
            case SetRatio(0, 0):
                crop = Crop()
            case SetRatio(across, down) if across > 0 and down > 0:
                crop = Crop.centred(*ref.shape, across, down)
            case Trim(side) if side in set(Side):
                trimmed = crop.trimmed(Side(side))
                if trimmed == crop:
                    return [Toast(_("It goes no further."))]
                crop = trimmed
        kept = None if crop == Crop() else crop
        session.pictures[0] = SentPicture(replace(ref, crop=kept), picture.message_id)
        return [cards.crop(effect, session.pictures[0].ref)]

    def _show_paintings(self, session: Session, effect: Effect, page: int) -> list[Reply]:
        slot = slots.open_slot(effect, len(session.pictures))
        paintings = self._gallery.paintings()
        if slot is None or not slot.gallery or not paintings:
            return [Toast(cards.STALE)]
        return [cards.paintings(effect, slot, paintings, page)]

    def _choose_painting(self, session: Session, effect: Effect, key: str) -> list[Reply]:
        slot = slots.open_slot(effect, len(session.pictures))
        painting = next((painting for painting in self._gallery.paintings() if painting.key == key), None)
        if slot is None or not slot.gallery or painting is None:
            return [Toast(cards.STALE)]
        self._take(session, effect, SentPicture(painting.ref))
        return self.proceed(session, effect, anew=False)

    def _ask(self, session: Session, effect: Effect, *, anew: bool) -> Card:
        count = len(session.pictures)
        slot = slots.open_slot(effect, count) or effect.slots[-1]
        another = slots.missing_slot(effect, count) is None
        has_gallery = slot.gallery and bool(self._gallery.paintings())
        return cards.ask(
            effect, slot, anew=anew, has_gallery=has_gallery, another=another, in_group=session.in_group
        )

    def _options(self, session: Session, effect: Effect, *, anew: bool = False) -> Card:
        chosen = [self._gallery.of(picture.ref) for picture in session.pictures]
        paintings = [painting for painting in chosen if painting is not None]
        keepable = session.options != _kept(session, effect)
        return cards.options(effect, session, anew=anew, paintings=paintings, keepable=keepable)

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
        at_once = session.direct or not effect.options
        session.pictures, session.effect_id, session.options, session.direct = [], None, {}, False
        session.album_effect_id = effect.id if slots.takes_one(effect) and at_once else None
        return [CloseCard(), *jobs]


def _kept(session: Session, effect: Effect) -> dict[str, OptionValue]:
    """The options that this person begins with."""
    return effect.with_chosen(session.preferences.kept_options.get(effect.id, {}))


def _soon_after(session: Session, sent: PictureSent) -> bool:
    """Whether the picture came so soon after the last that both are meant."""
    if sent.at is None or session.pictured_at is None or sent.is_result or not session.pictures:
        return False
    return sent.at - session.pictured_at <= TOGETHER_SECONDS
