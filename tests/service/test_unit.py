"""The systemd unit as the installer puts it in place, judged by systemd's own tools."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from impasto.systemd import PATIENCE_SECONDS

if TYPE_CHECKING:
    from .conftest import Machine

UNIT = Path(__file__).parents[2] / "service" / "impasto.service"
USERS_UNIT = UNIT.with_name("impasto-user.service")
SYSTEM_UNITS = Path("/usr/lib/systemd/system")


def test_installed_unit_passes_systemd_verify(machine: Machine, systemd_analyze: str) -> None:
    machine.environment_at("/srv/studio")
    done = machine.install("--python-env", "/srv/studio", "--token-file", str(machine.token_file))
    assert done.returncode == 0, done.stdout
    shutil.copytree(SYSTEM_UNITS, machine.root / SYSTEM_UNITS.relative_to("/"), symlinks=True)
    verdict = subprocess.run(
        [systemd_analyze, "verify", f"--root={machine.root}", "impasto.service"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert (verdict.returncode, verdict.stdout) == (0, "")


def test_exposure_stays_low(systemd_analyze: str) -> None:
    verdict = subprocess.run(
        [systemd_analyze, "security", "--offline=yes", "--threshold=20", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
    )
    assert verdict.returncode == 0, verdict.stdout


@pytest.fixture
def service() -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT)
    return unit["Service"]


def test_wrong_configuration_does_not_start_again(service: configparser.SectionProxy) -> None:
    assert service["RestartPreventExitStatus"] == "78"
    assert service["Restart"] == "on-failure"


def test_sandbox_leaves_cuda_what_it_needs(service: configparser.SectionProxy) -> None:
    for closed in ("PrivateDevices", "MemoryDenyWriteExecute", "ProcSubset"):
        assert closed not in service, f"{closed} keeps CUDA from working"
    assert "DeviceAllow=char-nvidia*" in UNIT.read_text()


def test_systemd_hears_from_the_bot_itself_and_waits_longer_than_the_bot_for_telegram(
    service: configparser.SectionProxy,
) -> None:
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["TimeoutStartSec"] == "5min"
    assert PATIENCE_SECONDS < 5 * 60 / 2


def test_no_dump_puts_pictures_on_the_disk(service: configparser.SectionProxy) -> None:
    assert service["LimitCORE"] == "0"


def test_a_users_own_unit_keeps_to_the_systems() -> None:
    systems, own = keys(UNIT), keys(USERS_UNIT)
    for_places = ("ExecStart=", "Environment=", "WantedBy=", "Documentation=")
    assert {line for line in own - systems if not line.startswith(for_places)} == set()
    kept = (
        "Type",
        "Watchdog",
        "Timeout",
        "Restart",
        "Kill",
        "Limit",
        "NotifyAccess",
        "SystemCall",
        "Restrict",
    )
    assert {line for line in systems if line.startswith(kept)} <= own


def keys(unit: Path) -> set[str]:
    return {line for line in unit.read_text().splitlines() if "=" in line and not line.startswith("#")}
