"""torch and each device, asked in processes of their own, since they may hang, crash and take much memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a small computation on a device."""

    fault: str | None = None
    """What torch said instead, or how its process ended."""
    right: bool = False
    """The result is the one that the CPU has in higher precision."""
    seconds: float = 0.0
    free: int = 0
    total: int = 0
    """The device's memory in bytes."""


@dataclass(frozen=True, slots=True)
class Report:
    """What torch says of itself, and what it makes of the CPU."""

    version: str | None = None
    """None where it is not installed, or can't be imported."""
    built_for: str | None = None
    """The version of CUDA; None for the CPU alone."""
    driver: str | None = None
    """The latest CUDA that the driver knows; None where there is none."""
    devices: dict[str, str] = field(default_factory=dict)
    """The names of the CUDA devices by id."""
    fault: str | None = None
    """Why there are none, or no torch, in its own words."""
    cpu: Trial | None = None


async def ask_torch() -> Report:
    """What torch can do here; takes some seconds."""
    if find_spec("torch") is None:
        return Report(fault="torch is not installed")
    answers, end = await _answers()
    if not answers:
        return Report(fault=end or "it said nothing")
    trial = Trial(**answers[1]) if len(answers) > 1 else Trial(fault=end)
    return Report(**answers[0], cpu=trial)


async def try_device(device: str) -> Trial:
    """A small computation on a CUDA device, which the process sees as its only one."""
    answers, end = await _answers(device)
    return Trial(**answers[0]) if answers else Trial(fault=end)


async def _answers(*words: str) -> tuple[list[dict[str, Any]], str]:
    """What the trial told, line by line, and how it ended where that was not in order."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "impasto.doctor.trial", *words,
        env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    answers = [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]
    code = await process.wait()
    return answers, _ending(code, errors.decode(errors="replace")) if code else ""


def _ending(code: int, errors: str) -> str:
    """The last that a process said, which is its exception; else how it ended."""
    said = errors.strip().splitlines()
    if code > 0 and said:
        return said[-1]
    try:
        return f"its process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"its process ended with exit code {code}"
