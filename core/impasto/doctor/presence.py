"""Check of whether Impasto is there whenever the computer is: as a service, or from when somebody logs in."""

from __future__ import annotations

import asyncio
import getpass
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, doubtful, good, wrong
from impasto.doctor.occupied import is_running_on
from impasto.doctor.services import NAME, Kind, Service
from impasto.doctor.waiting import in_thread
from impasto.lifecycle import EXIT_CONFIGURATION

_SECONDS = 5.0
_SYSTEMD = Path("/run/systemd/system")
_STARTING = {"activating, start", "starting"}
"""In the words of systemd and of Windows' supervisor."""


async def service(case: Case) -> list[Finding]:
    """How each service that is installed does, or how to install one."""
    services = case.patient.services
    if not services:
        return [await in_thread(_none)]
    return await asyncio.gather(*(in_thread(partial(standing, each)) for each in services))


def _none() -> Finding:
    if sys.platform != "win32" and not _SYSTEMD.is_dir():
        return good("no systemd here; in a container, its engine starts Impasto")
    script = "install_service.ps1" if sys.platform == "win32" else "sudo ./install_service.sh"
    return good(f"none is installed; to have Impasto start with the computer: {script}")


def standing(each: Service) -> Finding:
    """How a service does. Asks systemd about lingering."""
    if each.kind is Kind.LOGIN:
        runs = each.data is not None and is_running_on(each.data)
        return good(f"Impasto starts when you log in; it {'runs' if runs else 'does not run'} now")
    if not each.running:
        if each.exit_code == EXIT_CONFIGURATION:
            return wrong(
                f"The {each.kind} has stopped, since its configuration is wrong.",
                f"Its log names what: {each.log}; then start it: {each.start}",
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
    return good(f"{each.kind}, runs{since}{again}{says}")


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
