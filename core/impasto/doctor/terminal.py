"""The report for people: a line for each finding as soon as it is there, in colour where there is any."""

from __future__ import annotations

import textwrap
from collections.abc import AsyncIterator
from typing import TextIO

from rich.console import Console
from rich.text import Text

from impasto.doctor.finding import Finding, State

_NAME = 14
_INDENT = 2 + 2 + _NAME
_NARROWEST = 40

_MARKS = {
    State.OK: ("✓", "+", "green"),
    State.SKIPPED: ("·", "-", "dim"),
    State.WARNING: ("!", "!", "yellow"),
    State.ERROR: ("✗", "x", "red"),
}


class Page:
    """Where the report is written."""

    def __init__(self, file: TextIO) -> None:
        self._console = Console(file=file, highlight=False, soft_wrap=True)
        self._plain = not self._console.encoding.startswith("utf")

    async def fill(self, findings: AsyncIterator[Finding]) -> list[Finding]:
        """Show all `findings` as they come, and how many things there are to mend; returns them."""
        seen = []
        with self._console.status("Looking..." if self._plain else "Looking…"):
            async for finding in findings:
                self._show(finding)
                seen.append(finding)
        self._console.print()
        self._console.print(_summary(seen))
        return seen

    def _show(self, finding: Finding) -> None:
        mark, plain, colour = _MARKS[finding.state]
        line = Text("  ")
        line.append(plain if self._plain else mark, style=colour)
        lines = self._wrapped(finding.detail, "")
        if finding.advice:
            lines += self._wrapped(finding.advice, "-> " if self._plain else "→ ")
        line.append(f" {finding.check:<{_NAME}}", style="bold")
        line.append(("\n" + " " * _INDENT).join(lines))
        self._console.print(line)

    def _wrapped(self, words: str, begin: str) -> list[str]:
        if not self._console.is_terminal:
            return [begin + words]
        return textwrap.wrap(
            words,
            max(_NARROWEST, self._console.width - _INDENT - 1),
            initial_indent=begin,
            subsequent_indent=" " * len(begin),
            break_long_words=False,
            break_on_hyphens=False,
        )


def _summary(findings: list[Finding]) -> str:
    errors, warnings = (
        sum(finding.state is state for finding in findings) for state in (State.ERROR, State.WARNING)
    )
    if not errors and not warnings:
        return "Everything is well."
    to_mend = f"{errors} {'thing' if errors == 1 else 'things'} to mend" if errors else ""
    to_see = f"{warnings} to see to" if warnings else ""
    return f"{', '.join(filter(None, (to_mend, to_see)))}."
