"""Right to left and left to right in one line: what is foreign to a sentence keeps an order of its own.

Telegram has no markup for direction, and clients find that of a line by its first letters, so it is said by
Unicode's own invisible characters (unicode.org/reports/tr9).
"""

from __future__ import annotations

import re
from unicodedata import bidirectional

_ISOLATE, _POP = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_MARK = "\N{RIGHT-TO-LEFT MARK}"
_COMMAND = re.compile(r"(?<![\w/<])/[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{\w*\}")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_DIGITS = frozenset({"EN", "AN"})


def isolated(words: str, *, among_right_to_left: bool) -> str:
    """`words`, each line as a unit that keeps its order among words of a language of that direction.

    As they are where they need none: of the same direction, or symbols alone, such as a bar or an emoji.
    """
    return "\n".join(_apart(line, among_right_to_left) for line in words.split("\n"))


def _apart(line: str, among_right_to_left: bool) -> str:
    kinds = _kinds(_outside(line))
    if among_right_to_left:
        foreign = "L" in kinds or bool(kinds & _DIGITS and not kinds & _RIGHT_TO_LEFT)
    else:
        foreign = bool(kinds & _RIGHT_TO_LEFT)
    return f"{_ISOLATE}{line}{_POP}" if foreign else line


def is_left_to_right(words: str) -> bool:
    """Whether all letters of `words` are, placeholders aside: nobody has translated them."""
    kinds = _kinds(_outside(_PLACEHOLDER.sub("", words)))
    return "L" in kinds and not kinds & _RIGHT_TO_LEFT


def from_right_to_left(words: str) -> str:
    """`words` of a right-to-left language so that every client shows them in that direction, line by line.

    Commands stay whole, and a line that begins with something foreign is marked. A line that has foreign
    letters and none of the language is one that nobody translated: it stays as it is.
    """
    return "\n".join(_line(line) for line in words.split("\n"))


def _line(line: str) -> str:
    if is_left_to_right(line):
        return line
    line = _COMMAND.sub(lambda command: f"{_ISOLATE}{command[0]}{_POP}", line)
    first = next(
        (kind for kind in map(bidirectional, line) if kind in {"L", *_DIGITS, *_RIGHT_TO_LEFT}), None
    )
    return line if first is None or first in _RIGHT_TO_LEFT else _MARK + line


def _outside(line: str) -> str:
    """What of `line` is in no isolate."""
    depth, kept = 0, []
    for character in line:
        if character == _ISOLATE:
            depth += 1
        elif character == _POP:
            depth -= 1
        elif depth == 0:
            kept.append(character)
    return "".join(kept)


def _kinds(words: str) -> frozenset[str]:
    return frozenset(map(bidirectional, words))
