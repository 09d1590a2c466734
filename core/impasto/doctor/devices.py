"""Checks of what computes: the graphics card's driver, torch, and each device with a small computation."""

from __future__ import annotations

import asyncio
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from impasto.doctor import cuda
from impasto.doctor.case import Case
from impasto.doctor.computing import Report, Trial, try_device
from impasto.doctor.finding import Finding, doubtful, good, skipped, wrong

_GIGA = 1e9
_LITTLE_MEMORY = 1 * _GIGA
_NVIDIA, _DISPLAY = "0x10de", "0x03"


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card, as the driver names it."""

    name: str
    driver: str


async def driver(case: Case) -> Finding:
    """Whether a graphics card of NVIDIA has a driver, and one that is new enough for torch."""
    program = shutil.which("nvidia-smi")
    if program is None:
        if _has_card():
            return doubtful(
                "A graphics card of NVIDIA is here, but no driver for it (nvidia-smi is not there).",
                "Install NVIDIA's driver from your system's packages and restart; until then Impasto uses "
                "the CPU.",
            )
        return good("no graphics card of NVIDIA here, so none is needed; Impasto works on the CPU")
    cards, said = await _cards(program)
    if said:
        return cuda.driver_fault(said)
    report = await case.torch()
    version = cards[0].driver if cards else "?"
    if report.built_for and report.driver and cuda.too_old(report.driver, report.built_for):
        return cuda.old_driver(version, report.driver, report.built_for)
    if report.version and not report.built_for and cards:
        return cuda.torch_for_cpu(cards[0].name)
    upto = f", for CUDA up to {report.driver}" if report.driver else ""
    return good(f"NVIDIA {version}{upto}")


async def torch(case: Case) -> Finding:
    """Whether torch can be used, and what it is built for."""
    report = await case.torch()
    if report.version is None:
        return cuda.explained(report.fault or "", "the CPU")
    built = f"built for CUDA {report.built_for}" if report.built_for else "built for the CPU alone"
    if not report.built_for:
        return good(f"{report.version}, {built}")
    if not report.devices and shutil.which("nvidia-smi") and report.fault:
        return cuda.explained(report.fault, "the graphics card")
    found = ", ".join(report.devices.values()) or "finds no graphics card"
    return good(f"{report.version}, {built}; {found}")


async def devices(case: Case) -> list[Finding]:
    """Each device that Impasto may use, by a small computation."""
    report = await case.torch()
    settings = case.patient.settings
    wanted = settings.devices if settings else "auto"
    if report.version is None or report.cpu is None:
        return [replace(skipped("Without torch, no device can be tried."), check="device")]
    if wanted in ("auto", "cpu"):
        tried = list(report.devices) if wanted == "auto" else []
    else:
        tried = wanted.split(",")
    found = [_cpu(report, used=not tried)]
    there = [device for device in tried if device in report.devices]
    trials = await asyncio.gather(*map(try_device, there))
    by_device = dict(zip(there, trials, strict=True))
    for device in tried:
        finding = _cuda(device, report, by_device.get(device))
        found.append(replace(finding, check=device))
    return found


def _cpu(report: Report, *, used: bool) -> Finding:
    assert report.cpu is not None
    finding = _result("the CPU", "the CPU", report.cpu)
    idle = "" if used else ", not used beside the graphics card"
    return replace(finding, check="cpu", detail=finding.detail + (idle if finding.advice == "" else ""))


def _cuda(device: str, report: Report, trial: Trial | None) -> Finding:
    if trial is None:
        there = ", ".join(report.devices) or "only the CPU"
        return wrong(
            f"The settings name {device}, which torch does not find; it finds {there}.",
            'Write devices = "auto" into the settings, or one that is there.',
        )
    finding = _result(device, report.devices[device], trial)
    if finding.advice or trial.free >= _LITTLE_MEMORY:
        return finding
    return doubtful(
        f"{finding.detail}: that is little.",
        "End what else uses the card (nvidia-smi lists it), or let Impasto wait for it: [guest] programs in "
        "the settings.",
    )


def _result(device: str, name: str, trial: Trial) -> Finding:
    if trial.fault is not None:
        return cuda.explained(trial.fault, device)
    if not trial.right:
        return wrong(
            f"{name} computes wrongly: a small convolution has another result than in higher precision.",
            "Take back any overclocking and restart. If it stays, the hardware or its driver is broken; keep "
            "it out by the setting devices.",
        )
    return good(
        f"{name} computes rightly, in {trial.seconds * 1000:.2g} ms; {trial.free / _GIGA:.1f} of "
        f"{trial.total / _GIGA:.1f} GB of memory free"
    )


async def _cards(program: str) -> tuple[list[Card], str]:
    """The cards that nvidia-smi lists, or what it says instead."""
    process = await asyncio.create_subprocess_exec(
        program, "--query-gpu=name,driver_version", "--format=csv,noheader",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        output, _none = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    said = output.decode(errors="replace").strip()
    if process.returncode:
        return [], said or f"nvidia-smi ends with {process.returncode}"
    rows = [line.rpartition(",") for line in said.splitlines()]
    return [Card(name.strip(), version.strip()) for name, _comma, version in rows], ""


def _has_card() -> bool:
    """Whether a display controller of NVIDIA is in the computer; Linux alone tells without a driver."""
    if sys.platform != "linux":
        return False
    for device in Path("/sys/bus/pci/devices").glob("*"):
        try:
            vendor, kind = ((device / name).read_text().strip() for name in ("vendor", "class"))
        except OSError:
            continue
        if vendor == _NVIDIA and kind.startswith(_DISPLAY):
            return True
    return False
