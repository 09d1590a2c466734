"""The doctor finds an installed service by itself, and looks at it with its settings and its rights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from impasto.doctor.presence import standing
from impasto.doctor.services import installed
from tests.service.conftest import TOKEN

SHOWN = """\
LoadState=loaded
ActiveState={active}
SubState={sub}
UnitFileState={enabled}
User={user}
ExecStart={{ path=/opt/impasto/venv/bin/impasto ; argv[]=/opt/impasto/venv/bin/impasto run --config {config} \
; ignore_errors=no ; start_time=[n/a] ; stop_time=[n/a] ; pid=32 ; code=(null) ; status=0/0 }}
Environment=IMPASTO_TOKEN_FILE=/run/credentials/impasto.service/token IMPASTO_DATA_DIR={data}
NRestarts=2
ExecMainStatus={status}
ActiveEnterTimestamp=Sat 2026-11-21 17:32:58 UTC
StatusText={says}
"""
"""What systemd 252 says of the installed unit; seen on a booted system."""

EXAMINE = """
import asyncio, json, os
from impasto.doctor import examination
from impasto.doctor.case import Case
from impasto.doctor.finding import Finding
from impasto.doctor.patient import admit

wanted = "folders", "database", "service"
examination.CHECKS = [check for check in examination.CHECKS if check.name in wanted]

async def look(case):
    return [[found.state.value, found.detail, found.advice] async for found in examination.examine(case)]

patient = admit(None)
print(json.dumps({
    "config": str(patient.config),
    "fault": patient.fault and patient.fault.advice,
    "account": os.getuid(),
    "groups": os.getgroups(),
    "token": None if isinstance(patient.token, Finding) else patient.token.place,
    "command": patient.command("weights fetch"),
    "findings": asyncio.run(look(Case(patient))),
}))
"""
"""All is imported before root's rights are given up: where tests run, Python may be in root's home."""


class System:
    """A computer whose systemctl says what a test wants it to."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.config, self.data = folder / "my etc" / "impasto.toml", folder / "impasto"
        self.config.parent.mkdir()
        self.data.mkdir(0o700)
        self.config.write_text("private = true\n")
        self.config.chmod(0o640)
        token = self.config.with_name("token")
        token.write_text(TOKEN)
        token.chmod(0o600)
        (folder / "bin").mkdir()

    def shows(self, *, scope: str = "--system", **state: str) -> None:
        known = {"active": "active", "sub": "running", "enabled": "enabled", "user": "nobody", "status": "0"}
        known["says"] = "Nobody waits for a picture; all is well"
        text = SHOWN.format(config=self.config, data=self.data, **(known | state))
        (self.folder / "shown").write_text(text)
        systemctl = self.folder / "bin" / "systemctl"
        systemctl.write_text(f'#!/bin/sh\n[ "$1" = {scope} ] && exec cat "{self.folder}/shown"\nexit 1\n')
        systemctl.chmod(0o755)
        loginctl = self.folder / "bin" / "loginctl"
        loginctl.write_text("#!/bin/sh\necho no\n")
        loginctl.chmod(0o755)

    def examined(self, **environment: str) -> dict[str, Any]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
        here = {
            "PATH": f"{self.folder / 'bin'}:{clean['PATH']}",
            "XDG_CONFIG_HOME": str(self.folder / "home"),
        }
        done = subprocess.run(
            [sys.executable, "-c", EXAMINE], env=clean | here | environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert TOKEN not in done.stdout
        told: dict[str, Any] = json.loads(done.stdout)
        return told


@pytest.fixture
def system(tmp_path: Path) -> System:
    return System(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can take another account")
def test_root_sees_the_service_as_the_service_sees_itself(system: System) -> None:
    system.shows()
    told = system.examined()
    assert told["config"] == str(system.config)
    assert told["token"] == f"from {system.config.with_name('token')}", "read before the rights were given up"
    assert told["account"] != 0
    assert 0 not in told["groups"]
    assert told["command"] == (
        f"sudo -u nobody IMPASTO_DATA_DIR={system.data} /opt/impasto/venv/bin/impasto weights fetch"
    )
    folders, database, service = told["findings"]
    assert service[:2] == [
        "ok",
        "system service, runs since Sat 2026-11-21 17:32:58 UTC, started again 2 times after failures; "
        "it says: Nobody waits for a picture; all is well",
    ]
    assert folders[0] == "error", (
        "the data folder is root's alone here, and it is the service that must write"
    )
    assert "the account nobody" in folders[2]
    assert database[0] == "skipped", "that it can't be read is no fault of its own"


def test_settings_of_ones_own_come_before_those_of_the_service(system: System) -> None:
    system.shows()
    own = system.folder / "own.toml"
    own.write_text("private = false\n")
    told = system.examined(IMPASTO_CONFIG=str(own))
    assert told["config"] == str(own)
    assert told["account"] == os.geteuid()


@pytest.mark.parametrize(
    ("scope", "state", "finding"),
    [
        (
            "--system",
            {"active": "failed", "sub": "failed", "status": "78"},
            ["error", "The system service has stopped. The configuration is wrong."],
        ),
        (
            "--system",
            {
                "active": "failed",
                "sub": "failed",
                "status": "78",
                "says": "The configuration is wrong: no token",
            },
            ["error", "The system service has stopped. The configuration is wrong: no token."],
        ),
        (
            "--system",
            {"says": "1 picture waits; another program uses this token"},
            [
                "warning",
                "system service, runs since Sat 2026-11-21 17:32:58 UTC, started again 2 times after "
                "failures; it says: 1 picture waits; another program uses this token.",
            ],
        ),
        (
            "--system",
            {"active": "activating", "sub": "auto-restart"},
            ["error", "The system service does not run (activating, auto-restart)."],
        ),
        (
            "--system",
            {"active": "activating", "sub": "start"},
            [
                "warning",
                "The system service is just starting. It says: Nobody waits for a picture; all is well.",
            ],
        ),
        (
            "--system",
            {"enabled": "disabled"},
            ["warning", "The system service runs, but does not start with the computer."],
        ),
        (
            "--user",
            {},
            ["warning", "The user service runs, but ends when you log out, and waits for you to log in."],
        ),
    ],
    ids=[
        "configuration",
        "known configuration",
        "another program",
        "crashes",
        "starting",
        "disabled",
        "no lingering",
    ],
)
def test_a_service_that_is_not_there_as_it_should_be_is_told(
    system: System, scope: str, state: dict[str, str], finding: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    system.shows(scope=scope, **state)
    monkeypatch.setenv("PATH", f"{system.folder / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(system.folder / "home"))
    (service,) = installed()
    told = standing(service)
    assert [told.state.value, told.detail] == finding
    assert told.advice


def test_what_the_desktop_starts_is_found_and_that_it_is_dead_cut_off_in_an_update_and_not_alone(
    system: System,
) -> None:
    system.shows()
    entry = system.folder / "home" / "autostart" / "impasto.desktop"
    entry.parent.mkdir(parents=True)
    before = system.folder / "home" / "before"
    before.mkdir()
    program = system.folder / "home" / "venv" / "bin" / "impasto"
    entry.write_text(
        "[Desktop Entry]\nType=Application\nName=Impasto\n"
        f'Exec=env "IMPASTO_TOKEN_FILE={system.config.with_name("token")}" "IMPASTO_DATA_DIR={system.data}" '
        f'"{program}" run --config "{system.config}"\n'
    )
    told = system.examined()
    assert told["config"] == str(system.config)
    assert told["command"] == f"{program} weights fetch"
    *_storage, login, service, several, update = told["findings"]
    assert login[:2] == ["error", "Impasto is to start when you log in, but it does not run now."]
    assert service[0] == "ok"
    assert several[0] == "warning"
    assert "--autostart --uninstall; or: sudo ./install_service.sh --uninstall" in several[2]
    assert update[0] == "warning"
    assert str(before) in update[1]
