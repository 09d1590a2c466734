"""The settings card: what it shows, and what its buttons change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from impasto.bot.buttons import (
    Close,
    DropKeptOptions,
    SetDefaultEffect,
    ShowDefaultEffects,
    ShowLanguages,
    ShowSettings,
    ToggleSetting,
)
from impasto.bot.cards import heading
from impasto.bot.replies import Card, Label
from impasto.effects import Effect
from impasto.i18n import Language
from impasto.text import plural, verbatim
from impasto.text import text as _
from impasto.users import Preferences

_HEADING = _("⚙️ Settings")
_ASK = _("ask me")


def toggled(known: Preferences, name: str) -> Preferences | None:
    """`known` with the other value of a setting that has two; None for one that there is not."""
    match name:
        case "as_file":
            return replace(known, as_file=not known.as_file)
        case "file_format":
            return replace(known, file_format="JPEG" if known.file_format == "PNG" else "PNG")
        case "announcements":
            return replace(known, announcements=not known.announcements)
        case _:
            return None


def card(
    known: Preferences,
    effects: Mapping[str, Effect],
    language: Language | None,
    *,
    announcements: bool,
    anew: bool,
) -> Card:
    """The settings as they stand; `language` is that which was chosen, if one was."""
    default = effects.get(known.default_effect or "")
    form = _("files in full size") if known.as_file else _("photos")
    files = _("JPEG (small)") if known.file_format == "JPEG" else _("PNG (best quality)")
    spoken = verbatim(language.name) if language is not None else _("as in Telegram")
    rows = [
        Label(_("Results: {value}")(value=form), ToggleSetting("as_file")),
        Label(_("Files: {value}")(value=files), ToggleSetting("file_format")),
        Label(
            _("For every photo: {value}")(value=heading(default) if default else _ASK), ShowDefaultEffects()
        ),
        Label(_("Language: {value}")(value=spoken), ShowLanguages()),
    ]
    if announcements:
        wanted = _("yes") if known.announcements else _("no")
        rows.append(Label(_("News from the owner: {value}")(value=wanted), ToggleSetting("announcements")))
    if known.kept_options:
        kept = plural(
            "Forget my choices for {n} effect", "Forget my choices for {n} effects", len(known.kept_options)
        )
        rows.append(Label(kept, DropKeptOptions()))
    rows.append(Label(_("✓ Done"), Close()))
    words = _(
        "A photo is quick to look at; a file keeps the full size. Enlarged pictures always come as files."
    )
    return Card((words,), tuple((label,) for label in rows), heading=_HEADING, anew=anew)


def default_effects(effects: Sequence[Effect], known: Preferences) -> Card:
    """What may be offered at once for every photo, the present one ticked."""
    choices = [("", _ASK), *((effect.id, heading(effect)) for effect in effects)]
    rows = tuple(
        (
            Label(
                _("✓ {choice}")(choice=title) if effect_id == (known.default_effect or "") else title,
                SetDefaultEffect(effect_id),
            ),
        )
        for effect_id, title in choices
    )
    words = _("What shall I offer at once when you send a photo?")
    return Card((words,), (*rows, (Label(_("‹ Back"), ShowSettings()),)), heading=_HEADING)
