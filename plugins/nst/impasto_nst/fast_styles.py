"""The networks in the owner's folder fast-style, one file for each style. Imports no torch."""

from __future__ import annotations

import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from impasto.effects import Choice, Weights, verbatim
from impasto.effects import text as _

log = logging.getLogger(__name__)

FOLDER = "fast-style"
PREFIX = "fast-style-"
"""Of the names of weights; the value of the choice follows."""

_SUFFIXES = {".pth", ".model", ".safetensors"}
_VALUE = re.compile(r"[a-z0-9]+([-._][a-z0-9]+)*")
_MOST = 32
"""Letters of a value: it has to fit into a button's data."""

_FIRST_PARAMETER = b"conv1.conv2d.weight"
_HEAD_BYTES = 2**20
"""Names stand before the numbers."""

_TRAINING = re.compile(r"( nc\d+)+$")
"""What file names say of a network's width."""


def found(weights_folder: Path) -> list[Path]:
    """The files, by name."""
    folder = weights_folder / FOLDER
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
    return [path for path in files if _names_a_network(path, path.stat().st_mtime_ns)]


@lru_cache(maxsize=1000)
def _names_a_network(path: Path, _changed: int) -> bool:
    """Whether the file names the first parameter of a fast style network, as every format of them does.

    A changed file is looked at anew; the log tells once of one that does not.
    """
    with path.open("rb") as file:
        if _FIRST_PARAMETER in file.read(_HEAD_BYTES):
            return True
    log.warning("%s is left out: it holds no network of a fast style, or is damaged", path)
    return False


def choices(files: Iterable[Path]) -> tuple[Choice, ...]:
    """A choice for each file, in the order of titles; no two have one title or one value."""
    named = [Choice(value(path), verbatim(title)) for path, title in titles(files).items()]
    return tuple(sorted(named, key=lambda choice: str(choice.title).casefold()))


def weights(files: Iterable[Path]) -> list[Weights]:
    """Weights for each file."""
    return [
        Weights(
            PREFIX + value(path),
            _("A fast style of your own"),
            (f"file:{FOLDER}/{path.name}",),
            path.stat().st_size,
            "unknown",
        )
        for path in files
    ]


def value(path: Path) -> str:
    """The value of a file's choice: its name, made of lower-case letters and digits where it is not."""
    name = path.name
    if _VALUE.fullmatch(name) and len(name) <= _MOST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    words = re.findall(r"[a-z0-9]+", path.stem.lower())
    return "-".join(["-".join(words)[: _MOST - 9].strip("-"), digest]).strip("-")


def titles(files: Iterable[Path]) -> dict[Path, str]:
    """A readable title for each file, with more of its name where two would be alike."""
    files = list(files)
    full = {path: _readable(path.stem) for path in files}
    short = {path: _TRAINING.sub("", title) for path, title in full.items()}
    made: dict[Path, str] = {}
    for path in files:
        for candidates in (short, full):
            if Counter(candidates.values())[candidates[path]] == 1:
                made[path] = candidates[path]
                break
        else:
            made[path] = path.name
    return made


def _readable(stem: str) -> str:
    words = re.sub(r"[\W_]+", " ", stem).strip() or stem
    return words[0].upper() + words[1:]
