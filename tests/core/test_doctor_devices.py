"""What the doctor says of graphics cards: drivers and torch that do not fit, and what torch says in words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from impasto.doctor import cuda, devices
from impasto.doctor.case import Case
from impasto.doctor.computing import Report
from impasto.doctor.finding import State
from impasto.doctor.patient import admit
from impasto.doctor.waiting import Once


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "CUDA error: no kernel image is available for execution on the device",
            "too old for it, or too new",
        ),
        ("The NVIDIA driver on your system is too old (found version 11040).", "driver of the graphics card"),
        ("CUDA out of memory. Tried to allocate 20.00 MiB.", "no memory left"),
        ("Found no NVIDIA driver on your system.", "finds no graphics card"),
        ("CUDA unknown error - this may be due to an incorrectly set up environment", "as after standby"),
        ("CUDA error: an illegal memory access was encountered", "fails while it computes"),
        ("its process was ended by SIGILL", "instructions"),
        ("Something that nobody has seen before", "failed: Something that nobody has seen before."),
    ],
)
def test_what_torch_says_of_a_device_is_said_in_words(said: str, words: str) -> None:
    found = cuda.explained(said, "cuda:0")
    assert words in found.detail
    assert found.advice


def test_a_driver_does_for_every_torch_of_its_major_version_and_older_ones() -> None:
    assert cuda.too_old("12.8", "13.0")
    assert not cuda.too_old("13.0", "13.2")
    assert not cuda.too_old("13.0", "12.6")


@pytest.mark.parametrize(
    ("nvidia_smi", "report", "state", "words"),
    [
        ("echo 'NVIDIA GeForce RTX 3060, 580.95.05'", Report("2", "13.0", "13.0"), State.OK, "580.95.05"),
        ("echo 'NVIDIA TITAN X, 470.256.02'", Report("2", "13.0", "11.4"), State.ERROR, "up to CUDA 11.4"),
        ("echo 'NVIDIA L4, 580.95.05'", Report("2", None, "13.0"), State.WARNING, "so NVIDIA L4 is not used"),
        (
            "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18",
            Report("2", "13.0"),
            State.ERROR,
            "updated while the computer ran",
        ),
    ],
    ids=["fits", "too old", "torch for the CPU", "updated"],
)
async def test_the_driver_is_held_against_torch(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    nvidia_smi: str,
    report: Report,
    state: State,
    words: str,
) -> None:
    async def said() -> Report:
        return report

    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{nvidia_smi}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    case = Case(admit(None))
    case.torch = Once(said)
    found = await devices.driver(case)
    assert found.state is state
    assert words in found.detail
