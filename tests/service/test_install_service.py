"""install_service.sh, run for real below a root folder; systemd itself is not started by it there."""

from __future__ import annotations

import os
import pty
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from .conftest import Machine

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
SCRIPT = Path(__file__).parents[2] / "install_service.sh"
STUDIO = "/srv/studio"
UNIT = "etc/systemd/system/impasto.service"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def install_with_studio(machine: Machine, *options: str) -> str:
    if not (machine.root / "srv").exists():
        machine.environment_at(STUDIO)
    done = machine.install("--python-env", STUDIO, *options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_installing_builds_an_environment_and_puts_everything_in_its_place(machine: Machine) -> None:
    done = machine.install(
        "--token-file", str(machine.token_file), "--owner", "42", "--python", sys.executable, "--disk", "1"
    )
    assert done.returncode == 0, done.stdout
    assert TOKEN not in done.stdout

    program = machine.root / "opt/impasto/venv/bin/impasto"
    assert program.read_text().startswith("#!/opt/impasto/venv/bin/python\n"), "paths of the system to come"
    said = subprocess.run([program.with_name("python"), program], capture_output=True, text=True)
    assert said.stdout == "painted\n"
    assert "ExecStart=/opt/impasto/venv/bin/impasto run" in (machine.root / UNIT).read_text()
    wanted = machine.root / "etc/systemd/system/multi-user.target.wants/impasto.service"
    assert wanted.readlink() == Path("/", UNIT)
    assert not list((machine.root / "opt/impasto").glob("src.*")), "nothing is left of the work"
    assert not (machine.root / "opt/impasto/src/impasto.toml").exists(), "what is private stays in the clone"

    accounts = dict(line.split(":", 1) for line in (machine.root / "etc/passwd").read_text().splitlines())
    assert accounts["impasto"].endswith("nologin")
    groups = dict(line.split(":")[:3:2] for line in (machine.root / "etc/group").read_text().splitlines())
    settings = machine.root / "etc/impasto/impasto.toml"
    assert tomllib.loads(settings.read_text()) == {"owner": 42}
    assert (mode(settings), settings.stat().st_gid) == (0o640, int(groups["impasto"]))
    token = machine.root / "etc/impasto/token"
    assert token.read_text() == f"{TOKEN}\n"
    assert (mode(token), token.stat().st_uid, token.stat().st_gid) == (0o600, 0, 0)


def test_token_is_asked_for_unseen_and_shows_in_no_process(machine: Machine) -> None:
    machine.environment_at(STUDIO)
    terminal, theirs = pty.openpty()
    installer = psutil.Popen(
        [*machine.arguments, "--python-env", STUDIO], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    answers = {b"unseen): ": ["not a token", TOKEN], b"for none): ": ["someone", "42"]}
    seen, new, processes = b"", b"", set[str]()
    while installer.poll() is None:
        for process in [installer, *installer.children(recursive=True)]:
            try:
                processes |= {*process.cmdline(), *process.environ().values()}
            except psutil.Error:
                continue
        try:
            new += (chunk := os.read(terminal, 1000))
        except OSError:  # how a terminal says that its other side is closed
            break
        seen += chunk
        for prompt, lines in answers.items():
            if new.endswith(prompt):
                os.write(terminal, lines.pop(0).encode() + b"\n")
                new = b""
    assert installer.wait(10) == 0, seen
    assert b"not a token" not in seen
    assert TOKEN.encode() not in seen
    assert not [text for text in processes if TOKEN in text]
    assert (machine.root / "etc/impasto/token").read_text() == f"{TOKEN}\n"
    assert tomllib.loads((machine.root / "etc/impasto/impasto.toml").read_text()) == {"owner": 42}


@pytest.mark.parametrize("content", ["", "hello", "987654321", "12:short", f"{TOKEN}\nand more", "x" + TOKEN])
def test_what_is_no_token_is_refused_before_anything_is_done(machine: Machine, content: str) -> None:
    machine.environment_at(STUDIO)
    before = machine.files()
    machine.token_file.write_text(content)
    done = machine.install("--python-env", STUDIO, "--token-file", str(machine.token_file))
    assert done.returncode == 1
    assert "holds no bot token" in done.stdout
    assert not content or content not in done.stdout
    assert machine.files() == before


def test_installing_again_keeps_token_and_settings(machine: Machine) -> None:
    install_with_studio(machine, "--token-file", str(machine.token_file))
    settings = machine.root / "etc/impasto/impasto.toml"
    settings.write_text("owner = 7\n")
    (machine.clone / "LICENSE").write_text("a newer file of the program")

    install_with_studio(machine)

    assert settings.read_text() == "owner = 7\n"
    assert TOKEN in (machine.root / "etc/impasto/token").read_text()
    assert (machine.root / "opt/impasto/src/LICENSE").exists()
    machine.token_file.write_text(TOKEN.replace("AAE", "BBE"))
    install_with_studio(machine, "--token-file", str(machine.token_file))
    assert "BBE" in (machine.root / "etc/impasto/token").read_text()


def test_update_that_fails_brings_the_old_program_back(machine: Machine) -> None:
    options = ("--token-file", str(machine.token_file), "--python", sys.executable, "--disk", "1")
    assert machine.install(*options).returncode == 0
    before = machine.files()
    (machine.clone / "requirements.txt").write_text("./core/not-there.whl\n")
    done = machine.install(*options)
    assert done.returncode == 1
    assert "packages could not be installed" in done.stdout
    assert "impasto-1.0" in (machine.root / "opt/impasto/src/requirements.txt").read_text()
    assert machine.files() == before


def test_uninstalling_leaves_settings_and_data_and_purging_nothing(machine: Machine) -> None:
    install_with_studio(machine, "--token-file", str(machine.token_file))
    data = machine.root / "var/lib/impasto/jobs.sqlite"
    data.parent.mkdir(parents=True)
    data.write_text("the owner's")

    assert machine.install("--uninstall").returncode == 0
    kept = {"etc/impasto/impasto.toml", "etc/sysusers.d/impasto.conf", "var/lib/impasto/jobs.sqlite"}
    assert machine.files() == kept | {"srv/studio/bin/impasto"}

    assert machine.install("--uninstall", "--purge").returncode == 0
    assert machine.files() == {"srv/studio/bin/impasto"}
    assert "impasto" not in (machine.root / "etc/passwd").read_text()
    assert machine.install("--uninstall", "--purge").returncode == 0, "a second time there is nothing to do"


def test_dry_run_tells_every_action_and_does_none(machine: Machine) -> None:
    machine.environment_at(STUDIO)
    before = machine.files()
    told = install_with_studio(machine, "--dry-run", "--token-file", str(machine.token_file))
    for action in ("copy the program", "create the account", "write the token", "impasto.toml", "at boot"):
        assert f"would {action}" in told or action in told
    assert TOKEN not in told
    assert machine.files() == before


def test_whoever_is_not_root_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        script = shutil.copy(SCRIPT, folder)
        done = subprocess.run([script], capture_output=True, text=True, user=None if os.geteuid() else 65534)
    assert done.returncode == 1
    assert "needs root" in done.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--token", TOKEN], "there is no option --token "),
        ([f"--token={TOKEN}"], "there is no option --token "),
        (["--owner", "@someone"], "numeric chat id"),
        (["--purge"], "goes with --uninstall"),
        (["--token-file"], "needs a value"),
        (["--python-env", "/home/me/venv"], "may not look into /home/me/venv"),
        (["--python-env", "/srv/nothing"], "no program"),
        (["--python", "/bin/true"], "is not Python 3.11"),
        (["--disk", "1000000"], "GiB are needed"),
        ([], "nobody is here to be asked"),
    ],
)
def test_refusals_say_why_and_change_nothing(machine: Machine, options: list[str], reason: str) -> None:
    machine.environment_at("/home/me/venv")
    before = machine.files()
    python = [] if {"--python", "--python-env"} & {*options} else ["--python", sys.executable]
    disk = [] if "--disk" in options else ["--disk", "1"]
    done = machine.install(*python, *disk, *options)
    assert done.returncode == 1
    assert reason in done.stdout
    assert TOKEN not in done.stdout
    assert machine.files() == before
