"""Language: one object per reader that turns texts, numbers, durations and lists into their language.

Catalogues are .po files, read as they are; English is the language of the message ids.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError, dates, lists, numbers, units
from babel.core import get_global, parse_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from impasto.direction import from_right_to_left, is_left_to_right, isolated
from impasto.text import ByteSize, Text, Value
from impasto.text import text as _

log = logging.getLogger(__name__)

SOURCE_LANGUAGE = "en"
OWN_CATALOGUE = "impasto.po"
"""What catalogues of Impasto's own texts are called, in whoever's folder; plugins name theirs otherwise."""


# NOTE: your language's name for itself, as in a list of languages: "Русский", "Português (Brasil)".
OWN_NAME = _("English")

_RIGHT_TO_LEFT = frozenset({"Adlm", "Arab", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa"})
"""The scripts in use that run from right to left, by ISO 15924. babel knows them too, but reads a megabyte
for each language to tell."""


class Language:
    """How one reader reads: a babel `Locale` and the catalogues in that language."""

    def __init__(self, code: str, catalogues: Iterable[NullTranslations] = ()) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self._right_to_left = _subtags(code)[1] in _RIGHT_TO_LEFT
        self._catalogues = tuple(catalogues)

    def __repr__(self) -> str:
        return f"Language({self.code!r})"

    @property
    def name(self) -> str:
        """What the language calls itself in a list: "Русский", "Português (Brasil)", "简体中文"."""
        if self.code == SOURCE_LANGUAGE or (own := self.gettext(OWN_NAME.msgid)) == OWN_NAME.msgid:
            return self._name_by_babel()
        return own

    def _name_by_babel(self) -> str:
        written = f"{self.locale.language}_{self.locale.script}"  # for Chinese, how it is written says which
        name = self.locale.languages.get(written) or self.locale.get_display_name() or self.code
        return name[:1].title() + name[1:]  # upper() gives Georgian capitals, with which no name begins

    def __call__(self, text: Text) -> str:
        """`text` in this language, its placeholders filled; English where it is not translated."""
        words = self._fill(text)
        return from_right_to_left(words) if self._right_to_left else words

    def _fill(self, text: Text) -> str:
        if text.plural is None:
            template = self.gettext(text.msgid)
        else:
            template = self.ngettext(text.msgid, text.plural, text.n)
        if text.plural is None and not text.params:
            return template
        right_to_left = self._right_to_left and not is_left_to_right(template)
        values = {name: self._show(value, right_to_left) for name, value in text.values().items()}
        if text.plural is not None:
            values.setdefault("n", self.number(text.n))
        try:
            return template.format_map(values)
        except (LookupError, ValueError, AttributeError, TypeError):  # "{nme}", "{", "{name.x}", "{name[x]}"
            log.error("catalogue %s: wrong placeholders in %r", self.code, template)
            return text.msgid.format_map(values)

    def gettext(self, message: str) -> str:
        """The translation of `message`, or `message`."""
        for catalogue in self._catalogues:
            if (translated := catalogue.gettext(message)) != message:
                return translated
        return message

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The form of the translation that goes with `n`."""
        source = singular if n == 1 else plural
        for catalogue in self._catalogues:
            if (translated := catalogue.ngettext(singular, plural, n)) != source:
                return translated
        return source

    def number(self, value: float) -> str:
        """A number: 1,234.5."""
        return numbers.format_decimal(value, locale=self.locale)

    def percent(self, fraction: float) -> str:
        """A fraction of one as a percentage."""
        return numbers.format_percent(fraction, locale=self.locale)

    def duration(self, seconds: float) -> str:
        """A duration in words, in its largest sensible unit: "3 minutes"."""
        return dates.format_timedelta(
            timedelta(seconds=max(1, round(seconds))), threshold=1.5, locale=self.locale
        )

    def when(self, moment: datetime) -> str:
        """A moment: the time of day if it is today, else date and time."""
        if moment.date() == datetime.now(moment.tzinfo).date():
            return self.clock(moment)
        return dates.format_datetime(moment, "short", locale=self.locale)

    def clock(self, moment: datetime) -> str:
        """The time of day: "7:00 AM"."""
        return dates.format_time(moment, "short", locale=self.locale)

    def day(self, day: date) -> str:
        """A day of this year, in numbers: "11/17"."""
        return dates.format_skeleton("Md", day, locale=self.locale)

    def byte_size(self, size: float) -> str:
        """A size in bytes: "2.5 MB"."""
        for unit in ("byte", "kilobyte", "megabyte", "gigabyte"):
            if size < 1000 or unit == "gigabyte":
                break
            size /= 1000
        return units.format_unit(round(size, 1), f"digital-{unit}", length="short", locale=self.locale)

    def listing(self, items: Iterable[Value]) -> str:
        """Several things: "a, b and c"."""
        return lists.format_list(
            [self._show(item, self._right_to_left) for item in items], locale=self.locale
        )

    def _show(self, value: Value | tuple[Value, ...], right_to_left: bool) -> str:
        """A value as it stands within words of that direction, which must not turn it round."""
        match value:
            case Text():
                words = self._fill(value)
            case str():
                words = value
            case tuple():
                return self.listing(value)
            case ByteSize():
                words = self.byte_size(value)
            case _:
                return self.number(value)
        return isolated(words, among_right_to_left=right_to_left)


class Languages:
    """The languages there are, from folders of catalogues LANGUAGE/LC_MESSAGES/*.po.

    A language is there if Impasto's own texts are translated into it; other catalogues, such as those of a
    plugin, join the nearest one.
    """

    def __init__(self, folders: Iterable[Path]) -> None:
        found = [_found(folder) for folder in folders]
        own = {code for catalogues in found for code, path in catalogues if path.name == OWN_CATALOGUE}
        self.codes = (SOURCE_LANGUAGE, *sorted(own - {SOURCE_LANGUAGE}))
        self._catalogues: dict[str, list[Path]] = {code: [] for code in self.codes}
        for catalogues in found:
            there = {code for code, _path in catalogues}
            for code in self.codes:
                near = nearest(code, there)
                self._catalogues[code] += [path for language, path in catalogues if language == near]
        self._get = lru_cache(maxsize=None)(self._read)

    def get(self, code: str | None) -> Language:
        """The language nearest to `code` ("ru", "pt-br", as a Telegram client says it); English otherwise."""
        return self._get(nearest(code or "", self.codes) or SOURCE_LANGUAGE)

    def all(self) -> list[Language]:
        """Every language, English first."""
        return [self._get(code) for code in self.codes]

    def _read(self, code: str) -> Language:
        return Language(code, [_catalogue(path) for path in self._catalogues[code]])


def nearest(code: str, codes: Iterable[str]) -> str | None:
    """Of `codes`, the one of the same language that is most like `code` in script, then in territory.

    None where the language is not among them. "pt" is most like "pt_BR", "zh-hk" like "zh_TW".
    """
    wanted = _subtags(code)
    same = [known for known in sorted(codes) if wanted[0] and _subtags(known)[0] == wanted[0]]

    def likeness(known: str) -> tuple[bool, ...]:
        return tuple(one == other for one, other in zip(_subtags(known), wanted, strict=True))

    return max(same, key=likeness, default=None)


def _subtags(code: str) -> tuple[str, str | None, str | None]:
    """Language, script and territory, the likeliest where `code` does not say; "" for what is no code."""
    language, territory, script = "", None, None
    while code and not language:
        try:
            language, territory, script = parse_locale(code.replace("-", "_"))[:3]
        except ValueError:  # "fa-raw": subtags of Telegram's own
            code = code.replace("-", "_").rpartition("_")[0]
    known: Mapping[str, str] = get_global("likely_subtags")
    likely = known.get(f"{language}_{territory}") or known.get(f"{language}_{script}") or known.get(language)
    if likely:
        _language, likely_territory, likely_script = parse_locale(likely)[:3]
        script, territory = script or likely_script, territory or likely_territory
    return language, script, territory


def _found(folder: Path) -> list[tuple[str, Path]]:
    """The catalogues of a folder with their languages."""
    found = []
    for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        code = path.parent.parent.name
        try:
            Locale.parse(code)
        except (ValueError, UnknownLocaleError):
            log.warning("no language is called %s: %s is left out", code, path)
        else:
            found.append((code, path))
    return found


def _catalogue(path: Path) -> NullTranslations:
    compiled = BytesIO()
    try:
        with path.open("rb") as file:
            write_mo(compiled, read_po(file))
        compiled.seek(0)
        return Translations(compiled)
    except (OSError, ValueError) as error:  # a stranger's file: its texts stay English
        log.error("the catalogue %s cannot be read: %s", path, error)
        return NullTranslations()


def shipped_locales(setting: Path | None = None) -> Path:
    """The folder of Impasto's own catalogues: the setting, the repository's, or the packaged copy."""
    package = Path(__file__).parent
    repository = package.parent.parent / "locales"
    return setting or (repository if (repository / "impasto.pot").is_file() else package / "locales")
