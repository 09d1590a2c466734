"""What the files in the owner's folder of networks hold: found once, in a process of its own, and kept there.

Imports no torch, and never raises for what lies in the folder.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

log = logging.getLogger(__name__)

KEPT_IN = "descriptions.json"
_SUFFIXES = {".pth", ".safetensors"}
_PATIENCE = 300
"""Seconds that the look at all new files may take: large networks on a slow disk take ten each."""


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """A file in the folder; a changed one is another."""

    name: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Description:
    """A network that makes pictures `scale` times as wide and high, or the obstacle to using it."""

    scale: int
    obstacle: str | None


def usable_networks(folder: Path) -> dict[NetworkFile, Description]:
    """The networks in `folder` that can be used, by name; the log says why others can't."""
    try:
        files = tuple(sorted(_files(folder), key=lambda file: file.name))
    except OSError as error:
        log.warning("the folder of networks %s can't be read: %s", folder, error)
        return {}
    return _usable(folder, files) if files else {}


def _files(folder: Path) -> Iterator[NetworkFile]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.is_file():
            status = path.stat()
            yield NetworkFile(path.name, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4)  # the hooks ask twice, and a folder that can't be written to keeps nothing
def _usable(folder: Path, files: tuple[NetworkFile, ...]) -> dict[NetworkFile, Description]:
    known = _kept(folder)
    described = {file: known[file] for file in files if file in known}
    if len(described) < len(files):
        described |= _look_at(folder, [file for file in files if file not in known])
        _keep(folder, described)
    for file, description in described.items():
        if description.obstacle is not None:
            log.warning("the network %s is not offered: %s", folder / file.name, description.obstacle)
    return {file: described[file] for file in files if file in described and described[file].obstacle is None}


def _look_at(folder: Path, files: list[NetworkFile]) -> dict[NetworkFile, Description]:
    """Describe `files` in a process that may import torch. One that ends it is left out, the rest go on."""
    log.info("looking at %d new network files in %s", len(files), folder)
    described: dict[NetworkFile, Description] = {}
    waiting = list(files)
    while waiting:
        descriptions, reason = _run([folder / file.name for file in waiting])
        described |= dict(zip(waiting, descriptions, strict=False))
        waiting = waiting[len(descriptions) :]
        if waiting:
            log.warning("the network %s is not offered: %s", folder / waiting.pop(0).name, reason)
    return described


def _run(paths: list[Path]) -> tuple[list[Description], str]:
    """What the process said of the files, in their order, and why it is no more than that."""
    command = [sys.executable, "-P", "-m", "impasto_superres.describe", *map(str, paths)]
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    try:
        done = subprocess.run(command, capture_output=True, timeout=_PATIENCE, env=environment)
    except subprocess.TimeoutExpired as error:
        return list(_descriptions(error.stdout or b"")), f"looking at it took more than {_PATIENCE} s"
    except OSError as error:
        return [], f"no process could be started to look at it: {error}"
    said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
    return list(_descriptions(done.stdout)), f"the look at it ended with code {done.returncode}. {said}"


def _descriptions(lines: bytes) -> Iterator[Description]:
    for line in lines.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            return
        yield Description(**json.loads(line))


def _kept(folder: Path) -> dict[NetworkFile, Description]:
    """What was found by the same versions of the programs that look."""
    try:
        kept = json.loads((folder / KEPT_IN).read_bytes())
        if kept["found_by"] != _found_by():
            return {}
        return {NetworkFile(**item["file"]): Description(**item["description"]) for item in kept["networks"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _keep(folder: Path, described: dict[NetworkFile, Description]) -> None:
    networks = [
        {"file": asdict(file), "description": asdict(description)} for file, description in described.items()
    ]
    written = folder / f"{KEPT_IN}.{os.getpid()}"
    try:
        written.write_text(
            json.dumps({"found_by": _found_by(), "networks": networks}, indent=1), encoding="utf-8"
        )
        written.replace(folder / KEPT_IN)
    except OSError as error:
        log.info("what the networks are can't be kept in %s, so the next start is slower: %s", folder, error)


def _found_by() -> str:
    return f"impasto-superres {version('impasto-superres')}, spandrel {version('spandrel')}"
