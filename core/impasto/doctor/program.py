"""Checks of the program itself: Python, and the packages that Impasto and its plugins ask for."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, doubtful, good, wrong
from impasto.doctor.waiting import in_thread

_TRIED = SpecifierSet("<3.14")
"""The versions of Python that Impasto was tried with; older ones it refuses."""
_SHOWN = 5


async def python(_case: Case) -> Finding:
    """Whether this Python is one that Impasto was tried with."""
    version = platform.python_version()
    if not _TRIED.contains(version, prereleases=True):
        return doubtful(
            f"Impasto was not tried with Python {version}.",
            "If something fails: install Impasto with Python 3.11, 3.12 or 3.13.",
        )
    return good(f"{version}, {sys.executable}")


async def packages(_case: Case) -> Finding:
    """Whether every package that is asked for is there, in a version that was asked for."""
    return await in_thread(_packages)


def _packages() -> Finding:
    asked = {"impasto", *(entry.dist.name for entry in entry_points(group="impasto") if entry.dist)}
    amiss: dict[str, None] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [(str(canonicalize_name(name)), frozenset[str]()) for name in sorted(asked)]
    while waiting:
        asking = waiting.pop()
        if asking in seen:
            continue
        seen.add(asking)
        found = distribution(asking[0])
        for requirement in _requirements(found, asking[1]):
            if fault := _fault(requirement):
                amiss[f"{fault}, which {found.name} needs"] = None
            else:
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    if not amiss:
        return good(f"{len({name for name, _extras in seen})} packages are there, in versions that fit")
    more = f"; and {len(amiss) - _SHOWN} more" if len(amiss) > _SHOWN else ""
    return wrong(
        f"{'; '.join(list(amiss)[:_SHOWN])}{more}.",
        "Install Impasto again: pip install -r requirements.txt in its folder, or the installation script.",
    )


def _fault(requirement: Requirement) -> str | None:
    """What lacks, where the requirement is not met."""
    try:
        version = distribution(requirement.name).version
    except PackageNotFoundError:
        return f"{requirement.name} is not installed"
    if requirement.specifier.contains(version, prereleases=True):
        return None
    return f"{requirement.name} is there as {version}, not {requirement.specifier}"


def _requirements(found: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    """What a package asks for on this computer."""
    for written in found.requires or ():
        requirement = Requirement(written)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in (*extras, "")):
            yield requirement
