"""Faults: kept by the reference number that people were told, and counted by kind; /errors shows them."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from impasto.bot.replies import Card
from impasto.database import Database
from impasto.i18n import Language
from impasto.log_lines import redacted
from impasto.text import Text, verbatim
from impasto.text import text as _

KEPT = 200
SHOWN = 20

_LINE_CHARACTERS = 100
_MOST_CHARACTERS = 3800
"""Of a detail in a message, which has at most 4096."""

_PARTICULAR = re.compile(
    r"[\w.~]*[\\/][\w.\\/-]+"  # a path
    r"|\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{4,}\b"  # an id
    r"|\d+(\.\d+)?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that went wrong. `at` is in seconds since the epoch."""

    reference: str
    detail: str
    at: float


def kind_of(detail: str) -> str:
    """What faults have in common that differ only in numbers, ids and paths."""
    return _PARTICULAR.sub("#", first_line(detail))


def first_line(detail: str) -> str:
    """What is wrong; the lines that follow say where."""
    return detail.strip().partition("\n")[0]


class FaultBook:
    """The last faults, in `database`, without `secrets`; their kinds since the start."""

    def __init__(self, database: Database, secrets: tuple[str, ...] = ()) -> None:
        self._db, self._secrets = database, secrets
        self._kinds = Counter[str]()

    def record(self, reference: str, detail: str) -> int:
        """Keep a fault; how many of its kind there were since the start."""
        detail = redacted(detail, self._secrets)
        known = "DELETE FROM faults WHERE reference = ? AND detail = ?"  # a plugin fails at every start
        self._db.execute(known, (reference, detail))
        self._db.execute("INSERT INTO faults VALUES (?, ?, ?)", (reference, detail, time.time()))
        self._db.execute(
            "DELETE FROM faults WHERE rowid NOT IN (SELECT rowid FROM faults ORDER BY rowid DESC LIMIT ?)",
            (KEPT,),
        )
        kind = kind_of(detail)
        self._kinds[kind] += 1
        return self._kinds[kind]

    @property
    def seen(self) -> int:
        """How many there were since the start."""
        return self._kinds.total()

    def newest(self, count: int = SHOWN) -> list[Fault]:
        """The last faults, newest first."""
        rows = self._db.execute("SELECT * FROM faults ORDER BY rowid DESC LIMIT ?", (count,))
        return [Fault(row["reference"], row["detail"], row["at"]) for row in rows]

    def of(self, reference: str) -> list[Fault]:
        """The faults with that reference, newest first."""
        rows = self._db.execute("SELECT * FROM faults WHERE reference = ? ORDER BY rowid DESC", (reference,))
        return [Fault(row["reference"], row["detail"], row["at"]) for row in rows]


def list_card(faults: Sequence[Fault], language: Language) -> Card:
    """The answer to /errors."""
    if not faults:
        return Card((_("Nothing has gone wrong."),))
    lines = tuple(
        _("{time} · {reference}: {detail}")(
            time=language.when(_moment(fault)), reference=fault.reference, detail=_short(fault.detail)
        )
        for fault in faults
    )
    words = _("Newest first. /errors with one of these references shows all that is kept of it.")
    return Card((words,), heading=_("⚠️ What went wrong"), lines=lines)


def detail_html(faults: Sequence[Fault], language: Language) -> str:
    """The answer to /errors REFERENCE, as Telegram's HTML."""
    parts = [
        f"<b>{escape(language(_headed(fault, language)))}</b>\n<pre>{escape(fault.detail)}</pre>"
        for fault in faults
    ]
    return "\n\n".join(parts)


def detail_file(faults: Sequence[Fault]) -> bytes | None:
    """The same as a file in UTF-8, where it is too long for a message."""
    if sum(len(escape(fault.detail)) + 100 for fault in faults) <= _MOST_CHARACTERS:
        return None
    return "\n\n".join(f"{_moment(fault)} {fault.reference}\n{fault.detail}" for fault in faults).encode()


def _headed(fault: Fault, language: Language) -> Text:
    return verbatim(f"{fault.reference} · {language.when(_moment(fault))}")


def _short(detail: str) -> str:
    line = first_line(detail)
    return line if len(line) <= _LINE_CHARACTERS else f"{line[: _LINE_CHARACTERS - 1]}…"


def _moment(fault: Fault) -> datetime:
    return datetime.fromtimestamp(fault.at).astimezone()
