"""ProgramWatch: which of the owner's programs run, such as a game that wants the graphics card for itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

import psutil

log = logging.getLogger(__name__)

LOOKS_UNTIL_GONE = 2
"""At so many looks in a row it must be missing: launchers end, and start what they launch, within seconds."""


def executables() -> frozenset[str]:
    """The names of the executables of all processes, without case and ".exe". Takes milliseconds."""
    names = (process.info["name"] for process in psutil.process_iter(["name"]))
    return frozenset(plain(name) for name in names if name)


def plain(name: str) -> str:
    """The name of an executable, without case and ".exe"."""
    return name.casefold().removesuffix(".exe")


class ProgramWatch:
    """Looks for the programs of these names, in the order in which they are told."""

    def __init__(self, names: Iterable[str], executables: Callable[[], frozenset[str]] = executables) -> None:
        self._names, self._executables = tuple(names), executables
        self._missed: dict[str, int] = {}
        """Of those that run: the looks in a row at which they were missing."""

    async def look(self) -> None:
        """See what runs now."""
        if not self._names:
            return
        try:
            found = await asyncio.to_thread(self._executables)
        except (psutil.Error, OSError) as error:
            log.warning("which programs run can't be seen: %s", error)
            return
        for name in self._names:
            if plain(name) in found:
                if name not in self._missed:
                    log.info("%s runs", name)
                self._missed[name] = 0
            elif name in self._missed:
                self._missed[name] += 1
                if self._missed[name] >= LOOKS_UNTIL_GONE:
                    del self._missed[name]
                    log.info("%s has ended", name)

    def running(self) -> list[str]:
        """The programs that run, as they were at the last looks."""
        return [name for name in self._names if name in self._missed]
