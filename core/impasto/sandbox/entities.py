"""Message entities: HTML as strictly as Telegram parses it, given lists, and what clients find by themselves.

Offsets and lengths are UTF-16 code units, as everywhere in the Bot API; the places named in parse errors are
bytes of UTF-8 (core.telegram.org/bots/api#formatting-options and the messages of the public server).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from impasto.sandbox.errors import Refused, bad_request

Entity = dict[str, Any]

_TAGS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
}
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE: Final = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]+));?")
_ATTRIBUTE: Final = re.compile(r"""\s+([a-zA-Z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+)))?""")
_NAME: Final = re.compile(r"[^\s>]*")
_LINK: Final = re.compile(r"(?:https?|tg|ton|mailto):\S+", re.IGNORECASE)
_FOUND: Final = re.compile(
    r"(?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?(?![\w/]))"
    r"|(?P<url>\bhttps?://[^\s<>\"]*[^\s<>\".,;:!?)\]'])"
    r"|(?P<mention>(?<![\w@])@[A-Za-z]\w{3,31}\b)"
)
_OPAQUE: Final = {"code", "pre", "text_link", "text_mention"}
# Telegram finds these by itself and passes over those that are given.
_FOUND_ALWAYS: Final = {"bot_command", "url", "mention", "email", "hashtag", "cashtag", "phone_number"}


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text and its entities."""

    text: str
    entities: list[Entity] = field(default_factory=list)

    def fields(self, text: str, entities: str) -> dict[str, Any]:
        """The fields of a message, under the names `text` and `entities`."""
        return {text: self.text} | ({entities: self.entities} if self.entities else {})


def utf16(text: str) -> int:
    """The length of `text` in UTF-16 code units."""
    return len(text) + sum(ord(character) > 0xFFFF for character in text)


def part(text: str, entity: Entity) -> str:
    """The words of `text` that the entity marks."""
    first, last = entity["offset"], entity["offset"] + entity["length"]
    return text.encode("utf-16-le")[2 * first : 2 * last].decode("utf-16-le", "replace")


def formatted(text: str, parse_mode: str | None, entities: list[Any] | None) -> Formatted:
    """What the server makes of a text, its parse mode or its list of entities; blank ends are cut off.

    Raises `Refused` with Telegram's words where the markup is wrong.
    """
    mode = (parse_mode or "").lower()
    if mode == "html":
        parsed = _Html(text).parse()
    elif mode:
        raise bad_request("unsupported parse_mode")
    else:
        parsed = Formatted(text, _given(text, entities or []))
    return _with_found(_trimmed(parsed))


def _given(text: str, entities: list[Any]) -> list[Entity]:
    end = utf16(text)
    for entity in entities:
        if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
            raise bad_request('can\'t parse MessageEntity: expected an Object with the field "type"')
        offset, length = entity.get("offset"), entity.get("length")
        if not isinstance(offset, int) or not isinstance(length, int):
            raise bad_request(
                'can\'t parse MessageEntity: fields "offset" and "length" must be of type Number'
            )
        if offset < 0 or offset >= end:
            raise bad_request(f"entity begins in a wrong place: UTF-16 offset {offset} of {end}")
        if offset + length > end:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text "
                f"at UTF-16 offset {end}"
            )
    return [dict(e) for e in entities if e["length"] > 0 and e["type"] not in _FOUND_ALWAYS]


def _trimmed(parsed: Formatted) -> Formatted:
    text = parsed.text.strip()
    cut = utf16(parsed.text[: len(parsed.text) - len(parsed.text.lstrip())])
    end = utf16(text)
    kept = []
    for entity in parsed.entities:
        first = max(entity["offset"] - cut, 0)
        last = min(entity["offset"] - cut + entity["length"], end)
        if last > first:
            kept.append(entity | {"offset": first, "length": last - first})
    return Formatted(text, sorted(kept, key=lambda entity: (entity["offset"], -entity["length"])))


def _with_found(parsed: Formatted) -> Formatted:
    """`parsed` with the commands, addresses and mentions that Telegram marks by itself."""
    opaque = [(e["offset"], e["offset"] + e["length"]) for e in parsed.entities if e["type"] in _OPAQUE]
    found = []
    for match in _FOUND.finditer(parsed.text):
        offset, length = utf16(parsed.text[: match.start()]), utf16(match.group())
        if not any(first < offset + length and offset < last for first, last in opaque):
            found.append({"type": match.lastgroup, "offset": offset, "length": length})
    entities = sorted([*parsed.entities, *found], key=lambda entity: (entity["offset"], -entity["length"]))
    return Formatted(parsed.text, entities)


@dataclass(slots=True)
class _Open:
    """A start tag whose end tag has not come yet."""

    name: str
    offset: int
    attributes: dict[str, str]


class _Html:
    """One pass over an HTML text."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._out: list[str] = []
        self._offset = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def parse(self) -> Formatted:
        """The text without markup, and its entities."""
        while self._at < len(self._source):
            match self._source[self._at]:
                case "&":
                    self._reference()
                case "<":
                    if self._source.startswith("</", self._at):
                        self._end_tag()
                    else:
                        self._start_tag()
                case character:
                    self._emit(character)
                    self._at += 1
        if self._open:
            raise _wrong(f'Can\'t find end tag corresponding to start tag "{self._open[-1].name}"')
        return Formatted("".join(self._out), self._entities)

    def _emit(self, text: str) -> None:
        self._out.append(text)
        self._offset += utf16(text)

    def _byte(self, at: int) -> int:
        return len(self._source[:at].encode())

    def _reference(self) -> None:
        match = _REFERENCE.match(self._source, self._at)
        text = _character(match) if match else None
        self._emit(text if text is not None else "&")
        self._at = match.end() if match and text is not None else self._at + 1

    def _start_tag(self) -> None:
        begin = self._at
        name_match = _NAME.match(self._source, begin + 1)
        assert name_match is not None  # the pattern matches the empty text too
        name = name_match.group().lower()
        at = name_match.end()
        if at >= len(self._source):
            raise _wrong(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if name not in _TAGS:
            raise _wrong(f'Unsupported start tag "{name}" at byte offset {self._byte(begin)}')
        attributes: dict[str, str] = {}
        while match := _ATTRIBUTE.match(self._source, at):
            value = next((group for group in match.groups()[1:] if group is not None), "")
            attributes[match[1].lower()] = _REFERENCE.sub(lambda m: _character(m) or m.group(), value)
            at = match.end()
        at += len(self._source[at:]) - len(self._source[at:].lstrip())
        if not self._source.startswith(">", at):
            raise _wrong(f'Unclosed start tag "{name}" at byte offset {self._byte(begin)}')
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise _wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self._open.append(_Open(name, self._offset, attributes))
        self._at = at + 1

    def _end_tag(self) -> None:
        begin = self._at
        place = f"at byte offset {self._byte(begin)}"
        end = self._source.find(">", begin)
        if end < 0:
            raise _wrong(f"Unclosed end tag {place}")
        name = self._source[begin + 2 : end].strip().lower()
        if not self._open:
            raise _wrong(f"Unexpected end tag {place}")
        opened = self._open.pop()
        if name and name != opened.name:
            raise _wrong(f'Unmatched end tag {place}, expected "</{opened.name}>", found "</{name}>"')
        self._close(opened)
        self._at = end + 1

    def _close(self, opened: _Open) -> None:
        length = self._offset - opened.offset
        if length == 0:
            return
        entity: Entity = {"type": _TAGS[opened.name], "offset": opened.offset, "length": length}
        if opened.name == "a":
            href = opened.attributes.get("href") or "".join(self._out)[-length:]
            if not _LINK.fullmatch(href):
                return
            entity["url"] = href
        elif opened.name == "code" and self._open and self._open[-1].name == "pre":
            language = opened.attributes.get("class", "").removeprefix("language-")
            self._open[-1].attributes["language"] = language
            return
        elif opened.name == "pre" and opened.attributes.get("language"):
            entity["language"] = opened.attributes["language"]
        elif opened.name == "blockquote" and "expandable" in opened.attributes:
            entity["type"] = "expandable_blockquote"
        self._entities.append(entity)


def _character(match: re.Match[str]) -> str | None:
    decimal, hexadecimal, name = match.groups()
    if name is not None:
        return _NAMED.get(name)
    code = int(decimal) if decimal is not None else int(hexadecimal, 16)
    return chr(code) if 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else None


def _wrong(reason: str) -> Refused:
    return bad_request(f"can't parse entities: {reason}")
