"""How Impasto may be installed to start by itself: a service of systemd or Windows, or when one logs in."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as NoIniFile
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import psutil

NAME = "impasto"

_SECONDS = 5.0
_PROPERTIES = (
    "LoadState,ActiveState,SubState,UnitFileState,User,ExecStart,Environment,NRestarts,ExecMainStatus,"
    "ActiveEnterTimestamp,StatusText"
)


class Kind(StrEnum):
    """What starts it."""

    SYSTEM = "system service"
    USER = "user service"
    WINDOWS = "Windows service"
    LOGIN = "start at login"


@dataclass(frozen=True, slots=True)
class Service:
    """An installed Impasto that starts by itself, what it is started with, and how it does."""

    kind: Kind
    config: Path | None
    environment: Mapping[str, str] = field(repr=False)
    program: str
    """The program `impasto` that it runs."""
    user: str = ""
    """Its account; empty for the user's own."""
    running: bool | None = None
    """None where whoever starts it does not know."""
    begins_by_itself: bool = True
    state: str = ""
    """In the words of systemd or Windows."""
    since: str = ""
    restarts: int = 0
    exit_code: int = 0
    says: str = ""
    """What it told of itself last."""

    @property
    def data(self) -> Path | None:
        """The data folder that it is given."""
        folder = self.environment.get("IMPASTO_DATA_DIR")
        return Path(folder) if folder else None

    @property
    def control(self) -> str:
        """How systemctl is called for it."""
        return "systemctl --user" if self.kind is Kind.USER else "sudo systemctl"

    @property
    def start(self) -> str:
        """How it is started."""
        return "Start-Service Impasto" if self.kind is Kind.WINDOWS else f"{self.control} start {NAME}"

    @property
    def log(self) -> str:
        """How its log is shown."""
        match self.kind:
            case Kind.SYSTEM:
                return f"sudo journalctl -u {NAME} -e"
            case Kind.USER:
                return f"journalctl --user -u {NAME} -e"
            case _:
                return str((self.data or Path()) / "logs" / "impasto.log")

    def command(self, words: str) -> str:
        """What is typed to say `impasto words` about this instance."""
        if sys.platform == "win32":
            return f"$env:IMPASTO_DATA_DIR='{self.data}'; & '{self.program}' {words}"
        if self.kind is Kind.SYSTEM:
            return f"sudo -u {self.user} IMPASTO_DATA_DIR={self.data} {self.program} {words}"
        return f"{self.program} {words}"


def installed() -> list[Service]:
    """What is installed here, the user's own first. Takes milliseconds, 10 s at most."""
    if sys.platform == "win32":
        found = [_windows_login(), _windows_service()]
    else:
        found = [_systemd(Kind.USER), _desktop_entry(), _systemd(Kind.SYSTEM)]
    return [service for service in found if service is not None]


def _systemd(kind: Kind) -> Service | None:
    scope = "--user" if kind is Kind.USER else "--system"
    command = ["systemctl", scope, "show", f"{NAME}.service", f"--property={_PROPERTIES}"]
    try:
        shown = subprocess.run(
            command, capture_output=True, text=True, timeout=_SECONDS, env=os.environ | {"LC_ALL": "C"}
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    properties = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    if properties.get("LoadState") != "loaded":
        return None
    started = re.search(r"argv\[\]=(.*?) ;", properties.get("ExecStart", ""))
    words = started[1].split(" ") if started else [NAME]
    return Service(
        kind,
        _config(words),
        _variables(shlex.split(properties.get("Environment", ""))),
        words[0],
        user=properties.get("User", ""),
        running=properties["ActiveState"] == "active",
        begins_by_itself=properties.get("UnitFileState", "").startswith("enabled"),
        state=f"{properties['ActiveState']}, {properties.get('SubState', '')}",
        since=properties.get("ActiveEnterTimestamp", ""),
        restarts=int(properties.get("NRestarts") or 0),
        exit_code=int(properties.get("ExecMainStatus") or 0),
        says=properties.get("StatusText", ""),
    )


def _desktop_entry() -> Service | None:
    """What install_service.sh --autostart leaves for the desktop to start."""
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    entry = ConfigParser(interpolation=None)
    try:
        if not entry.read(folder / "autostart" / f"{NAME}.desktop", encoding="utf-8"):
            return None
        words = shlex.split(entry["Desktop Entry"]["Exec"])
    except (OSError, NoIniFile, KeyError, ValueError):
        return None
    program = next((word for word in words if Path(word).name == NAME), NAME)
    return Service(Kind.LOGIN, _config(words), _variables(words), program)


def _config(words: Sequence[str]) -> Path | None:
    return Path(words[words.index("--config") + 1]) if "--config" in words[:-1] else None


def _variables(words: Sequence[str]) -> dict[str, str]:
    return dict(word.split("=", 1) for word in words if "=" in word)


def _windows_service() -> Service | None:
    if sys.platform == "win32":
        try:
            service = psutil.win_service_get(NAME.capitalize()).as_dict()
        except psutil.Error:
            return None
        return _windows(
            Kind.WINDOWS,
            Path(os.environ.get("PROGRAMW6432") or os.environ["PROGRAMFILES"]) / "Impasto",
            Path(os.environ["PROGRAMDATA"]) / "Impasto",
            running=service["status"] == "running",
            begins_by_itself=service["start_type"] == "automatic",
        )
    return None


def _windows_login() -> Service | None:
    """What install_service.ps1 -Autostart leaves for a scheduled task to start."""
    home = Path(os.environ.get("LOCALAPPDATA", "")) / "ImpastoAutostart"
    return _windows(Kind.LOGIN, home / "program", home / "state") if home.is_dir() else None


def _windows(
    kind: Kind, program: Path, state: Path, *, running: bool | None = None, begins_by_itself: bool = True
) -> Service:
    try:
        sign = json.loads((state / "data" / "logs" / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # it is for administrators to read
        sign = {}
    return Service(
        kind,
        state / "impasto.toml",
        {"IMPASTO_TOKEN_FILE": str(state / "token"), "IMPASTO_DATA_DIR": str(state / "data")},
        str(program / "venv" / "Scripts" / "impasto.exe"),
        running=running,
        begins_by_itself=begins_by_itself,
        state=str(sign.get("state", "")),
        exit_code=int(sign.get("exit_code") or 0),
        says=str(sign.get("status") or ""),
    )
