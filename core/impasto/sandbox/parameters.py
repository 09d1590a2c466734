"""The parameter table: names and types of every method, read from python-telegram-bot's own signatures.

The library writes the Bot API's parameters as plain arguments and its own conveniences as keyword-only ones,
so its signatures are the documentation in a form that a machine can hold a request against.
"""

from __future__ import annotations

import functools
import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import telegram

from impasto.sandbox.errors import Refused, bad_request


class Kind(StrEnum):
    """What a parameter must be, in the Bot API's words."""

    INTEGER = "Integer"
    BOOLEAN = "Boolean"
    STRING = "String"
    CHAT = "Integer or String"
    ARRAY = "Array"
    OBJECT = "Object"
    FILE = "InputFile or String"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a method."""

    name: str
    kind: Kind
    required: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart request."""

    data: bytes
    name: str
    mime: str


_MISSING: Final = {
    "chat_id": "chat_id is empty",
    "text": "message text is empty",
    "message_id": "message identifier is not specified",
    "photo": "there is no photo in the request",
    "document": "there is no document in the request",
    "sticker": "there is no sticker in the request",
    "voice": "there is no voice in the request",
    "file_id": "file_id not specified",
    "action": "wrong parameter action in request",
}
# Parameters of worlds that the sandbox does not have: forums, business accounts, paid messages, effects.
NOT_OFFERED: Final = frozenset(
    {
        "business_connection_id",
        "message_thread_id",
        "direct_messages_topic_id",
        "suggested_post_parameters",
        "message_effect_id",
        "allow_paid_broadcast",
        "inline_message_id",
        "video_start_timestamp",
    }
)


def _snake(method: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", method).lower()


def _kind(annotation: str) -> Kind:
    words = set(re.findall(r"\w+", annotation))
    if "FileInput" in words:
        return Kind.FILE
    if words & {"Sequence", "list", "tuple"}:
        return Kind.ARRAY
    if {"int", "str"} <= words:
        return Kind.CHAT
    for kind, names in (
        (Kind.BOOLEAN, {"bool"}),
        (Kind.INTEGER, {"int", "timedelta", "datetime"}),
        (Kind.STRING, {"str"}),
    ):
        if words & names:
            return kind
    return Kind.OBJECT


@functools.cache
def parameters(method: str) -> Mapping[str, Parameter]:
    """The parameters of a Bot API method such as "sendMessage"."""
    signature = inspect.signature(getattr(telegram.Bot, _snake(method)))
    return {
        p.name: Parameter(
            p.name, _kind(inspect.formatannotation(p.annotation)), p.default is inspect.Parameter.empty
        )
        for p in signature.parameters.values()
        if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD and p.name != "self"
    }


@functools.cache
def _object_fields(name: str) -> frozenset[str]:
    signature = inspect.signature(getattr(telegram, name))
    return frozenset(
        p.name for p in signature.parameters.values() if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    )


def check_fields(value: Mapping[str, Any], name: str, *extra: str) -> None:
    """Refuse fields of a JSON object that the Bot API type `name` (and `extra`) does not have."""
    if unknown := set(value) - _object_fields(name) - set(extra):
        raise bad_request(f"unknown field {', '.join(sorted(unknown))} in {name}")


def checked(method: str, raw: Mapping[str, Any], uploads: Mapping[str, Upload]) -> dict[str, Any]:
    """The parameters of a request with their own types: int, bool, str, list, dict or `Upload`.

    Raises `Refused` where one is unknown, missing, of the wrong type, or not to be had in the sandbox, and
    where a file is uploaded that no parameter names.
    """
    known = parameters(method)
    attached = {name for value in raw.values() for name in _attachments(value)}
    files = {name for name, parameter in known.items() if parameter.kind is Kind.FILE}
    if unknown := (set(raw) - set(known)) | (set(uploads) - attached - files):
        raise bad_request(f"unknown parameter {', '.join(sorted(unknown))} in {method}")
    if unoffered := set(raw) & NOT_OFFERED:
        raise bad_request(f"the sandbox does not offer {', '.join(sorted(unoffered))}")
    for name, parameter in known.items():
        if parameter.required and name not in raw and name not in uploads:
            raise bad_request(_MISSING.get(name, f'parameter "{name}" is required'))
    values = {name: _typed(known[name], value) for name, value in raw.items()}
    return values | {name: upload for name, upload in uploads.items() if name in files}


def _attachments(value: Any) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value)
    return re.findall(r"attach://([\w-]+)", text)


def _typed(parameter: Parameter, value: Any) -> Any:
    """`value` with the parameter's own type; forms carry everything as text, JSON bodies only some."""
    match parameter.kind, value:
        case Kind.INTEGER, int() if not isinstance(value, bool):
            return value
        case Kind.INTEGER | Kind.CHAT, str() if re.fullmatch(r"-?\d{1,19}", value):
            return int(value)
        case Kind.CHAT, int() if not isinstance(value, bool):
            return value
        case Kind.CHAT | Kind.STRING | Kind.FILE, str():
            return value
        case Kind.BOOLEAN, bool():
            return value
        case Kind.BOOLEAN, str() if value.lower() in ("true", "false"):
            return value.lower() == "true"
        case Kind.ARRAY, list():
            return value
        case Kind.OBJECT, dict():
            return value
        case Kind.ARRAY | Kind.OBJECT, str():
            return _parsed(parameter, value)
    raise _wrong_type(parameter)


def _parsed(parameter: Parameter, value: str) -> Any:
    try:
        parsed = json.loads(value)
    except ValueError:
        raise bad_request(f"can't parse {parameter.name} JSON object") from None
    if not isinstance(parsed, list if parameter.kind is Kind.ARRAY else dict):
        raise _wrong_type(parameter)
    return parsed


def _wrong_type(parameter: Parameter) -> Refused:
    return bad_request(f'field "{parameter.name}" must be of type {parameter.kind}')
