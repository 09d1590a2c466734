"""What is wrong with a translation as far as a program can see: what lacks, breaks, or fits no phone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from gettext import c2py
from string import Formatter
from unicodedata import category, normalize

from babel.messages.catalog import Catalog, Message

from impasto.catalogues import forms, ids, translated

SHORT, SHORT_LIMIT = 100, 200
"""English of so many characters may be shown over the chat for a moment, where Telegram takes so many."""
LABEL, LABEL_LIMIT = 30, 40
"""English of fewer characters may stand on a button, where a phone shows so many."""

_MARKUP = re.compile(r"</?[a-z][^<>]*>|&\w+;", re.IGNORECASE)
_COMMAND = re.compile(r"(?<![\w/<])/[a-z][a-z0-9_]*")
_ENDS = {
    ".": "a full stop",
    "…": "an ellipsis",
    "?": "a question mark",
    "!": "an exclamation mark",
    ":": "a colon",
}
_ENDS_ELSEWHERE = {"。": ".", "؟": "?", "।": ".", "׃": ":"}
_MOST = 200


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to mend, or with `error` false to look at again."""

    text: str
    problem: str
    error: bool = True


def proofread(
    catalogue: Catalog, template: Catalog, longest: Mapping[str, int] | None = None
) -> Iterator[Finding]:
    """Everything about a catalogue that is wrong or strange.

    `longest` says of some English texts how many characters Telegram takes.
    """
    known = {forms(message.id): message for message in catalogue if message.id}
    wanted = ids(template)
    for text, *plural in wanted:
        if (text, *plural) not in known:
            yield Finding(text, "is not in the catalogue; run: impasto locale update")
    for (text, *plural), message in known.items():
        if (text, *plural) not in wanted:
            yield Finding(text, "is no text any more; run: impasto locale update")
        elif not translated(message):
            yield Finding(text, "is not translated")
        else:
            yield from _message(message, catalogue, (longest or {}).get(text))


def _message(message: Message, catalogue: Catalog, longest: int | None) -> Iterator[Finding]:
    text = forms(message.id)[0]
    if message.fuzzy:
        yield Finding(text, "is marked as fuzzy: look at it again, then take the mark away")
    for error in message.check(catalogue):
        yield Finding(text, str(error))
    for place, translation in enumerate(forms(message.string or "")):
        english = forms(message.id)[min(place, 1 if message.pluralizable else 0)]
        for problem in _errors(message, place, translation, catalogue, longest):
            yield Finding(text, f"{problem}: {translation!r}")
        for problem in (*_unnumbered(message, place, translation, catalogue), *_doubts(english, translation)):
            yield Finding(text, f"{problem}: {translation!r}", error=False)


def _errors(
    message: Message, place: int, translation: str, catalogue: Catalog, longest: int | None
) -> Iterator[str]:
    english = forms(message.id)
    wanted = set().union(*map(_placeholders, english))
    try:
        found = _placeholders(translation)
    except ValueError:
        yield "has a brace that is never closed or opened"
    else:
        if message.pluralizable and not _needs_number(message, place, catalogue):
            wanted.discard("{n}")
            found.discard("{n}")
        if missing := wanted - found:
            yield f"lacks {', '.join(sorted(missing))}"
        if strange := found - wanted:
            yield f"has {', '.join(sorted(strange))}, which the English does not have"
    if Counter(_MARKUP.findall(translation)) != Counter(_MARKUP.findall(english[0])):
        yield "has other markup than the English"
    if lost := set(_COMMAND.findall(english[0])) - set(_COMMAND.findall(translation)):
        yield f"lacks {', '.join(sorted(lost))}"
    if _edges(translation) != _edges(english[0]):
        yield "begins or ends with other spaces or lines than the English"
    most = longest or (SHORT_LIMIT if len(english[-1]) <= SHORT else None)
    if most is not None and len(translation) > most:
        yield f"has {len(translation)} characters, and Telegram takes {most}"


def _doubts(english: str, translation: str) -> Iterator[str]:
    end, english_end = _end(translation), _end(english)
    if len(english) < LABEL and len(translation) > LABEL_LIMIT and not english_end:
        yield f"has {len(translation)} characters, which is much on a button"
    if end != english_end:
        yield f"ends with {_ENDS.get(end, 'no mark')}, the English with {_ENDS.get(english_end, 'no mark')}"
    if translation.count("\n") != english.count("\n"):
        yield "has more or fewer lines than the English"
    if strange := set(_COMMAND.findall(translation)) - set(_COMMAND.findall(english)):
        yield f"has {', '.join(sorted(strange))}, which the English does not have"
    if lost := _symbols(english) - _symbols(translation):
        yield f"lost {' '.join(sorted(lost))}"


def _placeholders(text: str) -> set[str]:
    """The placeholders, whole: "{name!r}" and "{name.x}" are others than "{name}"."""
    return {
        f"{{{name}{'!' + conversion if conversion else ''}{':' + spec if spec else ''}}}"
        for _literal, name, spec, conversion in Formatter().parse(text)
        if name is not None
    }


def _needs_number(message: Message, place: int, catalogue: Catalog) -> bool:
    """Whether a plural form must say {n}: not if it stands for a single number, which can be in words.

    Nor where it stands for one and the English says "this picture": see `_unnumbered`.
    """
    numbers = _numbers(catalogue, place)
    return len(numbers) > 1 and not (1 in numbers and "{n}" not in forms(message.id)[0])


def _unnumbered(message: Message, place: int, translation: str, catalogue: Catalog) -> Iterator[str]:
    """In Russian, the form of "this picture" stands for 21 of them too."""
    if message.pluralizable and "{n}" not in forms(message.id)[0] + translation:
        others = [number for number in _numbers(catalogue, place) if number > 1]
        if len(others) > 1:
            yield f"says no number, but stands for {others[0]} too"


def _numbers(catalogue: Catalog, place: int) -> list[int]:
    """For which numbers a plural form stands, as far as they are tried."""
    choose = c2py(catalogue.plural_expr)
    return [number for number in range(_MOST) if choose(number) == place]


def _edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _end(text: str) -> str:
    """The mark that the text ends with, as English writes it; "" for none."""
    text = normalize("NFKC", text.rstrip())  # the wide marks of Chinese, and "…" as three dots
    if text.endswith("..."):
        return "…"
    last = _ENDS_ELSEWHERE.get(text[-1:], text[-1:])
    return last if last in _ENDS else ""


def _symbols(text: str) -> set[str]:
    return {character for character in text if category(character) == "So"}
