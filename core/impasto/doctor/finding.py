"""What a check found: a fact where all is well, or what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is with what was checked; rising."""

    OK = "ok"
    SKIPPED = "skipped"
    """It could not be looked at, for a reason that another finding names."""
    WARNING = "warning"
    """Impasto works, but not as it could, or not for long."""
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `detail` and `advice` are whole sentences or bare facts, in plain English."""

    state: State
    detail: str
    advice: str = ""
    check: str = ""
    """What was checked, in a word or two; empty for the name of the check that found it."""


def good(detail: str, advice: str = "") -> Finding:
    """All is well; `advice` is something that the owner may do."""
    return Finding(State.OK, detail, advice)


def skipped(detail: str) -> Finding:
    """It could not be looked at."""
    return Finding(State.SKIPPED, detail)


def doubtful(detail: str, advice: str) -> Finding:
    """Impasto works, but this should be seen to."""
    return Finding(State.WARNING, detail, advice)


def wrong(detail: str, advice: str) -> Finding:
    """This must be mended."""
    return Finding(State.ERROR, detail, advice)


def together(findings: Iterable[Finding], fact: str) -> Finding:
    """One finding that says all that is amiss in `findings`, or `fact` where nothing is."""
    amiss = [finding for finding in findings if finding.state is not State.OK]
    if not amiss:
        return good(fact)
    worst = max(amiss, key=lambda finding: list(State).index(finding.state)).state
    advice = dict.fromkeys(finding.advice for finding in amiss if finding.advice)
    return Finding(worst, " ".join(finding.detail for finding in amiss), " ".join(advice))
