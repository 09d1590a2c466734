"""Every package that Impasto needs on Windows can be had there. Metadata tells; nothing is downloaded."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SOURCE_ONLY = ("basicsr",)
"""Has no wheel anywhere, but is Python alone: pip builds it on the spot."""


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A command that resolves for Windows; what it would build to learn its needs is told to it instead."""
    lines = []
    for name in SOURCE_ONLY:
        package = importlib.metadata.distribution(name)
        assert "Root-Is-Purelib: true" in (package.read_text("WHEEL") or "")
        lines.append(
            f'[[dependency-metadata]]\nname = "{name}"\nversion = "{package.version}"\n'
            f"requires-dist = {json.dumps(package.requires)}\n"
        )
    settings = tmp_path_factory.mktemp("uv") / "uv.toml"
    settings.write_text("\n".join(lines))
    return [
        *(sys.executable, "-m", "uv", "--config-file", str(settings), "--no-python-downloads"),
        *("--cache-dir", str(settings.parent / "cache"), "pip", "compile", "--no-header", "--no-annotate"),
        *("--python-platform", "x86_64-pc-windows-msvc", "--only-binary", ":all:"),
        *(word for name in SOURCE_ONLY for word in ("--no-binary", name)),
        *("requirements.txt", "service/requirements-windows.txt"),
    ]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_package_can_be_had_for_windows(resolver: list[str], version: str) -> None:
    done = subprocess.run(
        [*resolver, "--python-version", version],
        cwd=REPOSITORY,
        env=os.environ | _network(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    if "Connect" in done.stderr and os.environ.get("CI") != "true":
        pytest.skip("no network")
    assert done.returncode == 0, done.stderr
    found = {line.partition("==")[0] for line in done.stdout.splitlines()}
    assert {"torch", "pywin32", "python-telegram-bot", "onnx"} <= found
    assert not [name for name in found if name.startswith("nvidia-")], "torch for Windows brings no CUDA"


def _network() -> dict[str, str]:
    """Certificates and addresses as pip has them."""
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    pip = dict(line.partition("=")[::2] for line in said.splitlines())
    known = {name.rpartition(".")[2]: value.strip("'") for name, value in pip.items()}
    network = {}
    if "cert" in known:
        network["SSL_CERT_FILE"] = known["cert"]
    if "index-url" in known:
        network["UV_DEFAULT_INDEX"] = known["index-url"]
    return network
