"""Check of whether Impasto is there whenever the computer is: as a service, or from when somebody logs in."""

from __future__ import annotations

import asyncio
import getpass
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, doubtful, good, wrong
from impasto.doctor.occupied import is_running_on
from impasto.doctor.services import NAME, Kind, Service
from impasto.doctor.waiting import in_thread
from impasto.health import ALL_IS_WELL
from impasto.lifecycle import EXIT_CONFIGURATION, MISCONFIGURED

_SECONDS = 5.0
_SYSTEMD = Path("/run/systemd/system")
_STARTING = {"activating, start", "starting"}
"""In the words of systemd and of Windows' supervisor."""


async def service(case: Case) -> list[Finding]:
    """How each service that is installed does, or how to install one."""
    services = case.patient.services
    if not services:
        return [await in_thread(_none)]
    found = await asyncio.gather(*(in_thread(partial(standing, each)) for each in services))
    return [*found, *filter(None, (_several(services), *map(_interrupted, services)))]


def _none() -> Finding:
    if sys.platform != "win32" and not _SYSTEMD.is_dir():
        return good("no systemd here; in a container, its engine starts Impasto")
    script = "install_service.ps1" if sys.platform == "win32" else "sudo ./install_service.sh"
    return good(f"none is installed; to have Impasto start with the computer: {script}")


def _several(services: Sequence[Service]) -> Finding | None:
    if len(services) < 2:
        return None
    kinds = ", ".join(each.kind for each in services)
    return doubtful(
        f"Impasto is installed in {len(services)} ways here: {kinds}. With the same token, each gets only a "
        "part of what people write.",
        "Keep that only if each has a bot of its own. Else uninstall all but one, in the folder of your "
        f"clone: {'; or: '.join(each.uninstall for each in services)}",
    )


def _interrupted(each: Service) -> Finding | None:
    if each.interrupted is None:
        return None
    return doubtful(
        f"An update is under way, or was cut off, by a power failure say: {each.interrupted} is still there.",
        "If nobody is updating Impasto now, run the installer again, which mends this, in the folder of your "
        f"clone: {each.installer()}",
    )


def standing(each: Service) -> Finding:
    """How a service does. Asks systemd about lingering."""
    if each.kind is Kind.LOGIN:
        return _standing_at_login(each)
    if not each.running:
        if each.exit_code == EXIT_CONFIGURATION:
            names = each.says.startswith(MISCONFIGURED)
            return wrong(
                f"The {each.kind} has stopped. {each.says if names else MISCONFIGURED}.",
                f"{'Mend that' if names else f'Its log names what: {each.log}'}; then start it: {each.start}",
            )
        state = f" ({each.state})" if each.state else ""
        if each.state in _STARTING:
            says = f" It says: {each.says}." if each.says else ""
            return doubtful(f"The {each.kind} is just starting.{says}", "Say this again in a minute.")
        return wrong(
            f"The {each.kind} does not run{state}.",
            f"Start it: {each.start}; if it does not stay, its log says why: {each.log}",
        )
    if not each.begins_by_itself:
        enable = "Set-Service Impasto -StartupType Automatic" if sys.platform == "win32" else ""
        return doubtful(
            f"The {each.kind} runs, but does not start with the computer.",
            enable or f"{each.control} enable {NAME}",
        )
    if each.kind is Kind.USER and not _lingers():
        return doubtful(
            "The user service runs, but ends when you log out, and waits for you to log in.",
            f"loginctl enable-linger {getpass.getuser()}",
        )
    since = f" since {each.since}" if each.since else ""
    times = "once" if each.restarts == 1 else f"{each.restarts} times"
    again = f", started again {times} after failures" if each.restarts else ""
    says = f"; it says: {each.says}" if each.says else ""
    if each.says and not each.says.endswith(ALL_IS_WELL):
        return doubtful(f"{each.kind}, runs{since}{again}{says}.", f"Its log says more: {each.log}")
    return good(f"{each.kind}, runs{since}{again}{says}")


def _standing_at_login(each: Service) -> Finding:
    if each.data is not None and is_running_on(each.data):
        return good("Impasto starts when you log in; it runs now")
    return wrong(
        "Impasto is to start when you log in, but it does not run now.",
        f"Log out and in; or: {each.start}. If it does not stay, its log says why: {each.log}",
    )


def _lingers() -> bool:
    """Whether the user's services outlast their being logged in."""
    if sys.platform == "win32":
        return True
    command = ["loginctl", "show-user", str(os.getuid()), "--property=Linger", "--value"]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return True  # it can't be asked, so nothing is said of it
    return shown.stdout.strip() != "no"
