"""Health: whether this instance does its work, and whether a restart would mend what does not go well."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

ALL_IS_WELL = "all is well"
"""What a service manager is told last where nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `trouble` is a short sentence without names of people; None where all is well."""

    name: str
    trouble: str | None
    vital: bool
    """Whether a restart would mend it."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the instance does at one moment."""

    ready: bool
    """Telegram has answered and is listened to; stays true when it is lost again."""
    findings: tuple[Finding, ...]

    @property
    def alive(self) -> bool:
        """Whether nothing is wrong that a restart would mend."""
        return not any(finding.vital and finding.trouble for finding in self.findings)

    @property
    def troubles(self) -> list[str]:
        """What is wrong, what is vital first."""
        wrong = sorted(self.findings, key=lambda finding: not finding.vital)
        return [finding.trouble for finding in wrong if finding.trouble]


class Health:
    """The checks of this instance. For the event loop's thread alone.

    That the loop itself runs is no check: whoever gets an answer knows it.
    """

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        """Set when Telegram has answered for the first time and is listened to."""
        self.activity: Callable[[], str] = lambda: "starting"
        """What it is at, in a few words."""
        self._checks: dict[str, tuple[Callable[[], str | None], bool]] = {}

    def check(self, name: str, look: Callable[[], str | None], *, vital: bool = False) -> None:
        """Have `look`, which is quick, asked for trouble; `vital` says that a restart would mend it."""
        self._checks[name] = look, vital

    def look(self) -> Report:
        """Ask all checks; one that fails finds trouble."""
        findings = (Finding(name, _asked(look), vital) for name, (look, vital) in self._checks.items())
        return Report(self.ready.is_set(), tuple(findings))


def _asked(look: Callable[[], str | None]) -> str | None:
    try:
        return look()
    except Exception as error:
        return f"this can't be seen: {error}"
