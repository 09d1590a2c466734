"""The cards of the dialogue: which words and buttons each one has. Words are texts, translated when shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

from impasto.bot.buttons import (
    AddPicture,
    Button,
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
)
from impasto.bot.replies import Card, Label, PaintingSheet, SampleSheet
from impasto.bot.session import Session
from impasto.effects import (
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
from impasto.i18n import Language
from impasto.slots import fill, fits, shown, takes_one
from impasto.text import ByteSize, plural, verbatim
from impasto.text import text as _

GONE = _("I no longer have this effect. Please choose another: /start")
STALE = _("This menu is out of date. Send a photo or /start for a new one.")
LANGUAGE_CHOSEN = _("I speak English now.")

HELP = _(
    "I repaint, transform and enlarge photos on my owner's computer.\n\n"
    "Send me a photo, then choose what to do with it; or choose first, with /effects. Several photos at once "
    "are fine. Send a photo as a file to keep its full size.\n\n"
    "/effects – what I can do\n"
    "/language – speak another language\n"
    "/cancel – stop what is running\n"
    "/reset – forget everything and start afresh\n"
    "/report – tell the owner something, without your name\n\n"
    "Your pictures are kept in memory only while I work on them; nothing is saved to disk."
)

DESCRIPTION = _(
    "I repaint, transform and enlarge your photos on my owner's own computer.\n\n"
    "Send me one and choose what to do."
)
"""What Telegram shows in an empty chat; at most 512 characters."""

SHORT_DESCRIPTION = _("I repaint, transform and enlarge your photos.")
"""What Telegram shows on the bot's page and in links; at most 120 characters."""

COMMANDS = {
    "start": _("Begin"),
    "effects": _("What I can do with a picture"),
    "help": _("How this works"),
    "language": _("Choose the language"),
    "cancel": _("Stop what is running"),
    "reset": _("Forget everything and start afresh"),
    "report": _("Write to the owner without your name"),
}

_BACK = Label(_("‹ Back"), Menu())
_TO_OPTIONS = Label(_("‹ Back"), ShowCard())

Thing = TypeVar("Thing")

REPORT = Card(
    (
        _(
            "Send one message now: words, a photo, a sticker or a voice message. The owner gets a copy of "
            "just that, without your name or anything else about you, so nobody can answer you."
        ),
    ),
    ((_BACK,),),
    heading=_("✉️ To the owner"),
    anew=True,
)


def welcome(first_name: str, effects: Collection[Effect], downloads: bool) -> Card:
    """The answer to /start."""
    greeting = _("Hello, {name}!")(name=first_name) if first_name else _("Hello!")
    invitation = _("Send me a photo, or choose first what I shall do with it.")
    rows = _with_downloads(_effect_rows(effects), downloads)
    return Card((invitation,), rows, heading=greeting, anew=True)


def menu(effects: Collection[Effect], pictures: int, *, anew: bool, downloads: bool = False) -> Card:
    """The effects, for so many pictures that are here already; with `downloads`, where to get more."""
    if pictures:
        question = plural(
            "What shall I do with this picture?", "What shall I do with these {n} pictures?", pictures
        )
    else:
        question = _("What shall I do? Choose, then send a photo.")
    return Card((question,), _with_downloads(_effect_rows(effects), downloads), anew=anew)


def ask(
    effect: Effect, slot: ImageSlot, *, anew: bool, has_gallery: bool = False, another: bool = False
) -> Card:
    """Ask for the picture of a slot, or for one more; with `has_gallery`, a painting can be chosen."""
    rows = ((Label(_("🖼 Choose a famous painting"), ShowPaintings(0)),),) if has_gallery else ()
    back = _TO_OPTIONS if another else _BACK
    paragraphs = (slot.prompt,) if another else (effect.description, slot.prompt)
    return Card(paragraphs, (*rows, (back,)), heading=_heading(effect), anew=anew)


def options(
    effect: Effect, session: Session, *, anew: bool = False, paintings: Sequence[Painting] = ()
) -> Card:
    """The options of the effect with what is chosen, `paintings` among it, and the button to begin."""
    count = len(session.pictures)
    rows = [
        _option_row(place, option, session)
        for place, option in enumerate(effect.options)
        if shown(effect, option, session.options, count)
    ]
    if not takes_one(effect) and fits(effect, count + 1):
        another = _("➕ Another picture: {slot}")(slot=effect.slots[-1].title)
        rows.append((Label(another, AddPicture()),))
    if len(effect.slots) == 1 and count > 1:
        go = plural("▶️ Start {n} picture", "▶️ Start {n} pictures", count)
    else:
        go = _("▶️ Start")
    rows += [(Label(go, Go()),), (_BACK,)]
    lines = (*_filled(effect, count), *(verbatim(f"🖼 {painting.label}") for painting in paintings))
    return Card((effect.description,), tuple(rows), heading=_heading(effect), anew=anew, lines=lines)


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
    return Card((option.title,), (*_in_rows(labels, 2), (_TO_OPTIONS,)), heading=_heading(effect))


def _samples(effect: Effect, place: int, option: ChoiceOption, session: Session, page: int | None) -> Card:
    chosen = session.options[option.key]
    if page is None:
        page = [choice.value for choice in option.choices].index(str(chosen)) // PER_SHEET
    here, pages, first = _page(option.choices, page)
    labels = [
        _numbered(number, SetOption(place, number - 1), ticked=choice.value == chosen)
        for number, choice in enumerate(here, start=first)
    ]
    turn = [ShowChoices(place, (page + step) % pages) for step in (-1, 1)]
    return Card(
        (),
        (*_in_rows(labels, COLUMNS), _turning(turn, page, pages)),
        heading=_("{effect} · {option}")(effect=_heading(effect), option=option.title),
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
        (*_in_rows(labels, COLUMNS), _turning(turn, page, pages)),
        heading=_("{effect} · {option}")(effect=_heading(effect), option=slot.title),
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
                _("{effect} · {size}")(effect=_heading(effect), size=ByteSize(size)),
                ChooseEffect(effect.id),
            ),
        )
        for effect, size in effects
    )
    words = _("These effects need a download first. Once it is here, everybody can use them.")
    return Card((words,), (*rows, (_BACK,)), heading=_("⬇️ More effects"))


def offer_download(effect: Effect, missing: Sequence[Weights]) -> Card:
    """For the owner: what the download of an effect is, and the button that begins it."""
    size = sum(weights.size for weights in missing)
    hosts = dict.fromkeys(urlsplit(weights.addresses[0]).hostname or "" for weights in missing)
    licences = dict.fromkeys(weights.licence for weights in missing)
    about = _("A download of {size} from {hosts}. Licence: {licences}.")(
        size=ByteSize(size), hosts=", ".join(hosts), licences=", ".join(licences)
    )
    rows = ((Label(_("⬇️ Download"), Download(effect.id)),), (Label(_("‹ Back"), Downloads()),))
    return Card((effect.description, about), rows, heading=_heading(effect))


def languages(known: Sequence[Language]) -> Card:
    """The languages, each by its own name."""
    rows = tuple((Label(verbatim(language.name), ChooseLanguage(language.code)),) for language in known)
    return Card((_("Which language shall I speak?"),), rows, anew=True)


def _heading(effect: Effect) -> Text:
    return _("{emoji} {title}")(emoji=effect.emoji, title=effect.title)


def _with_downloads(rows: tuple[tuple[Label, ...], ...], downloads: bool) -> tuple[tuple[Label, ...], ...]:
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


def _in_rows(labels: Sequence[Label], columns: int) -> tuple[tuple[Label, ...], ...]:
    return tuple(tuple(labels[start : start + columns]) for start in range(0, len(labels), columns))


def _effect_rows(effects: Iterable[Effect]) -> tuple[tuple[Label, ...], ...]:
    return tuple((Label(_heading(effect), ChooseEffect(effect.id)),) for effect in effects)


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
