"""Where an installed Impasto is on Windows, and how it is started there."""

from __future__ import annotations

import os
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Layout:
    """`program` holds what only the installer changes, `state` what the owner has."""

    program: Path
    state: Path

    @classmethod
    def of_service(cls, environment: Mapping[str, str] = os.environ) -> Layout:
        """For the whole computer."""
        # A 32-bit program is told of another folder under the usual name.
        programs = environment.get("PROGRAMW6432") or environment["PROGRAMFILES"]
        return cls(Path(programs) / "Impasto", Path(environment["PROGRAMDATA"]) / "Impasto")

    @classmethod
    def of_user(cls, environment: Mapping[str, str] = os.environ) -> Layout:
        """For the user who asks. An Impasto that is run by hand has its data elsewhere."""
        home = Path(environment["LOCALAPPDATA"])
        return cls(home / "Programs" / "Impasto", home / "ImpastoService")

    @property
    def source(self) -> Path:
        """The copy of the repository that runs."""
        return self.program / "src"

    @property
    def environment_folder(self) -> Path:
        """Its private Python environment."""
        return self.program / "venv"

    @property
    def python(self) -> Path:
        """The Python of that environment."""
        folder = str(self.environment_folder)
        scripts = sysconfig.get_path("scripts", "venv", {"base": folder, "platbase": folder})
        return Path(scripts) / f"python{sysconfig.get_config_var('EXE') or ''}"

    @property
    def before(self) -> Path:
        """What was before, while an update runs; otherwise it is of an update that broke off."""
        return self.program / "before"

    @property
    def database_before(self) -> Path:
        """The database of before, which not everybody may read."""
        return self.state / "before"

    @property
    def torch_index(self) -> Path:
        """Remembers where the owner had torch taken from."""
        return self.program / "torch-index"

    @property
    def settings(self) -> Path:
        """impasto.toml."""
        return self.state / "impasto.toml"

    @property
    def token(self) -> Path:
        """The file with the bot's token."""
        return self.state / "token"

    @property
    def data(self) -> Path:
        """Jobs, users, weights, logs: all that Impasto writes."""
        return self.state / "data"

    @property
    def logs(self) -> Path:
        """impasto.log and the older ones."""
        return self.data / "logs"

    @property
    def wish_to_stop(self) -> Path:
        """A file that somebody makes to have `windows_autostart` stop."""
        return self.logs / "stop"

    @property
    def wish_to_restart(self) -> Path:
        """The same to have it start Impasto again."""
        return self.logs / "restart"

    @property
    def sign(self) -> Path:
        """How Impasto is, in JSON, as its supervisor last knew."""
        return self.logs / "state.json"

    def impasto(self, *arguments: str) -> list[str]:
        """The command line `impasto ARGUMENTS` with these settings, whatever PYTHON… variables say."""
        return [*map(str, (self.python, "-I", "-X", "utf8", "-m", "impasto", *arguments)),
                "--config", str(self.settings)]  # fmt: skip

    def variables(self, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The environment variables that it runs with."""
        return {
            **environment,
            "IMPASTO_TOKEN_FILE": str(self.token),
            "IMPASTO_DATA_DIR": str(self.data),
        }
