"""The cards of the dialogue: which words and buttons each one has. Words are texts, translated when shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from impasto.bot.buttons import (
    AddPicture,
    Button,
    ChooseEffect,
    ChoosePainting,
    Download,
    Downloads,
    Go,
    KeepOptions,
    Menu,
    OpenOption,
    SetOption,
    SetRatio,
    ShowCard,
    ShowCategory,
    ShowChoices,
    ShowCrop,
    ShowPaintings,
    ShowSettings,
    Trim,
)
from impasto.bot.replies import Card, CropSheet, Label, PaintingSheet, SampleSheet
from impasto.bot.session import Session
from impasto.crop import Side
from impasto.effects import (
    Category,
    ChoiceOption,
    Effect,
    ImageSlot,
    Option,
    OptionValue,
    RangeOption,
    Text,
    Weights,
)
from impasto.gallery.paintings import Painting
from impasto.gallery.sheet import COLUMNS, PER_SHEET
from impasto.jobs.model import PictureRef
from impasto.slots import fill, fits, shown, takes_one
from impasto.text import ByteSize, plural, verbatim
from impasto.text import text as _

GONE = _("I no longer have this effect. Please choose another: /start")
STALE = _("This menu is out of date. Send a photo or /start for a new one.")
Rows = tuple[tuple[Label, ...], ...]

BACK = Label(_("‹ Back"), Menu())
_TO_OPTIONS = Label(_("‹ Back"), ShowCard())

_FEW = 8
"""More effects than these are shown by category."""

_CATEGORIES = {
    Category.PAINT: _("🎨 Paint"),
    Category.TRANSLATE: _("✨ Transform"),
    Category.ENLARGE: _("🔍 Enlarge"),
    Category.OTHER: _("🧩 More"),
}

_RATIOS = ((1, 1), (4, 3), (3, 4), (16, 9), (9, 16))

Thing = TypeVar("Thing")


def menu(effects: Sequence[Effect], pictures: int, *, anew: bool, downloads: bool = False) -> Card:
    """What can be done with so many pictures that are here already; with `downloads`, where to get more.

    Effects while there are few, otherwise and without a picture their categories.
    """
    few = len(effects) <= _FEW if pictures else False
    rows = effect_rows(effects) if few else category_rows(effects)
    rows = with_downloads(rows, downloads)
    return Card((_question(pictures),), rows, anew=anew, under_picture=not pictures)


def category(effects: Sequence[Effect], pictures: int, *, anew: bool) -> Card:
    """The effects of one category."""
    rows = (*effect_rows(effects), (BACK,))
    return Card((_question(pictures),), rows, anew=anew, under_picture=True)


def _question(pictures: int) -> Text:
    if pictures == 1:
        return _("What shall I do with this picture?")
    if pictures:
        return plural(
            "What shall I do with this {n} picture?", "What shall I do with these {n} pictures?", pictures
        )
    return _("What shall I do? Choose, then send a photo.")


def ask(
    effect: Effect,
    slot: ImageSlot,
    *,
    anew: bool,
    has_gallery: bool = False,
    another: bool = False,
    in_group: bool = False,
) -> Card:
    """Ask for the picture of a slot, or for one more; with `has_gallery`, a painting can be chosen."""
    rows = ((Label(_("🖼 Choose a famous painting"), ShowPaintings(0)),),) if has_gallery else ()
    back = _TO_OPTIONS if another else BACK
    paragraphs = (slot.prompt,) if another else (effect.description, slot.prompt)
    if in_group:  # where bots hear nothing else
        paragraphs = (*paragraphs, _("Send it as an answer to this message."))
    return Card(paragraphs, (*rows, (back,)), heading=heading(effect), anew=anew)


def options(
    effect: Effect,
    session: Session,
    *,
    anew: bool = False,
    paintings: Sequence[Painting] = (),
    keepable: bool = False,
) -> Card:
    """The options of the effect with what is chosen, `paintings` among it, and the button to begin.

    With `keepable`, they are not those that the person begins with, and can be made so.
    """
    count = len(session.pictures)
    rows = [
        _option_row(place, option, session)
        for place, option in enumerate(effect.options)
        if shown(effect, option, session.options, count)
    ]
    if session.keeping:
        rows += [(Label(_("📌 Keep"), KeepOptions()),), (Label(_("‹ Back"), ShowSettings()),)]
        about = _("I will begin with this for every photo that you send.")
        return Card((about,), tuple(rows), heading=heading(effect), anew=anew)
    more = []
    if can_be_cropped(effect, session):
        more.append(Label(_("✂️ Crop"), ShowCrop()))
    if keepable:
        more.append(Label(_("📌 Keep this choice"), KeepOptions()))
    if more:
        rows.append(tuple(more))
    if not takes_one(effect) and fits(effect, count + 1):
        another = _("➕ Another picture: {slot}")(slot=effect.slots[-1].title)
        rows.append((Label(another, AddPicture()),))
    if len(effect.slots) == 1 and count > 1:
        go = plural("▶️ Start {n} picture", "▶️ Start {n} pictures", count)
    else:
        go = _("▶️ Start")
    rows += [(Label(go, Go()),), (BACK,)]
    lines = (*_filled(effect, count), *(verbatim(f"🖼 {painting.label}") for painting in paintings))
    cropped = session.pictures[0].ref if session.pictures and session.pictures[0].ref.crop else None
    return Card(
        (effect.description,),
        tuple(rows),
        heading=heading(effect),
        anew=anew,
        lines=lines,
        sheet=CropSheet(cropped) if cropped is not None else None,
    )


def can_be_cropped(effect: Effect, session: Session) -> bool:
    """Whether it is clear which picture is meant, and what it looks like is known."""
    if not session.pictures or (takes_one(effect) and len(session.pictures) > 1):
        return False
    ref = session.pictures[0].ref
    return bool(ref.small)


def crop(effect: Effect, ref: PictureRef) -> Card:
    """Which part of the picture is taken, and buttons that change it."""
    shapes = [Label(verbatim(f"{across}:{down}"), SetRatio(across, down)) for across, down in _RATIOS]
    sides = {
        Side.LEFT: _("Trim left"),
        Side.RIGHT: _("Trim right"),
        Side.TOP: _("Trim top"),
        Side.BOTTOM: _("Trim bottom"),
    }
    trims = [Label(title, Trim(side)) for side, title in sides.items()]
    whole = (Label(_("Whole picture"), SetRatio(0, 0)),) if ref.crop is not None else ()
    done = Label(_("✓ Done"), ShowCard())
    words = _("Only the bright part is used. Choose a shape, or take a little off a side.")
    rows = (tuple(shapes), *in_rows(trims, 2), (*whole, done))
    return Card((words,), rows, heading=heading(effect), sheet=CropSheet(ref))


def _filled(effect: Effect, count: int) -> tuple[Text, ...]:
    """How many pictures each slot has, for an effect that takes several."""
    if takes_one(effect):
        return ()
    (filled,) = fill(effect, range(count))
    counts = [_("{slot}: {count}")(slot=slot.title, count=len(filled[slot.name])) for slot in effect.slots]
    whole = counts[0]
    for one in counts[1:]:
        whole = _("{first} · {second}")(first=whole, second=one)
    return (whole,)


def choices(effect: Effect, place: int, session: Session, page: int | None = None) -> Card:
    """The choices of one option: two in a row, or a page of pictures, at first that of what is chosen."""
    option = effect.options[place]
    if not isinstance(option, ChoiceOption):
        raise TypeError(f"option {option.key} has no choices")
    if option.samples:
        return _samples(effect, place, option, session, page)
    labels = [
        Label(
            _("✓ {choice}")(choice=choice.title)
            if choice.value == session.options[option.key]
            else choice.title,
            SetOption(place, number),
        )
        for number, choice in enumerate(option.choices)
    ]
    return Card((option.title,), (*in_rows(labels, 2), (_TO_OPTIONS,)), heading=heading(effect))


def _samples(effect: Effect, place: int, option: ChoiceOption, session: Session, page: int | None) -> Card:
    chosen = session.options[option.key]
    if page is None:
        values = [choice.value for choice in option.choices]
        page = values.index(str(chosen)) // PER_SHEET if chosen != option.default else 0
    here, pages, first = _page(option.choices, page)
    labels = [
        _numbered(number, SetOption(place, number - 1), ticked=choice.value == chosen)
        for number, choice in enumerate(here, start=first)
    ]
    turn = [ShowChoices(place, (page + step) % pages) for step in (-1, 1)]
    return Card(
        (),
        (*in_rows(labels, COLUMNS), _turning(turn, page, pages)),
        heading=_("{effect} · {option}")(effect=heading(effect), option=option.title),
        names=tuple(_line(number, choice.title) for number, choice in enumerate(here, start=first)),
        sheet=SampleSheet(effect, option, tuple(choice.value for choice in here), first),
    )


def paintings(effect: Effect, slot: ImageSlot, gallery: Sequence[Painting], page: int) -> Card:
    """A page of the gallery, for a slot of the effect."""
    here, pages, first = _page(gallery, page)
    labels = [
        _numbered(number, ChoosePainting(painting.key), ticked=False)
        for number, painting in enumerate(here, start=first)
    ]
    turn = [ShowPaintings((page + step) % pages) for step in (-1, 1)]
    return Card(
        (),
        (*in_rows(labels, COLUMNS), _turning(turn, page, pages)),
        heading=_("{effect} · {option}")(effect=heading(effect), option=slot.title),
        lines=tuple(
            _line(number, verbatim(painting.label)) for number, painting in enumerate(here, start=first)
        ),
        sheet=PaintingSheet(tuple(here), first),
    )


def downloads(effects: Sequence[tuple[Effect, int]]) -> Card:
    """For the owner: effects that can be had, each with the bytes of its download."""
    rows = tuple(
        (
            Label(
                _("{effect} · {size}")(effect=heading(effect), size=ByteSize(size)),
                ChooseEffect(effect.id),
            ),
        )
        for effect, size in effects
    )
    words = _("These effects need a download first. Once it is here, everybody can use them.")
    return Card((words,), (*rows, (BACK,)), heading=_("⬇️ More effects"))


def offer_download(effect: Effect, missing: Sequence[Weights]) -> Card:
    """For the owner: what the download of an effect is, and the button that begins it."""
    size = sum(weights.size for weights in missing)
    hosts = dict.fromkeys(urlsplit(weights.addresses[0]).hostname or "" for weights in missing)
    licences = dict.fromkeys(weights.licence for weights in missing)
    about = _("A download of {size} from {hosts}. Licence: {licences}.")(
        size=ByteSize(size), hosts=tuple(hosts), licences=tuple(licences)
    )
    rows = ((Label(_("⬇️ Download"), Download(effect.id)),), (Label(_("‹ Back"), Downloads()),))
    return Card((effect.description, about), rows, heading=heading(effect))


def heading(effect: Effect) -> Text:
    """The effect as its cards and buttons name it."""
    return _("{emoji} {title}")(emoji=effect.emoji, title=effect.title)


def with_downloads(rows: Rows, downloads: bool) -> Rows:
    """`rows`, and below them where the owner gets more effects."""
    return (*rows, (Label(_("⬇️ More effects"), Downloads()),)) if downloads else rows


def _page(things: Sequence[Thing], page: int) -> tuple[Sequence[Thing], int, int]:
    """What is on a page, how many pages there are, and the number of the first thing on this one."""
    pages = max(1, -(-len(things) // PER_SHEET))
    start = page % pages * PER_SHEET
    return things[start : start + PER_SHEET], pages, start + 1


def _numbered(number: int, button: Button, *, ticked: bool) -> Label:
    return Label(verbatim(f"✓ {number}" if ticked else str(number)), button)


def _line(number: int, name: Text) -> Text:
    return _("{number}.\N{NO-BREAK SPACE}{name}")(number=str(number), name=name)


def _turning(turn: Sequence[Button], page: int, pages: int) -> tuple[Label, ...]:
    """The row that turns pages, where there are several, and goes back."""
    if pages == 1:
        return (_TO_OPTIONS,)
    back, forth = turn
    return (
        Label(_("‹ Page {number}")(number=(page - 1) % pages + 1), back),
        _TO_OPTIONS,
        Label(_("Page {number} ›")(number=(page + 1) % pages + 1), forth),
    )


def in_rows(labels: Sequence[Label], columns: int) -> Rows:
    """Buttons in so many columns."""
    return tuple(tuple(labels[start : start + columns]) for start in range(0, len(labels), columns))


def effect_rows(effects: Iterable[Effect]) -> Rows:
    """A button for each effect."""
    return tuple((Label(heading(effect), ChooseEffect(effect.id)),) for effect in effects)


def category_rows(effects: Sequence[Effect]) -> Rows:
    """A button for each category that has an effect; the effects themselves where there is but one."""
    present = [category for category in Category if any(e.category is category for e in effects)]
    if len(present) < 2:
        return effect_rows(effects)
    return in_rows([Label(_CATEGORIES[category], ShowCategory(category)) for category in present], 2)


def _option_row(place: int, option: Option, session: Session) -> tuple[Label, ...]:
    value = session.options[option.key]
    label = Label(
        _("{option}: {value}")(option=option.title, value=_value_text(option, value)), OpenOption(place)
    )
    if isinstance(option, RangeOption):
        return Label(verbatim("−"), SetOption(place, 0)), label, Label(verbatim("+"), SetOption(place, 1))
    return (label,)


def _value_text(option: Option, value: OptionValue) -> Text | float:
    if isinstance(option, ChoiceOption):
        return next(choice.title for choice in option.choices if choice.value == value)
    if isinstance(option, RangeOption):
        return float(value)
    return _("yes") if value else _("no")
