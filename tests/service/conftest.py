"""A small complete copy of the repository to install from: our scripts, and a program of a few lines."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.installing import PROGRAM, Machine, Person, write_wheel

REPOSITORY = Path(__file__).parents[2]
TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
IN_CI = os.environ.get("CI") == "true"


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may look into, as root's tmp_path is not."""
    with tempfile.TemporaryDirectory(prefix="impasto-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def clone(place: Path) -> Path:
    clone = place / "clone"
    shutil.copytree(REPOSITORY / "service", clone / "service")
    for file in ("install_service.sh", "constraints.txt"):
        shutil.copy2(REPOSITORY / file, clone)
    for folder in ("core", "plugins"):
        (clone / folder).mkdir()
    write_wheel(clone / "core", "impasto", "1.0", PROGRAM.format(program="pass"))
    (clone / "requirements.txt").write_text("./core/impasto-1.0-py3-none-any.whl\n")
    (clone / "impasto.toml").write_text("something = 'private'\n")
    return clone


@pytest.fixture
def machine(tmp_path: Path, clone: Path) -> Machine:
    for tool in ("systemctl", "systemd-sysusers"):
        needs(tool)
    if os.geteuid() != 0:
        pytest.skip("the installer changes owners of files, which root alone may")
    (tmp_path / "system").mkdir()
    token_file = tmp_path / "token.txt"
    token_file.write_text(f"{TOKEN}\r\n")
    return Machine(tmp_path / "system", clone, token_file)


@pytest.fixture
def person(place: Path, clone: Path) -> Person:
    fakes, home = place / "fakes", place / "home with a blank"
    shutil.copytree(Path(__file__).parent / "fakes", fakes)
    home.mkdir()
    for folder in (fakes, home):
        folder.chmod(0o777)
    token_file = place / "token.txt"
    token_file.write_text(TOKEN)
    return Person(home, clone, fakes, token_file)


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


@pytest.fixture
def studio(person: Person) -> tuple[str, ...]:
    """The options for an environment that is there already, and spares the test the making of one."""
    program = person.fakes / "studio/bin/impasto"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/bash\necho "impasto $*" >>"$FAKES/calls"\n. "$FAKES/impasto"\nexit 0\n')
    (person.fakes / "impasto").touch()
    program.chmod(0o755)
    program.with_name("python").symlink_to(sys.executable)
    return "--python-env", str(program.parents[1])
