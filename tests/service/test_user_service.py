"""install_service.sh --user and --autostart, run for real in a home folder; fakes/ stands for systemd.

The environments are real ones, made by the real pip; in them is a program of a few lines in Impasto's place.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psutil
import pytest

from tests.service.installing import PROGRAM, Person, at_terminal, installed, write_wheel

REAL = ("--user", "--unattended", "--python", sys.executable, "--disk", "1")
SPOILT = "open(os.environ['IMPASTO_DATA_DIR'] + '/impasto.sqlite3', 'w').write('newer'); sys.exit(3)"


def test_own_service_comes_with_lingering_updates_goes_back_and_goes_away(person: Person) -> None:
    (person.fakes / "version").write_text("257")
    said = installed(person, *REAL, "--owner", "42", "--token-file", str(person.token_file))
    assert "Impasto answers in Telegram" in said
    assert "journalctl --user --unit=impasto.service -f" in said
    token = person.home / ".config/impasto/token"
    assert (token.read_text(), stat.S_IMODE(token.stat().st_mode)) == (
        f"{person.token_file.read_text()}\n",
        0o600,
    )
    assert person.calls.index("loginctl enable-linger") < person.calls.index("impasto run")
    assert "systemctl --user --quiet enable impasto.service" in person.calls
    assert sorted(path.name for path in person.prefix.iterdir()) == [
        "lingering",
        "made-folders",
        "src",
        "venv",
    ]
    assert person.unit.with_name("impasto.service.d").joinpath("restart-steps.conf").exists()

    database = person.home / ".local/share/impasto/impasto.sqlite3"
    database.parent.mkdir(mode=0o777)
    database.parent.chmod(0o777)
    database.write_text("older")
    database.chmod(0o666)
    settings = person.home / ".config/impasto/impasto.toml"
    assert "owner = 42" in settings.read_text()
    before = person.files()

    person.new_version("2.0", SPOILT)
    failed = person.install(*REAL, "--upgrade")
    assert failed.returncode == 1
    assert "ended with exit code 3" in failed.stdout
    assert "what the log says last" in failed.stdout
    assert "line 1 of" not in failed.stdout
    assert "Everything is as it was before, and the Impasto of before runs again." in failed.stdout
    assert person.files() == before, "program, every file of the environment, and the database"
    assert (person.fakes / "ActiveState").read_text() == "active\n"

    person.new_version("3.0", requires="Requires-Dist: torch\nRequires-Dist: torchvision\n")
    installed(person, *REAL, "--upgrade", "--torch-index", torch_index(person))
    assert (person.prefix / "src/requirements.txt").read_text() == "./core/impasto-3.0-py3-none-any.whl\n"
    assert list(person.prefix.glob("venv/lib/python*/site-packages/impasto-3.0.dist-info"))
    assert list(person.prefix.glob("venv/lib/python*/site-packages/torch-*+cpu.dist-info"))
    constraints = (person.prefix / "src/constraints.txt").read_text()
    assert "nvidia" not in constraints, "another torch has other companions"
    assert (person.prefix / "torch-index").read_text() == f"{torch_index(person)}\n", "for the next update"
    assert settings.read_bytes() == before[".config/impasto/impasto.toml"]
    assert database.read_text() == "older"
    assert not (person.prefix / "before").exists()

    before = person.files()
    told = installed(person, "--user", "--uninstall", "--dry-run")
    assert "would ask whether settings and data go too" in told
    assert f"would remove {person.prefix}" in told
    assert person.files() == before

    said = installed(person, "--user", "--uninstall", "--unattended")
    assert "the bot's token with it" in said
    assert set(person.files()) == {".config/impasto/impasto.toml", ".local/share/impasto/impasto.sqlite3"}
    assert "loginctl disable-linger" in person.calls
    installed(person, "--user", "--uninstall", "--purge")
    assert person.files() == {}


def torch_index(person: Person) -> str:
    """The address of an index of packages that has the pinned torch for the CPU."""
    index = person.clone / "index"
    for line in (person.clone / "constraints.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        if name in {"torch", "torchvision"} and not (index / name).exists():
            (index / name).mkdir(parents=True)
            wheel = write_wheel(index / name, name, f"{version}+cpu")
            (index / name / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return index.as_uri()


def test_autostart_starts_with_the_desktop_and_at_once(person: Person, studio: tuple[str, ...]) -> None:
    program = person.clone / "core/program.py"
    program.write_text(PROGRAM.format(program="pass"))
    there = person.prefix / "src/core/program.py"
    Path(studio[1], "bin/impasto").write_text(
        f"#!{sys.executable}\nimport runpy\nrunpy.run_path({str(there)!r})['main']()\n"
    )
    options = ("--autostart", "--unattended", *studio)
    try:
        installed(person, *options, "--token-file", str(person.token_file))
        first = running(studio)
        assert len(first) == 1
        assert first[0].environ()["IMPASTO_TOKEN_FILE"] == str(person.home / ".config/impasto/token")
        entry = person.home / ".config/autostart/impasto.desktop"
        assert f'"{studio[1]}/bin/impasto" run --config "{person.home}/.config/' in entry.read_text()
        if validator := shutil.which("desktop-file-validate"):
            assert subprocess.run([validator, entry]).returncode == 0
        assert not [call for call in person.calls if call.startswith(("systemctl", "loginctl"))]

        program.write_text(PROGRAM.format(program="sys.exit(78)"))
        failed = person.install(*options)
        assert failed.returncode == 1
        assert "its settings or its token are wrong" in failed.stdout
        assert "then run this again" in failed.stdout
        assert "the Impasto of before runs again" in failed.stdout
        second = running(studio)
        assert len(second) == 1
        assert second != first
        assert "Impasto answers" in installed(person, "--autostart", "--restart")
        assert len(running(studio)) == 1
        assert running(studio) != second

        assert "starts at your login already" in person.install("--user", *studio).stdout
        installed(person, *options, "--uninstall", "--purge")
        assert running(studio) == []
        assert not list(person.home.iterdir()), "the folders that were made for it are gone too"
    finally:
        for process in running(studio):
            process.kill()


def running(studio: tuple[str, ...]) -> list[psutil.Process]:
    words = {f"{studio[1]}/bin/impasto", "run"}
    return [
        process for process in psutil.process_iter(["cmdline"]) if words <= {*(process.info["cmdline"] or [])}
    ]


def test_telegram_that_is_not_reached_yet_leaves_the_installation_waiting_for_it(
    person: Person, studio: tuple[str, ...]
) -> None:
    (person.fakes / "StatusText").write_text("Starting; Telegram has not answered yet\n")
    token = ("--token-file", str(person.token_file))
    done = person.install("--user", *studio, *token, "--weights", "nst.large")
    assert done.returncode == 3
    assert "Telegram can't be reached from here; it keeps trying" in done.stdout
    assert "nothing has to be run again" in done.stdout
    for later in ("bin/impasto doctor", "journalctl", "--user --uninstall", "Send it /id"):
        assert later in done.stdout
    assert person.unit.exists()
    assert fetched(person) == ["nst.large"]


def test_wrong_settings_leave_the_installation_to_be_mended(person: Person, studio: tuple[str, ...]) -> None:
    (person.fakes / "impasto").write_text("[[ $1 != run ]] || exit 78\n")
    token = ("--token-file", str(person.token_file))
    done = person.install("--user", *studio, *token, "--weights", "nst.large")
    assert done.returncode == 3
    assert f"Mend {person.home}/.config/impasto/impasto.toml, then: systemctl --user restart" in done.stdout
    assert "No weights were downloaded." in done.stdout
    assert person.unit.exists()


def test_full_disk_is_told_and_leaves_nothing(person: Person, studio: tuple[str, ...]) -> None:
    has_free(person, gib=0)
    fake(person, "tar", "exit 2")
    done = person.install("--user", *studio, "--token-file", str(person.token_file))
    assert done.returncode == 1
    assert f"The disk of {person.home}" in done.stdout
    assert "is full: make room, then run this again" in done.stdout
    assert not list(person.home.iterdir())


def test_torch_for_the_cpu_needs_less_room(person: Person) -> None:
    has_free(person, gib=6)
    options = ("--user", "--dry-run", "--python", sys.executable, "--token-file", str(person.token_file))
    refused = person.install(*options)
    assert refused.returncode == 1
    assert "6 GiB free; 10 GiB are needed" in refused.stdout
    assert "--torch-index" in refused.stdout
    installed(person, *options, "--torch-index", "https://packages.example/cpu")


def has_free(person: Person, gib: int) -> None:
    fake(person, "df", f"echo 'Filesystem 1024-blocks Used Available'; echo 'disk 1 1 {gib * 2**20}'")


def fake(person: Person, tool: str, does: str) -> None:
    path = person.fakes / tool
    path.write_text(f"#!/bin/bash\n{does}\n")
    path.chmod(0o755)


@contextmanager
def telegram(person: Person) -> Iterator[None]:
    """A Bot API server that knows no token, in the person's settings."""

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(401)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = person.home / ".config/impasto/impasto.toml"
        settings.parent.mkdir(parents=True)
        settings.write_text(f'[telegram]\nbase_url = "http://127.0.0.1:{server.server_port}/bot"\n')
        yield
        server.shutdown()


def test_token_that_telegram_does_not_know_is_refused_at_once(
    person: Person, studio: tuple[str, ...]
) -> None:
    with telegram(person):
        done = person.install("--user", *studio, "--token-file", str(person.token_file))
    assert done.returncode == 1
    assert "Telegram does not know the token" in done.stdout
    assert set(person.files()) == {".config/impasto/impasto.toml"}


def test_weights_that_do_not_come_fail_nothing_else(person: Person, studio: tuple[str, ...]) -> None:
    (person.fakes / "impasto").write_text("[[ $1 != weights ]] || exit 1\n")
    options = ("--user", *studio, "--token-file", str(person.token_file))
    said = installed(person, *options, "--weights", "nst.broad,nst.large")
    assert fetched(person) == ["nst.broad", "nst.large"]
    assert "The weights did not come" in said


def test_at_a_terminal_one_chooses_weights_by_name_and_size(person: Person, studio: tuple[str, ...]) -> None:
    effect = {"id": "x.monet", "title": "Water lilies", "missing_weights": ["lilies-1", "lilies-2"]}
    weights = [
        {"name": name, "size": 22800000, "effects": ["x.monet"], "addresses": ["there"], "file": None}
        for name in effect["missing_weights"]
    ]
    (person.fakes / "impasto").write_text(
        f"case $* in *effects*) echo '{json.dumps([effect])}' ;;"
        f"*list*) echo '{json.dumps(weights)}' ;; esac\n"
    )
    command = person.command("--user", *studio, "--token-file", str(person.token_file))
    answers = {"for none): ": ["42"], "for none: ": ["monnet", "x.monet"]}
    code, seen, _ = at_terminal(command, answers, person.environment)
    assert code == 0, seen
    assert "the name monnet" in seen
    assert re.search(r"x\.monet +45\.6 MB +Water lilies", seen)
    assert fetched(person) == ["x.monet"]


def fetched(person: Person) -> list[str]:
    """The weights that Impasto was asked to download."""
    asked = "impasto weights fetch --yes "
    calls = [call.removeprefix(asked) for call in person.calls if call.startswith(asked)]
    return calls[0].partition(" --config ")[0].split()


def test_user_manager_that_is_not_reached_is_told(person: Person, studio: tuple[str, ...]) -> None:
    (person.fakes / "unreachable").touch()
    done = person.install("--user", *studio, "--token-file", str(person.token_file))
    assert done.returncode == 1
    assert "sudo loginctl enable-linger" in done.stdout
    assert person.files() == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
@pytest.mark.parametrize("kind", ["--user", "--autostart"])
def test_root_is_refused_a_service_of_its_own(person: Person, kind: str) -> None:
    script = str(person.clone / "install_service.sh")
    done = subprocess.run([script, kind], env=person.environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "run it as yourself, without sudo" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--user"],
            ["src.new", "pip install", "enable impasto.service", "enable-linger", "restart impasto.service"],
        ),
        (["--autostart"], ["-m venv", "autostart/impasto.desktop", "start it"]),
    ],
)
def test_dry_run_tells_each_command_and_does_none(
    person: Person, options: list[str], told: list[str]
) -> None:
    said = installed(person, *options, "--dry-run", "--python", sys.executable, "--disk", "1")
    places = [said.find(action) for action in told]
    assert -1 not in places
    assert places == sorted(places), said
    assert person.files() == {}
    assert not [call for call in person.calls if "enable" in call or "restart" in call]


def test_unit_passes_systemd_verify(person: Person, studio: tuple[str, ...], systemd_analyze: str) -> None:
    installed(person, "--user", *studio, "--token-file", str(person.token_file))
    verdict = subprocess.run(
        [systemd_analyze, "verify", "--user", str(person.unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(person.fakes)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert (verdict.returncode, verdict.stdout) == (0, "")
