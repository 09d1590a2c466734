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
StatusText=all is well
"""
"""What systemd 252 says of the installed unit; seen on a booted system."""

EXAMINE = """
import asyncio, json, os
from impasto.doctor import presence, storage, telegram
from impasto.doctor.case import Case
from impasto.doctor.finding import Finding
from impasto.doctor.patient import admit

async def look(case):
    findings = [*await presence.service(case)]
    if case.patient.settings:
        findings.append(await storage.folders(case))
    return [[finding.state.value, finding.detail, finding.advice] for finding in findings]

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
        self.config, self.data = folder / "etc" / "impasto.toml", folder / "data"
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
    service, folders = told["findings"]
    assert service[:2] == [
        "ok",
        "system service, runs since Sat 2026-11-21 17:32:58 UTC, started again 2 times after failures; "
        "it says: all is well",
    ]
    assert folders[0] == "error", (
        "the data folder is root's alone here, and it is the service that must write"
    )


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
            ["error", "The system service has stopped, since its configuration is wrong."],
        ),
        (
            "--system",
            {"active": "activating", "sub": "auto-restart"},
            ["error", "The system service does not run (activating, auto-restart)."],
        ),
        (
            "--system",
            {"active": "activating", "sub": "start"},
            ["warning", "The system service is just starting. It says: all is well."],
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
    ids=["configuration", "crashes", "starting", "disabled", "no lingering"],
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


def test_what_the_desktop_starts_is_found(system: System) -> None:
    system.shows(scope="--nowhere")
    entry = system.folder / "home" / "autostart" / "impasto.desktop"
    entry.parent.mkdir(parents=True)
    entry.write_text(
        "[Desktop Entry]\nType=Application\nName=Impasto\n"
        f'Exec=env "IMPASTO_TOKEN_FILE={system.config.with_name("token")}" "IMPASTO_DATA_DIR={system.data}" '
        f'"/home/ada/venv/bin/impasto" run --config "{system.config}"\n'
    )
    told = system.examined()
    assert told["config"] == str(system.config)
    assert told["command"] == "/home/ada/venv/bin/impasto weights fetch"
    assert told["findings"][0][1] == "Impasto starts when you log in; it does not run now"
