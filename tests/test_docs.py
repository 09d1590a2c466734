"""The documentation is true: its example is installed and used, every hook and command is in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from impasto import cli, hookspecs
from impasto.bot.desk.commands import OWNER_COMMANDS
from impasto.bot.pages import COMMANDS
from tests.pictures import photo

ROOT = Path(__file__).parent.parent
PLUGINS = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
CHAT = (ROOT / "docs" / "chat.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example of docs/plugins.md, written down as it stands there and installed with pip."""
    source = tmp_path_factory.mktemp("impasto-pencil")
    files = re.findall(r"^`([\w/.]+)`.*?:\n\n```\w+\n(.*?)```", PLUGINS, re.DOTALL | re.MULTILINE)
    assert [name for name, _code in files] == [
        "pyproject.toml",
        "impasto_pencil/__init__.py",
        "impasto_pencil/drawing.py",
    ]
    for name, code in files:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(code)
    site = tmp_path_factory.mktemp("site")
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *flags, "--target", site, source], check=True)
    return site


def impasto(site: Path, *arguments: object) -> str:
    environment = os.environ | {"PYTHONPATH": str(site), "IMPASTO_DATA_DIR": str(site / "data")}
    command = [sys.executable, "-m", "impasto", *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_plugin_is_found_and_draws(site: Path, tmp_path: Path) -> None:
    listed = {effect["id"]: effect for effect in json.loads(impasto(site, "effects", "--json"))}
    assert listed["pencil.drawing"]["options"]["pencil"]["default"] == "soft"
    (tmp_path / "photo.jpg").write_bytes(photo(120, 90))
    target = tmp_path / "drawing.png"
    impasto(site, "apply", "pencil.drawing", tmp_path / "photo.jpg", "-o", target, "--option", "pencil=hard")
    with Image.open(target) as drawing:
        assert drawing.size == (120, 90)
        red, green, blue = drawing.split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()
        assert red.getextrema()[0] < 128 < red.getextrema()[1]  # type: ignore[operator]


def test_every_hook_has_its_place_in_the_documentation() -> None:
    hooks = [name for name in vars(hookspecs) if name.startswith("impasto_")]
    assert hooks == re.findall(r"^### `(impasto_\w+)\(", PLUGINS, re.MULTILINE)


def test_every_command_of_the_program_is_in_the_readme() -> None:
    for name in cli.command.commands:
        assert f"impasto {name}" in README


def test_every_command_of_the_chat_is_explained() -> None:
    for name in (*COMMANDS, *OWNER_COMMANDS):
        assert re.search(rf"`/{name}\b", CHAT), name
