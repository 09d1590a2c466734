"""The examination: every check, in the order in which an owner would mend things, all of them at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.doctor import devices, offers, presence, program, storage, telegram
from impasto.doctor.arrangements import arrangements
from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, good, skipped, wrong
from impasto.doctor.rights import account, how_to_open, is_open

MOST_SECONDS = 30.0
"""For all the checks together."""

_ANY_TOKEN = re.compile(r"\d{3,}(:|%3A)[A-Za-z0-9_-]{30,}")


@dataclass(frozen=True, slots=True)
class Check:
    """A check, and what to do where it comes to no end."""

    name: str
    look: Callable[[Case], Awaitable[Finding | Sequence[Finding]]]
    hangs: str
    by_itself: bool = False
    """It needs no settings."""


_NETWORK = "Is this computer online? Say it again in a minute."
_DISK = "A disk or a folder on the network does not answer: is it there, does it work?"
_SLOW = "The computer may be very busy, or torch is loaded for the first time: say it again in a minute."


async def _configuration(case: Case) -> Finding:
    patient = case.patient
    if patient.fault is not None:
        return patient.fault
    whose = f", of the {patient.service.kind}" if patient.service else ""
    if not patient.config.is_file():
        return good(f"the usual settings; your own would go into {patient.config}")
    return good(f"{patient.config}{whose}")


CHECKS = (
    Check("configuration", _configuration, _DISK, by_itself=True),
    Check("token", telegram.token, _NETWORK),
    Check("network", telegram.network, _NETWORK),
    Check("clock", telegram.clock, _NETWORK),
    Check("updates", telegram.updates, _NETWORK),
    Check("disk", storage.disk, _DISK),
    Check("folders", storage.folders, _DISK),
    Check("database", storage.database, _DISK),
    Check("arrangements", arrangements, _DISK),
    Check("python", program.python, _DISK, by_itself=True),
    Check("packages", program.packages, _DISK, by_itself=True),
    Check("driver", devices.driver, _SLOW, by_itself=True),
    Check("torch", devices.torch, _SLOW, by_itself=True),
    Check("devices", devices.devices, _SLOW, by_itself=True),
    Check(
        "plugins", offers.plugins, "A plugin does not come to an end while it is loaded: remove the newest."
    ),
    Check("weights", offers.weights, _DISK),
    Check("languages", offers.languages, _DISK),
    Check("service", presence.service, "systemd does not answer: restart the computer.", by_itself=True),
)


async def examine(case: Case) -> AsyncIterator[Finding]:
    """What every check finds, one after the other in their order, without the token."""
    checks = [check for check in CHECKS if check.by_itself or case.patient.settings is not None]
    looks = [asyncio.create_task(_found(check, case)) for check in checks]
    for look in looks:
        for finding in await look:
            yield _without_token(finding, case)


async def _found(check: Check, case: Case) -> list[Finding]:
    try:
        async with asyncio.timeout(MOST_SECONDS):
            found = await check.look(case)
    except TimeoutError:
        found = wrong(f"This could not be found out within {MOST_SECONDS:.0f} seconds.", check.hangs)
    except PermissionError as error:
        found = _closed(error, case)
    except Exception as error:  # whatever is broken may break a check; the others go on
        found = wrong(
            f"This could not be found out: {type(error).__name__}: {error}.",
            "If the lines above do not explain it, tell us this one.",
        )
    findings = [found] if isinstance(found, Finding) else found
    return [finding if finding.check else replace(finding, check=check.name) for finding in findings]


def _closed(error: PermissionError, case: Case) -> Finding:
    path, settings = Path(error.filename or ""), case.patient.settings
    data = settings.data_dir if settings else Path()
    if settings and path.is_relative_to(data) and not is_open(data):
        return skipped(f"This could not be found out, since {data} is closed to the account {account()}.")
    return wrong(f"{path} is closed to the account {account()}.", how_to_open(path, data))


def _without_token(finding: Finding, case: Case) -> Finding:
    token = case.patient.token
    secrets = () if isinstance(token, Finding) else (token.value, token.value.replace(":", "%3A"))

    def clean(words: str) -> str:
        for secret in secrets:
            words = words.replace(secret, "[token]")
        return _ANY_TOKEN.sub("[token]", words)

    return replace(finding, detail=clean(finding.detail), advice=clean(finding.advice))
