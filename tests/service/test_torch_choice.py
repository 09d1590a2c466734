"""Which torch the installer for Linux finds fit, by the card and the driver that are there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CHECK = """
set -Eeuo pipefail
. {repository}/service/linux/telling.sh
. {repository}/service/linux/torch.sh
here={repository} prefix={place}/nothing root="" torch_index={index} fresh=yes dry_run=no
proc={place}/proc sys={place}/sys
check_torch
"""


def check(place: Path, smi: str | None = None, index: str = "''") -> tuple[int, str]:
    """The exit code, and what the installer says; `smi` is what nvidia-smi does."""
    tools = place / "tools"
    tools.mkdir()
    if smi is not None:
        (tools / "nvidia-smi").write_text(f"#!/bin/bash\n{smi}\n")
        (tools / "nvidia-smi").chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", CHECK.format(repository=REPOSITORY, place=place, index=index)],
        env={"PATH": f"{tools}:/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("lines", "code", "said"),
    [
        (["580.65.06, 7.5, Tesla T4"], 0, "Tesla T4, driver 580.65.06"),
        (["615.12, 12.0, NVIDIA GeForce RTX 5090"], 0, "RTX 5090"),
        (["535.183.01, 8.6, NVIDIA RTX A4000"], 1, "driver here is 535.183.01, and torch needs 580 or later"),
        (
            ["580.65.06, 6.1, NVIDIA GeForce GTX 1080"],
            1,
            "no longer works on this card (NVIDIA GeForce GTX 1080",
        ),
        (["580.65.06, 6.1, GTX 1080", "580.65.06, 8.9, RTX 4090"], 0, "RTX 4090"),
    ],
)
def test_card_and_driver_decide(tmp_path: Path, lines: list[str], code: int, said: str) -> None:
    answered, text = check(
        tmp_path, f"[[ $1 == *compute_cap* ]] && printf '%s\\n' {' '.join(map(repr, lines))}"
    )
    assert (answered, said in text) == (code, True), text
    assert ("--torch-index" in text) is bool(code), "who is refused reads the way out"


@pytest.mark.parametrize(
    ("version", "code"),
    [
        ("NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 01:44:30 UTC 2024", 1),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  590.44.01  Release Build  (a@b)", 0),
    ],
)
def test_driver_is_found_where_nvidia_smi_says_nothing(tmp_path: Path, version: str, code: int) -> None:
    kernel = tmp_path / "proc/driver/nvidia/version"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(f"{version}\nGCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n")
    answered, text = check(tmp_path, "exit 9")
    assert answered == code, text


def test_without_a_card_the_cpu_works_and_idle_parts_can_be_spared(tmp_path: Path) -> None:
    code, text = check(tmp_path)
    assert code == 0
    assert "will work on the CPU" in text
    assert "--torch-index" in text


def test_card_without_its_driver_is_told(tmp_path: Path) -> None:
    card = tmp_path / "sys/bus/pci/devices/0000:01:00.0"
    card.mkdir(parents=True)
    (card / "vendor").write_text("0x10de\n")
    (card / "class").write_text("0x030000\n")
    code, text = check(tmp_path)
    assert code == 0
    assert "no driver of NVIDIA's" in text


def test_whoever_names_a_torch_is_not_asked_about_the_driver(tmp_path: Path) -> None:
    code, text = check(tmp_path, "echo 390.1, 3.0, an old one", index="file:///elsewhere")
    assert (code, text) == (0, "torch comes from file:///elsewhere.\n")


def test_what_the_pinned_torch_needs_is_known() -> None:
    """A new torch for another CUDA needs a line in torch.sh."""
    script = f"here={REPOSITORY}; . $here/service/linux/torch.sh; echo ${{driver_for_cuda[$(cuda_of_torch)]}}"
    assert subprocess.run(["bash", "-c", script], capture_output=True, text=True).stdout.strip().isdigit()
