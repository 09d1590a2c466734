"""Who is examined: this user's own Impasto, or the one of a service, with its settings and its rights."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from impasto.calling import program
from impasto.config import ConfigurationError, Settings, load_settings
from impasto.config.settings import config_path
from impasto.doctor.finding import Finding, wrong
from impasto.doctor.services import Service, installed

COPY_AGAIN = "Write to @BotFather in Telegram: /mybots, choose the bot, API Token; copy it again, whole."


@dataclass(frozen=True, slots=True)
class Token:
    """The bot's token and where it came from."""

    value: str = field(repr=False)
    place: str
    file: Path | None
    open_to_all: bool
    """Every user of this computer may read the file."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose settings were read, and what came of it."""

    config: Path
    settings: Settings | None
    fault: Finding | None
    """Why there are no settings."""
    misconfigured: bool
    """They are there, and wrong."""
    token: Token | Finding
    """The token, or why there is none."""
    services: Sequence[Service]
    service: Service | None
    """The one that runs with these settings."""
    given: Path | None = None
    """The configuration that was asked for."""

    def command(self, words: str) -> str:
        """How the owner says `impasto words` about this instance."""
        if self.service is not None:
            return self.service.command(words)
        suffix = f" --config {self.given}" if self.given else ""
        return f"{program()} {words}{suffix}"


def admit(config: Path | None) -> Patient:
    """Find out who is examined and read their settings and token.

    Where root examines a service, this process takes the service's account from here on: what that may
    do is what counts, and its plugins are not root's business.
    """
    services = installed()
    wanted = config_path(config)
    service = _served(services, wanted, asked=config is not None)
    if service is None:
        return _with_settings(wanted, services, None, config)
    path = service.config or wanted
    if not os.access(path.parent, os.X_OK) or (path.exists() and not os.access(path, os.R_OK)):
        return _closed(path, services, service)
    os.environ.update({**service.environment, **_own_environment()})
    token_file = Path(os.environ.get("IMPASTO_TOKEN_FILE", path.parent / "token"))
    if not os.access(token_file, os.R_OK):
        # A credential of systemd is there only while the service runs; what it is made from stays.
        os.environ["IMPASTO_TOKEN_FILE"] = str(path.parent / "token")
    patient = _with_settings(path if path.is_file() else wanted, services, service, config)
    _become(service.user)
    return patient


def _served(services: Sequence[Service], wanted: Path, *, asked: bool) -> Service | None:
    """The service whose settings are at `wanted`; without settings of the user's own, any."""
    for service in services:
        if service.config == wanted:
            return service
    named = {"IMPASTO_CONFIG", "IMPASTO_TOKEN", "IMPASTO_TOKEN_FILE"} & set(os.environ)
    return None if asked or named or wanted.is_file() else next(iter(services), None)


def _closed(path: Path, services: Sequence[Service], service: Service) -> Patient:
    if sys.platform == "win32":
        advice = "Say it again in a PowerShell that was started as administrator."
    else:
        advice = f"Say it again as root: sudo {service.program} doctor"
    fault = wrong(f"The settings of the {service.kind}, {path}, are not yours to read.", advice)
    return Patient(path, None, fault, False, fault, services, service)


def _with_settings(
    path: Path, services: Sequence[Service], service: Service | None, given: Path | None
) -> Patient:
    try:
        settings = load_settings(path if given is not None or path.is_file() else None)
    except ConfigurationError as error:
        advice = "Mend it and say this again: the token, Telegram, folders and effects are looked at then."
        fault = wrong(f"{str(error).rstrip('.?')}.", advice)
        return Patient(path, None, fault, True, fault, services, service, given)
    except OSError as error:
        fault = wrong(f"{path} can't be read: {error.strerror}.", f"Let your account read it: {path}")
        return Patient(path, None, fault, True, fault, services, service, given)
    return Patient(path, settings, None, False, _token(settings, path), services, service, given)


def _token(settings: Settings, config: Path) -> Token | Finding:
    file: Path | None = None
    if "IMPASTO_TOKEN" in os.environ:
        place = "from IMPASTO_TOKEN in the environment"
    elif settings.token is not None:
        place, file = f"from {config}", config
    elif settings.token_file is not None:
        place, file = f"from {settings.token_file}", settings.token_file
    else:
        return wrong(
            "There is no bot token.",
            "Write to @BotFather in Telegram: /newbot. Put the token that it gives into a file, and name it: "
            f'token_file = "FILE" in {config}, or IMPASTO_TOKEN_FILE in the environment. To try Impasto '
            f"without a token: {program()} sandbox",
        )
    try:
        return Token(settings.bot_token(), place, file, file is not None and _open_to_all(file))
    except ConfigurationError as error:
        if isinstance(error.__cause__, PermissionError):
            return wrong(f"Your account may not read {file}.", "Say this again as root, with sudo.")
        if isinstance(error.__cause__, OSError):
            return wrong(
                f"The token's file, {file}, can't be read: {error.__cause__.strerror}.",
                "Put the token there, or name another file by token_file in the settings.",
            )
        return wrong(f"What comes {place} is no bot token: one looks like 123456789:AA….", COPY_AGAIN)


def _open_to_all(file: Path) -> bool:
    return os.name == "posix" and bool(file.stat().st_mode & stat.S_IROTH)


def _own_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("IMPASTO_")}


def _become(user: str) -> None:
    """Take the account of `user` for good, where this is root's process."""
    if sys.platform == "win32" or os.geteuid() != 0 or user in {"", "root"}:
        return
    import pwd

    account = pwd.getpwnam(user)
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    os.environ["HOME"] = account.pw_dir
    os.chdir("/")  # where root was may be closed to it
