"""install_service.sh, run for real below a root folder; systemd itself is not started by it there."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.service.installing import at_terminal

if TYPE_CHECKING:
    from tests.service.installing import Machine

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
SCRIPT = Path(__file__).parents[2] / "install_service.sh"
STUDIO = "/srv/studio"
CTRL_D = "\x04"
UNIT = "etc/systemd/system/impasto.service"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def install_with_studio(machine: Machine, *options: str) -> str:
    if not (machine.root / "srv").exists():
        machine.environment_at(STUDIO)
    done = machine.install("--python-env", STUDIO, *options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_everything_comes_in_its_place_and_an_update_that_fails_changes_nothing(machine: Machine) -> None:
    options = ("--token-file", str(machine.token_file), "--python", sys.executable, "--disk", "1")
    done = machine.install(*options, "--owner", "42")
    assert done.returncode == 0, done.stdout
    assert TOKEN not in done.stdout

    program = machine.root / "opt/impasto/venv/bin/impasto"
    assert program.read_text().startswith("#!/opt/impasto/venv/bin/python\n"), "paths of the system to come"
    said = subprocess.run([program.with_name("python"), program], capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
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

    before = machine.files()
    (machine.clone / "requirements.txt").write_text("./core/not-there.whl\n")
    done = machine.install(*options)
    assert done.returncode == 1
    assert "packages could not be installed" in done.stdout
    assert "impasto-1.0" in (machine.root / "opt/impasto/src/requirements.txt").read_text()
    assert machine.files() == before


def test_token_is_asked_for_unseen_and_shows_in_no_process(machine: Machine) -> None:
    machine.environment_at(STUDIO)
    command = [*machine.arguments, "--python-env", STUDIO]
    before = machine.files()
    code, seen, _ = at_terminal(command, {"unseen): ": [CTRL_D]})
    assert (code, machine.files()) == (1, before)
    assert "stopped by you; nothing was changed" in seen

    answers = {"unseen): ": ["not a token", TOKEN], "for none): ": ["someone", "42"]}
    code, seen, processes = at_terminal(command, answers)
    assert code == 0, seen
    assert "not a token" not in seen
    assert TOKEN not in seen
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

    said = install_with_studio(machine, "--owner", "42")

    assert "write this line into them yourself, at the top: owner = 42" in said
    assert settings.read_text() == "owner = 7\n"
    assert TOKEN in (machine.root / "etc/impasto/token").read_text()
    assert (machine.root / "opt/impasto/src/LICENSE").exists()
    machine.token_file.write_text(TOKEN.replace("AAE", "BBE"))
    install_with_studio(machine, "--token-file", str(machine.token_file))
    assert "BBE" in (machine.root / "etc/impasto/token").read_text()


def test_uninstalling_leaves_settings_and_data_and_purging_nothing(machine: Machine) -> None:
    install_with_studio(machine, "--token-file", str(machine.token_file))
    data = machine.root / "var/lib/impasto/jobs.sqlite"
    data.parent.mkdir(parents=True)
    data.write_text("the owner's")

    said = machine.install("--uninstall").stdout
    assert f"sudo rm -r {machine.root}/etc/impasto {machine.root}/var/lib/impasto" in said
    assert "sudo userdel" in said
    kept = {"etc/impasto/impasto.toml", "etc/sysusers.d/impasto.conf", "var/lib/impasto/jobs.sqlite"}
    assert machine.files() == kept | {"srv/studio/bin/impasto"}

    assert machine.install("--uninstall", "--purge").returncode == 0
    assert machine.files() == {"srv/studio/bin/impasto"}
    assert "impasto" not in (machine.root / "etc/passwd").read_text()
    again = machine.install("--uninstall", "--purge")
    assert (again.returncode, again.stdout) == (0, "No Impasto is installed for the whole computer.\n")


def test_dry_run_tells_every_action_and_does_none(machine: Machine) -> None:
    machine.environment_at(STUDIO)
    before = machine.files()
    told = install_with_studio(machine, "--dry-run", "--token-file", str(machine.token_file))
    for action in ("copy the program", "create the account", "write the token", "impasto.toml", "at boot"):
        assert f"would {action}" in told or action in told
    assert TOKEN not in told
    assert machine.files() == before


@pytest.mark.parametrize(("answer", "left"), [("", True), ("no", True), ("y", False)])
def test_uninstalling_at_a_terminal_asks_about_the_data(machine: Machine, answer: str, left: bool) -> None:
    install_with_studio(machine, "--token-file", str(machine.token_file))
    code, seen, _ = at_terminal([*machine.arguments, "--uninstall"], {"[y/N] ": [answer]})
    assert code == 0, seen
    assert "[y/N]" in seen
    assert (machine.root / "etc/impasto/impasto.toml").exists() is left


def test_script_without_its_parts_says_so(tmp_path: Path) -> None:
    done = subprocess.run([shutil.copy(SCRIPT, tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1
    assert "complete copy" in done.stderr


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--token", TOKEN], "there is no option --token "),
        ([f"--token={TOKEN}"], "there is no option --token "),
        ([TOKEN], "never given here"),
        (["--owner", "@someone"], "numeric chat id"),
        (["--purge"], "goes with --uninstall"),
        (["--upgrade"], "nothing is installed here"),
        (["--user"], "alone"),
        (["--weights", "all"], "do it later"),
        (["--weights", "one two"], "separated by commas"),
        (["--torch-index", "cpu"], "needs an address"),
        (["--token-file"], "needs a value"),
        (["--python-env", "/home/me/venv"], "may not look into /home/me/venv"),
        (["--python-env", "/srv/nothing"], "no program"),
        (["--python", "/bin/true"], "is not Python 3.11"),
        (["--disk", "1000000"], "mount point"),
        (["--restart"], "not below --root"),
        (["--unattended", "--dry-run"], "nobody is here to be asked"),
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


@pytest.mark.parametrize(
    ("release", "command"),
    [
        ('ID=debian\nVERSION_ID="12"', "apt install a"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'", "apt install a"),
        ("ID=fedora", "dnf install b"),
        ("ID=arch", "pacman -S c"),
        ("ID=endeavouros\nID_LIKE=arch", "pacman -S c"),
        ("ID=void", "your package manager; on Debian the packages are called a"),
    ],
)
def test_hints_name_the_command_of_this_distribution(tmp_path: Path, release: str, command: str) -> None:
    (tmp_path / "os-release").write_text(release)
    telling = SCRIPT.parent / "service/linux/telling.sh"
    ask = f". {telling}; os_release={tmp_path}/os-release; install_hint a b c"
    assert subprocess.run(["bash", "-euc", ask], capture_output=True, text=True).stdout == f"{command}\n"


OTHERS = """
set -Eeuo pipefail
. {linux}/telling.sh
. {linux}/checks.sh
. {linux}/removing.sh
getent() {{ echo lena:x:1000:1000::{home}:/bin/bash; }}
kind={kind} fresh=yes root="" settings={home}/root token={token} entry="" data_wish=""
unit={home}/none prefix={home}/none data={home}/none system_unit={home}/impasto.service
{does}
"""


@pytest.mark.parametrize("does", ["check_no_other_way", "nothing_is_here"])
def test_a_user_is_told_of_the_service_for_the_whole_computer(tmp_path: Path, does: str) -> None:
    assert others(tmp_path, "user", does)[0] == 0
    (tmp_path / "impasto.service").touch()
    code, said = others(tmp_path, "user", does)
    assert code == 1
    assert "sudo /opt/impasto/src/install_service.sh --uninstall" in said


def test_two_on_one_token_are_refused(tmp_path: Path) -> None:
    own = tmp_path / ".config/impasto/token"
    own.parent.mkdir(parents=True)
    own.write_text(f"{TOKEN}\n")
    assert others(tmp_path, "system", "check_token_is_free")[0] == 0, "no service is there for this token"
    unit = tmp_path / ".config/systemd/user/impasto.service"
    unit.parent.mkdir(parents=True)
    unit.touch()
    removal = (
        f"as lena (the data stay): {tmp_path}/.local/share/impasto-service/src/install_service.sh --uninst"
    )
    code, said = others(tmp_path, "system", "check_token_is_free")
    assert (code, removal in said, TOKEN in said) == (1, True, False)
    assert "lena has one of their own" in others(tmp_path, "system", "nothing_is_here")[1]
    own.write_text(TOKEN.replace("AAE", "BBE"))
    assert others(tmp_path, "system", "check_token_is_free")[0] == 0, "two bots may live side by side"


def others(home: Path, kind: str, does: str) -> tuple[int, str]:
    """What the installer finds about other installations, on a computer of lena's."""
    script = OTHERS.format(
        linux=SCRIPT.parent / "service/linux", home=home, kind=kind, does=does, token=TOKEN
    )
    done = subprocess.run(["bash", "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.returncode, done.stdout
