"""What is told of a wrong configuration: which setting, where it was written, and what to write."""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

ENVIRONMENT = "IMPASTO_"
BETWEEN = "__"

_WRITE = {
    "int": "write a whole number",
    "float": "write a number",
    "bool": "write true or false",
    "string": "write it in quotation marks",
    "path": "write a path in quotation marks",
    "model": "write the settings of this table one by one",
    "greater_than": "write a number above {gt:g}",
    "greater_than_equal": "write {ge:g} or more",
    "less_than_equal": "write {le:g} or less",
}
"""By pydantic's name of a mistake, or how that name begins."""


def explained(mistake: ErrorDetails, model: type[BaseModel], file: Path | None) -> str:
    """Which setting of `model` is wrong, in the environment or else in `file`, and what to write."""
    keys = [part for part in mistake["loc"] if isinstance(part, str)]
    set_here = {name.upper() for name in os.environ}
    spelt = next(
        (name for n in range(len(keys), 0, -1) if (name := _variable(keys[:n])) in set_here),
        None,
    )
    if spelt is not None:
        place = f"{spelt} in the environment"
    else:
        place = ".".join(keys) + (f" in {file}" if file else "")
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind == "extra_forbidden":
        sentence = "there is no such setting"
        if meant := _meant(keys[-1], model):
            sentence += f", did you mean {_variable(meant) if spelt else '.'.join(meant)}?"
    elif kind == "missing":
        sentence = f"write {_field(keys, model).description}"
    elif kind == "value_error":
        sentence = str(context["error"])
    else:
        known = _WRITE.get(kind) or _WRITE.get(kind.partition("_")[0])
        sentence = known.format(**context) if known else mistake["msg"]
    return f"{place}: {sentence}"


def _variable(keys: list[str]) -> str:
    return ENVIRONMENT + BETWEEN.join(keys).upper()


def _field(keys: list[str], model: type[BaseModel]) -> FieldInfo:
    table = _tables(model)[keys[0]] if len(keys) > 1 else model
    return table.model_fields[keys[-1]]


def _tables(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The tables among the fields of `model`, needed or not."""
    return {
        name: kind
        for name, field in model.model_fields.items()
        for kind in (field.annotation, *get_args(field.annotation))
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def _meant(name: str, model: type[BaseModel]) -> list[str] | None:
    """The setting, of whichever table, that is spelt much like `name`."""
    known = {key: [key] for key in model.model_fields}
    for key, table in _tables(model).items():
        known |= {inner: [key, inner] for inner in table.model_fields if inner not in known}
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    return known[close[0]] if close else None
