"""Installs Impasto on Windows; install_service.ps1 finds a Python for it and starts it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parent))

from windows_layout import Layout
from windows_setup.hands import Hands, Refused
from windows_setup.installing import DONE, FAILED, Setup, Wishes, doctor
from windows_setup.keepers import Keeper, Service, Task, quoted
from windows_setup.program import unfit
from windows_setup.questions import Console


class _Options(argparse.ArgumentParser):
    """Names options as PowerShell does, and fails as the rest of the script does."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the options."""
        raise Refused(message)


def options() -> argparse.ArgumentParser:
    """The options of install_service.ps1 that it hands on."""
    parser = _Options(prog="install_service.ps1", allow_abbrev=False, add_help=False)
    parser.add_argument("-Fits", action="store_true")  # whether this Python will do; for the script alone
    for name in ("Upgrade", "Uninstall", "Purge", "KeepData", "Autostart", "Unattended", "DryRun"):
        parser.add_argument(f"-{name}", action="store_true")
    parser.add_argument("-TokenFile", type=Path)
    for name in ("Owner", "Weights", "TorchIndex"):
        parser.add_argument(f"-{name}")
    return parser


def main(arguments: list[str]) -> int:
    """Do what `arguments` say; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if (
            reconfigure is not None
        ):  # a path with letters that a redirected console does not know ends nothing
            reconfigure(errors="replace", line_buffering=True)
    try:
        return _obey(arguments)
    except Refused as refusal:
        fault = str(refusal)
    except KeyboardInterrupt:
        fault = "stopped by you"
    except OSError as error:
        hint = "; is this PowerShell an administrator's?" if isinstance(error, PermissionError) else ""
        fault = f"{error}{hint}"
    sys.stderr.write(f"install_service: {fault}\n")
    return FAILED


def _obey(arguments: list[str]) -> int:
    said = options().parse_args(arguments)
    fault = unfit(sys.base_prefix, for_all=not said.Autostart)
    if fault:
        raise Refused(f"{sys.executable} will not do: {fault}")
    if said.Fits:
        return DONE
    for option, needed in (("Purge", "Uninstall"), ("KeepData", "Uninstall")):
        if getattr(said, option) and not getattr(said, needed):
            raise Refused(f"-{option} goes with -{needed}")
    if said.Purge and said.KeepData:
        raise Refused("-Purge and -KeepData exclude each other")
    token_file = said.TokenFile.resolve() if said.TokenFile else None
    clone = Path(__file__).resolve().parents[1]
    os.chdir(Path(sys.executable).anchor)  # Windows removes no folder in which somebody stands

    hands = Hands(dry=said.DryRun)
    layout = Layout.of_user() if said.Autostart else Layout.of_service()
    keeper: Keeper = Task(hands, layout) if said.Autostart else Service(hands, layout)
    setup = Setup(layout, keeper, hands, Console.of_this_process(said.Unattended))
    if said.Uninstall:
        return setup.uninstall(purge=said.Purge, keep_data=said.KeepData or said.Unattended)
    wishes = Wishes(clone, token_file, said.Owner, said.Weights, said.TorchIndex)
    code = setup.install(wishes, upgrade=said.Upgrade)
    if not said.DryRun:
        hands.say(_farewell(setup, "-Autostart " if said.Autostart else "", answers=code == DONE))
    return code


def _farewell(setup: Setup, option: str, *, answers: bool) -> str:
    layout = setup.layout
    script = layout.source / "install_service.ps1"
    when = "you are logged on" if option else "this computer runs"
    first = f"Impasto answers, and will whenever {when}."
    if not answers:
        first = f"Once that is well, Impasto answers whenever {when}."
    return f"""
{first}
  logs:       Get-Content {quoted(layout.logs / "impasto.log")} -Tail 50 -Wait
  doctor:     {doctor(layout)}
  settings:   {layout.settings}, then: {setup.keeper.how_to_restart}
  update:     git pull, then run this script {option}again
  uninstall:  powershell -ExecutionPolicy Bypass -File "{script}" {option}-Uninstall"""


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
