"""The cards and texts that do not depend on a picture: welcome, help, examples, about, privacy, report."""

from __future__ import annotations

from collections.abc import Sequence

from impasto import __version__
from impasto.bot.buttons import ChooseEffect, ChooseLanguage, Close, ForgetMe, ShowExample, ShowSettings
from impasto.bot.cards import BACK, category_rows, heading, in_rows, with_downloads
from impasto.bot.offer import Offer
from impasto.bot.replies import Card, ExampleSheet, Label, Link, Say, SizeSheet, WelcomeSheet
from impasto.effects import ChoiceOption, Effect, Text
from impasto.i18n import Language
from impasto.text import text as _
from impasto.text import verbatim
from impasto.users import Preferences

LANGUAGE_CHOSEN = _("I speak English now.")

_HELP = _(
    "I repaint, transform and enlarge photos on my owner's own computer.\n\n"
    "Send me a photo, then choose what to do with it; or choose first, with /effects. Several photos at once "
    "are fine. Send a photo as a file to keep its full size.\n\n"
    "If you know what you want, write it under the photo: {commands}. In a group, answer a picture "
    "with it.\n\n"
    "/effects – what I can do\n"
    "/examples – what it looks like\n"
    "/settings – photo or file, what I offer first, language\n"
    "/status – how far your pictures are\n"
    "/cancel – stop what is running\n"
    "/reset – forget everything here and start afresh\n"
    "/report – tell the owner something, without your name\n"
    "/privacy – what I keep and what I don't"
)

_GROUP = _(
    "I repaint, transform and enlarge photos. Answer a picture here with one of these: {commands}; or "
    "mention me in an answer to it, and choose."
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
    "examples": _("What it looks like"),
    "settings": _("Photo or file, first choice, language"),
    "status": _("How far your pictures are"),
    "help": _("How this works"),
    "language": _("Choose the language"),
    "cancel": _("Stop what is running"),
    "reset": _("Forget everything here and start afresh"),
    "report": _("Write to the owner without your name"),
    "about": _("What I am made of"),
    "privacy": _("What I keep and what I don't"),
    "forgetme": _("Delete everything about you"),
}

GROUP_COMMANDS = ("effects", "examples", "status", "help", "cancel")
"""Those that make sense where others read along, besides the effects' own."""

REPORT = Card(
    (
        _(
            "Send one message now: words, photos, a sticker or a voice message. The owner gets a copy of "
            "just that, without your name or anything else about you, so nobody can answer you."
        ),
    ),
    ((BACK,),),
    heading=_("✉️ To the owner"),
    anew=True,
)

_PICTURES_KEPT = _(
    "Your pictures are in the memory of my owner's computer only while I work on them, and the "
    "last results for a while in case you want them as a file. They are never saved to disk, and "
    "nobody looks at them."
)
_OWN_SERVER = _(
    "With one exception: my owner has a server of their own between Telegram and me, and it keeps what you "
    "send on its disk until it is deleted there."
)
_SETTINGS_KEPT = _(
    "I keep your settings, and for 30 days what you last chose here and a list of jobs: which "
    "effect, when, and by which numbers Telegram finds your chat and your pictures again. The owner "
    "sees how much is made, not by whom."
)
_REPORTS_KEPT = _(
    "What you send with /report carries nothing about you. The chat itself is kept by Telegram, as "
    "every chat is."
)


def privacy(*, own_server: bool) -> Card:
    """What is kept; `own_server` says that a Bot API server of the owner's keeps files."""
    exception = (_OWN_SERVER,) if own_server else ()
    return Card(
        (_PICTURES_KEPT, *exception, _SETTINGS_KEPT, _REPORTS_KEPT),
        ((Label(_("🗑 Delete everything about me"), ForgetMe()),), (Label(_("✓ Done"), Close()),)),
        heading=_("🔒 Privacy"),
        anew=True,
    )


FORGET_ME = Card(
    (
        _(
            "This stops what is running and deletes your settings and the list of your pictures. The "
            "messages in this chat stay; you can delete them in Telegram."
        ),
    ),
    ((Label(_("🗑 Delete everything about me"), ForgetMe()),), (Label(_("‹ Back"), Close()),)),
    anew=True,
)


def help_text(effects: Sequence[Effect]) -> Text:
    """The answer to /help."""
    return _HELP(commands=_commands(effects))


def group_text(effects: Sequence[Effect]) -> Text:
    """How the bot works where many people talk."""
    return _GROUP(commands=_commands(effects))


def _commands(effects: Sequence[Effect]) -> tuple[str, ...]:
    return tuple(f"/{effect.command}" for effect in effects if effect.command)


def welcome(first_name: str, effects: Sequence[Effect], downloads: bool, *, pictured: bool) -> Card:
    """The answer to /start, with a picture of what the effects do if `pictured`."""
    greeting = _("Hello, {name}!")(name=first_name) if first_name else _("Hello!")
    invitation = _("Send me a photo, or choose first what I shall do with it.")
    rows = with_downloads(category_rows(effects), downloads)
    sheet = WelcomeSheet(tuple(effects)) if pictured else None
    return Card((invitation,), rows, heading=greeting, anew=True, sheet=sheet)


def examples(effects: Sequence[Effect], page: int, *, anew: bool) -> Card:
    """A page of the examples: what each effect does to a picture, and at last what size does."""
    sheets: list[ExampleSheet | SizeSheet] = [ExampleSheet(effect) for effect in effects]
    sized = next((effect for effect in effects if _has_sizes(effect)), None)
    if sized is not None:
        sheets.append(SizeSheet(sized, "size"))
    if not sheets:
        return Card((_("There is nothing to show yet."),), anew=anew)
    page %= len(sheets)
    sheet = sheets[page]
    if isinstance(sheet, SizeSheet):
        words = _(
            "The same picture at several sizes: the larger it is painted, the finer the strokes, and the "
            "longer it takes."
        )
    else:
        words = sheet.effect.description
    turn = [
        Label(verbatim("‹"), ShowExample((page - 1) % len(sheets))),
        Label(_("{page} of {pages}")(page=page + 1, pages=len(sheets)), ShowExample(page)),
        Label(verbatim("›"), ShowExample((page + 1) % len(sheets))),
    ]
    rows = (
        (Label(_("▶️ Try it"), ChooseEffect(sheet.effect.id)),),
        tuple(turn),
        (Label(_("✓ Done"), Close()),),
    )
    return Card((words,), rows, heading=heading(sheet.effect), anew=anew, sheet=sheet)


def _has_sizes(effect: Effect) -> bool:
    return len(effect.slots) == 1 and any(
        option.key == "size" and isinstance(option, ChoiceOption) for option in effect.options
    )


def about(offer: Offer, source_url: str | None) -> Say:
    """The answer to /about."""
    licences = {
        name: offer.weights[name].licence
        for effect in offer.offered()
        for name in (*effect.weights, *effect.optional_weights)
    }
    networks = "\n".join(f"• {name}: {licence}" for name, licence in sorted(licences.items()))
    words = _(
        "I am Impasto {version}, a free and open-source image studio that people run on their own computers. "
        "My program is under the MIT licence. My networks and their licences:\n{networks}"
    )(version=__version__, networks=networks)
    return Say(words, Link(_("Source code"), source_url) if source_url else None)


def languages(known: Sequence[Language], preferences: Preferences, *, anew: bool) -> Card:
    """The languages, each by its own name."""
    labels = [
        Label(
            verbatim(f"✓ {language.name}" if language.code == preferences.language else language.name),
            ChooseLanguage(language.code),
        )
        for language in known
    ]
    rows = (*in_rows(labels, 2), (Label(_("‹ Back"), ShowSettings()),))
    return Card((_("Which language shall I speak?"),), rows, anew=anew)
