"""Discretion: what went wrong with an update, told without what its people said and are called."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from typing import Any

from telegram import Update

_THEIRS = {"text", "caption", "first_name", "last_name", "username", "title", "file_name", "query", "bio"}
"""Under these names of the Bot API stand words of people."""

_WORD = re.compile(r"(?<!\\)\w+")  # of "\nall" in the repr of a text, "all"


def discreet(error: BaseException, update: object) -> tuple[str, str]:
    """What was raised while `update` was handled: in one line, and with its traceback.

    Words that somebody said or is called, and the numbers of people and chats, are left out of the messages
    of exceptions; nothing else in a traceback can hold them.
    """
    theirs = set(_words_of(update.to_dict())) if isinstance(update, Update) else set()
    trace = "".join(traceback.format_exception(error))
    for line in {line for message in _messages(error) for line in message.splitlines()}:
        trace = trace.replace(line, _without(line, theirs))
    return _without(f"{type(error).__name__}: {error}", theirs), trace


def _without(line: str, words: set[str]) -> str:
    return _WORD.sub(lambda found: "…" if found[0].lower() in words else found[0], line)


def _words_of(value: Any, name: str = "") -> Iterator[str]:
    match value:
        case dict():
            for key, inner in value.items():
                yield from _words_of(inner, key)
        case list() | tuple():
            for inner in value:
                yield from _words_of(inner, name)
        case int() if name == "id":
            yield str(abs(value))
        case str() if name in _THEIRS:
            yield from (word for word in _WORD.findall(value.lower()) if len(word) > 1)


def _messages(error: BaseException) -> Iterator[str]:
    """The messages of `error` and of what led to it."""
    found: list[BaseException] = [error]
    for known in found:  # which grows meanwhile
        yield str(known)
        inner = known.exceptions if isinstance(known, BaseExceptionGroup) else ()
        led_to_it = (known.__cause__, known.__context__, *inner)
        found += [other for other in led_to_it if other is not None and other not in found]
