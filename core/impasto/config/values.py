"""What settings are made of: how lists, sizes and people are written, and what is said of anything else."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    ByteSize,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

_BYTES = TypeAdapter(ByteSize)


def says(words: str) -> WrapValidator:
    """Tell whoever wrote anything else to write `words`."""

    def check(value: object, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise ValueError(f"write {words}, instead of {value!r}") from None

    return WrapValidator(check)


def listed(value: object) -> object:
    """A list as it is, or written in JSON or with commas; anything else is a list of one."""
    if not isinstance(value, str):
        return value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    if not value.lstrip().startswith("["):
        return value.split(",")
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"write a list with commas or in JSON, instead of {value!r}") from None


def _bytes(value: object) -> int:
    return int(_BYTES.validate_python(value))  # plain, since workers are sent it and know no pydantic


def from_json(value: object) -> object:
    """What is written in JSON; anything but words as it is."""
    return json.loads(value) if isinstance(value, str) else value


Bytes = Annotated[int, BeforeValidator(_bytes)]
Size = Annotated[Bytes, says("a size, as in 512 MiB or 4 GiB")]
Person = Annotated[int, says("a person's number in Telegram, which /id in their chat with the bot tells")]
