"""The cards of the dialogue: which words and buttons each one has. Words are texts, translated when shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from impasto.bot.buttons import (
    ChooseEffect,
    ChooseLanguage,
    Go,
    Menu,
    OpenOption,
    SetOption,
    ShowCard,
)
from impasto.bot.replies import Card, Label
from impasto.bot.session import Session
from impasto.effects import ChoiceOption, Effect, ImageSlot, Option, OptionValue, RangeOption, Text
from impasto.i18n import Language
from impasto.text import plural, verbatim
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


def welcome(first_name: str, effects: Collection[Effect]) -> Card:
    """The answer to /start."""
    greeting = _("Hello, {name}!")(name=first_name) if first_name else _("Hello!")
    invitation = _("Send me a photo, or choose first what I shall do with it.")
    return Card((invitation,), _effect_rows(effects), heading=greeting, anew=True)


def menu(effects: Collection[Effect], pictures: int, *, anew: bool) -> Card:
    """The effects, for so many pictures that are here already."""
    if pictures:
        question = plural(
            "What shall I do with this picture?", "What shall I do with these {n} pictures?", pictures
        )
    else:
        question = _("What shall I do? Choose, then send a photo.")
    return Card((question,), _effect_rows(effects), anew=anew)


def ask(effect: Effect, slot: ImageSlot, *, anew: bool) -> Card:
    """Ask for the picture of a slot."""
    return Card((effect.description, slot.prompt), ((_BACK,),), heading=_heading(effect), anew=anew)


def options(effect: Effect, session: Session, *, anew: bool = False) -> Card:
    """The options of the effect with what is chosen, and the button to begin."""
    rows = [_option_row(place, option, session) for place, option in enumerate(effect.options)]
    count = len(session.pictures)
    if len(effect.slots) == 1 and count > 1:
        go = plural("▶️ Start {n} picture", "▶️ Start {n} pictures", count)
    else:
        go = _("▶️ Start")
    rows += [(Label(go, Go()),), (_BACK,)]
    return Card((effect.description,), tuple(rows), heading=_heading(effect), anew=anew)


def choices(effect: Effect, place: int, session: Session) -> Card:
    """The choices of one option, two in a row."""
    option = effect.options[place]
    if not isinstance(option, ChoiceOption):
        raise TypeError(f"option {option.key} has no choices")
    labels = [
        Label(
            _("✓ {choice}")(choice=choice.title)
            if choice.value == session.options[option.key]
            else choice.title,
            SetOption(place, number),
        )
        for number, choice in enumerate(option.choices)
    ]
    rows = [tuple(labels[start : start + 2]) for start in range(0, len(labels), 2)]
    back = Label(_("‹ Back"), ShowCard())
    return Card((option.title,), (*rows, (back,)), heading=_heading(effect))


def languages(known: Sequence[Language]) -> Card:
    """The languages, each by its own name."""
    rows = tuple((Label(verbatim(language.name), ChooseLanguage(language.code)),) for language in known)
    return Card((_("Which language shall I speak?"),), rows, anew=True)


def _heading(effect: Effect) -> Text:
    return _("{emoji} {title}")(emoji=effect.emoji, title=effect.title)


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
