"""Texts that are translated later, in the reader's language. Pure data: they cross process boundaries."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class ByteSize(int):
    """A number of bytes, which a text shows as the reader writes it: "2.5 MB"."""


@dataclass(frozen=True, slots=True)
class Text:
    """A translatable sentence and what fills its `{placeholders}`.

    `msgid` is the English text and the key in the catalogues. With `plural` set, `n` chooses the form and
    fills the placeholder `{n}`. Values of `params` may be texts themselves, or several
    things, which are listed.
    """

    msgid: str
    plural: str | None = None
    n: int = 0
    params: tuple[tuple[str, Value | tuple[Value, ...]], ...] = ()

    def __call__(self, **params: Value | tuple[Value, ...]) -> Text:
        """The same text with these placeholders filled."""
        return replace(self, params=(*self.params, *params.items()))

    def __str__(self) -> str:
        """The English text, for logs and the command line without a language."""
        chosen = self.plural if self.plural is not None and self.n != 1 else self.msgid
        if not self.params and not self.plural:
            return chosen
        values = {
            name: ", ".join(map(str, value)) if isinstance(value, tuple) else value
            for name, value in self.values().items()
        }
        return chosen.format(**values, n=self.n)

    def values(self) -> Mapping[str, Value | tuple[Value, ...]]:
        """The placeholders as a mapping."""
        return dict(self.params)


Value = str | int | float | Text


def text(msgid: str) -> Text:
    """Mark `msgid` for translation. Import it as `_`, so that extraction finds it: `_("Send a photo")`."""
    return Text(msgid)


def plural(singular: str, plural: str, n: int) -> Text:
    """A text whose form follows the number `n`; both forms may use `{n}`. Import it as `ngettext`."""
    return Text(singular, plural=plural, n=n)


def as_text(words: Text | str) -> Text:
    """A text as it is, a plain string as one that has no translation."""
    return verbatim(words) if isinstance(words, str) else words


def verbatim(words: str) -> Text:
    """Words that are the same in every language: a proper name, a number, a plugin author's own title."""
    return Text("{words}", params=(("words", words),))
