"""Finds the files of networks' weights: in installed packages and in the owner's folder. Imports no torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from impasto.effects import Weights


def locate(weights: Weights, folder: Path) -> Path | None:
    """The first of the sources of `weights` that is on this machine, or None.

    Files of packages are found without importing the package; `folder` is the owner's weights folder.
    """
    for source in weights.sources:
        scheme, _, name = source.partition(":")
        if scheme == "package":
            path = _in_package(name)
        elif scheme == "file":
            path = folder / name
        else:
            continue
        if path is not None and path.is_file():
            return path
    return None


def _in_package(name: str) -> Path | None:
    package, _, inside = name.partition("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / inside
