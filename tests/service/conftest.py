"""A small complete copy of the repository to install from: our scripts, and a program of one line to run."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
IN_CI = os.environ.get("CI") == "true"


@dataclass
class Machine:
    """A folder that stands for another system, and the repository to install on it."""

    root: Path
    clone: Path
    token_file: Path

    @property
    def arguments(self) -> list[str]:
        return [str(self.clone / "install_service.sh"), "--root", str(self.root)]

    def install(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.arguments, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    def environment_at(self, path: str) -> None:
        """Put an environment with an `impasto` into the system, as its owner may have made one before."""
        program = self.root / path.lstrip("/") / "bin" / "impasto"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)

    def files(self) -> set[str]:
        """Every file below the root, but for the system's own accounts."""
        ours = (path for path in self.root.rglob("*") if not path.is_dir() or path.is_symlink())
        accounts = {"passwd", "shadow", "group", "gshadow"}
        return {
            str(path.relative_to(self.root))
            for path in ours
            if path.name.strip("-").lstrip(".") not in accounts
        } - {"etc/.pwd.lock"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for tool in ("systemctl", "systemd-sysusers"):
        needs(tool)
    if os.geteuid() != 0:
        pytest.skip("the installer changes owners of files, which root alone may")
    tmp_path.chmod(0o755)
    clone = tmp_path / "clone"
    shutil.copytree(REPOSITORY / "service", clone / "service")
    shutil.copy2(REPOSITORY / "install_service.sh", clone)
    for folder in ("core", "plugins"):
        (clone / folder).mkdir()
    _write_wheel(clone / "core" / "impasto-1.0-py3-none-any.whl")
    (clone / "requirements.txt").write_text("./core/impasto-1.0-py3-none-any.whl\n")
    (clone / "impasto.toml").write_text("something = 'private'\n")
    (tmp_path / "system").mkdir()
    token_file = tmp_path / "token.txt"
    token_file.write_text(f"{TOKEN}\r\n")
    return Machine(tmp_path / "system", clone, token_file)


def needs(tool: str) -> str:
    """The path of a tool; without it the test is skipped, but not in CI, where it must be."""
    path = shutil.which(tool)
    if path is None:
        if IN_CI:
            pytest.fail(f"{tool} is not installed")
        pytest.skip(f"{tool} is not installed")
    return path


@pytest.fixture
def systemd_analyze() -> str:
    return needs("systemd-analyze")


def _write_wheel(path: Path) -> None:
    info = "impasto-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("impasto_program.py", "def main():\n    print('painted')\n")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: impasto\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\nimpasto=impasto_program:main\n")
        wheel.writestr(f"{info}/RECORD", "")
