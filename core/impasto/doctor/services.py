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
    def folder(self) -> Path:
        """Where it is installed, with its environment in it."""
        return Path(self.program).absolute().parent.parent.parent

    @property
    def interrupted(self) -> Path | None:
        """What an update keeps of what was before, while it lasts; then it is gone."""
        kept = self.folder / "before"
        return kept if kept.is_dir() else None

    def installer(self, options: str = "") -> str:
        """What is typed in the folder of a clone to call the script that installed it."""
        if sys.platform == "win32":
            kind = " -Autostart" if self.kind is Kind.LOGIN else ""
            return f"powershell -ExecutionPolicy Bypass -File install_service.ps1{kind}{options}"
        scripts = {Kind.USER: "./install_service.sh --user", Kind.LOGIN: "./install_service.sh --autostart"}
        return f"{scripts.get(self.kind, 'sudo ./install_service.sh')}{options}"

    @property
    def uninstall(self) -> str:
        """What is typed to uninstall it, in the folder of a clone."""
        return self.installer(" -Uninstall" if sys.platform == "win32" else " --uninstall")

    @property
    def control(self) -> str:
        """How systemctl is called for it."""
        return "systemctl --user" if self.kind is Kind.USER else "sudo systemctl"

    @property
    def start(self) -> str:
        """How it is started."""
        match self.kind:
            case Kind.WINDOWS:
                return "Start-Service Impasto"
            case Kind.LOGIN if sys.platform == "win32":
                return f"Start-ScheduledTask Impasto-{os.environ['USERNAME']}"
            case Kind.LOGIN:
                return f"{self.folder / 'src' / 'install_service.sh'} --autostart --restart"
            case _:
                return f"{self.control} start {NAME}"

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
        return f"{shlex.quote(self.program)} {words}"


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
    # Paths may have blanks in them, which systemd shows as they are.
    started = re.search(r"path=(.*?) ; argv\[\]=(.*?) ;", properties.get("ExecStart", ""))
    program, words = started.groups() if started else (NAME, "")
    config = words.partition(" --config ")[2]
    return Service(
        kind,
        Path(config) if config else None,
        _variables(shlex.split(properties.get("Environment", ""))),
        program,
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
    variables = _variables(words)
    program = next((word for word in words if word != "env" and "=" not in word), NAME)
    config = Path(words[words.index("--config") + 1]) if "--config" in words[:-1] else None
    return Service(Kind.LOGIN, config, variables, program)


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
    home = Path(os.environ.get("LOCALAPPDATA", ""))
    program, state = home / "Programs" / "Impasto", home / "ImpastoService"
    return _windows(Kind.LOGIN, program, state) if program.is_dir() else None


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
