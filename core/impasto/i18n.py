"""Language: one object per reader that turns texts, numbers, durations and lists into their language.

Catalogues are .po files, read as they are; English is the language of the message ids.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError, dates, lists, numbers, units
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from impasto.text import ByteSize, Text

log = logging.getLogger(__name__)

SOURCE_LANGUAGE = "en"
_ISOLATE, _POP = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


class Language:
    """How one reader reads: a babel `Locale` and the catalogues in that language."""

    def __init__(self, code: str, catalogues: Iterable[NullTranslations] = ()) -> None:
        self.code = code
        self.locale = Locale.parse(code)
        self._catalogues = tuple(catalogues)

    def __repr__(self) -> str:
        return f"Language({self.code!r})"

    @property
    def name(self) -> str:
        """What the language calls itself: "Русский"."""
        name = self.locale.get_display_name() or self.code
        return name[:1].upper() + name[1:]

    def __call__(self, text: Text) -> str:
        """`text` in this language, its placeholders filled; English where it is not translated."""
        if text.plural is None:
            template = self.gettext(text.msgid)
        else:
            template = self.ngettext(text.msgid, text.plural, text.n)
        if text.plural is None and not text.params:
            return template
        values = {name: self._show(value) for name, value in text.values().items()}
        values.setdefault("n", self.number(text.n))
        try:
            return template.format_map(values)
        except (KeyError, ValueError, IndexError):
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

    def byte_size(self, size: float) -> str:
        """A size in bytes: "2.5 MB"."""
        for unit in ("byte", "kilobyte", "megabyte", "gigabyte"):
            if size < 1000 or unit == "gigabyte":
                break
            size /= 1000
        return units.format_unit(round(size, 1), f"digital-{unit}", length="short", locale=self.locale)

    def listing(self, items: Iterable[str]) -> str:
        """Several things: "a, b and c"."""
        return lists.format_list(list(items), locale=self.locale)

    def _show(self, value: str | float | Text) -> str:
        if isinstance(value, Text):
            return self(value)
        if isinstance(value, str):
            right_to_left = self.locale.text_direction == "rtl"
            return f"{_ISOLATE}{value}{_POP}" if right_to_left else value
        return self.byte_size(value) if isinstance(value, ByteSize) else self.number(value)


class Languages:
    """The languages there are, from folders of catalogues LANGUAGE/LC_MESSAGES/*.po."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(folders)
        found = {path.parent.parent.name for f in self._folders for path in f.glob("*/LC_MESSAGES/*.po")}
        self.codes = (SOURCE_LANGUAGE, *sorted(found - {SOURCE_LANGUAGE}))
        self._get = lru_cache(maxsize=None)(self._read)

    def get(self, code: str | None) -> Language:
        """The language nearest to `code` ("ru", "pt-br", as a Telegram client says it); English otherwise."""
        try:
            negotiated = Locale.negotiate([code.replace("-", "_")] if code else [], self.codes)
        except (ValueError, UnknownLocaleError):
            negotiated = None
        return self._get(str(negotiated) if negotiated else SOURCE_LANGUAGE)

    def all(self) -> list[Language]:
        """Every language, English first."""
        return [self._get(code) for code in self.codes]

    def _read(self, code: str) -> Language:
        paths = [path for f in self._folders for path in sorted(f.glob(f"{code}/LC_MESSAGES/*.po"))]
        return Language(code, [_catalogue(path) for path in paths])


def _catalogue(path: Path) -> Translations:
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return Translations(compiled)


def shipped_locales(setting: Path | None = None) -> Path:
    """The folder of Impasto's own catalogues: the setting, the repository's, or the packaged copy."""
    package = Path(__file__).parent
    repository = package.parent.parent / "locales"
    return setting or (repository if (repository / "impasto.pot").is_file() else package / "locales")
