"""`impasto doctor`: one look that tells the owner what is wrong, and what to do."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impasto.commands.reading import config_option
from impasto.lifecycle import EXIT_CONFIGURATION

if TYPE_CHECKING:
    from impasto.doctor.finding import Finding


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@config_option
def doctor(config: Path | None, as_json: bool) -> None:
    """Look whether everything works, and say what to do where it does not. Changes nothing.

    Ends with 0 where nothing is wrong, 78 where the configuration is, 1 where anything else is.
    """
    from impasto.doctor.case import Case
    from impasto.doctor.examination import examine
    from impasto.doctor.finding import State
    from impasto.doctor.patient import admit
    from impasto.doctor.terminal import Page

    logging.disable(logging.CRITICAL)  # what libraries say may hold the token, and the checks say it better
    shown = sys.stdout
    patient = admit(config)
    if isinstance(shown, io.TextIOWrapper):
        shown.reconfigure(errors="replace")  # file names may have letters that an old terminal has not
    if as_json:
        findings = asyncio.run(_all(examine(Case(patient))))
        click.echo(json.dumps([_described(finding) for finding in findings], indent=2), file=shown)
    else:
        findings = asyncio.run(Page(shown).fill(examine(Case(patient))))
    if patient.misconfigured:
        sys.exit(EXIT_CONFIGURATION)
    sys.exit(any(finding.state is State.ERROR for finding in findings))


async def _all(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


def _described(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.check,
        "ok": finding.state != "error",
        "state": finding.state.value,
        "detail": finding.detail,
        "advice": finding.advice,
    }
