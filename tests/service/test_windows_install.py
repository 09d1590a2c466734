"""The Windows installer, with Windows' commands and pywin32 played by fake_windows and everything else real.

Real are: the environment and pip, the copies and their way back, the service's host, its supervisor, and the
child that it runs, a small program in Impasto's place.
"""

from __future__ import annotations

import http.server
import json
import os
import pty
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from impasto.doctor import services
from tests.service.windows_computer import (
    ALONE,
    ANSWERS,
    BASE_PYTHON,
    DYING,
    FAILS,
    IS_FORBIDDEN,
    LACKS_A_LIBRARY,
    LOADS,
    MISCONFIGURED,
    NEVER_ANSWERS,
    REPOSITORY,
    Computer,
)


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    computer = Computer(tmp_path)
    yield computer
    computer.end()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment as the installer makes it first of all, to spare most tests these seconds."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([BASE_PYTHON, "-m", "venv", folder], check=True)
    return folder


@pytest.fixture
def begun(computer: Computer, environment: Path) -> Computer:
    """A computer on which an installation had begun and was cut off."""
    for program in (computer.program, computer.own / "Programs" / "Impasto"):
        program.mkdir(parents=True)
        subprocess.run(["cp", "-a", environment, program], check=True)
    return computer


def test_service_is_installed_updated_rolled_back_and_removed(computer: Computer) -> None:
    code, words = computer.run("-TokenFile", str(computer.token_file), "-Owner", "42", "-Weights", "all")
    assert code == 0, words
    assert "Impasto answers" in words and "fetched photo-x4" in words
    assert (computer.state / "impasto.toml").read_text().endswith("\nowner = 42\n")
    assert not (computer.program / "src" / "private.toml").exists()
    known = json.loads((computer.fake / "service.json").read_text())
    assert known["options"] == ["--username", "NT SERVICE\\Impasto", "--startup", "delayed"]
    told = computer.told()
    assert ["sc", "failureflag", "Impasto", "1"] in told
    rights = next(
        words for words in told if words[0] == "icacls" and words[1] == str(computer.state / "token")
    )
    assert rights[2:] == ["/setowner", "*S-1-5-32-544", "/Q"]

    computer.publish("2", ANSWERS)
    code, words = computer.run("-Upgrade")
    assert code == 0, words
    assert "version 2 runs" in computer.log() and "private" not in words
    assert not (computer.program / "before").exists() and not (computer.state / "before").exists()

    computer.publish("3", FAILS)
    code, words = computer.run()
    assert code == 1
    assert "  something is missing\nPutting back what was before" in words
    assert "What was before is back, and answers." in words
    assert computer.log().endswith("version 2 runs 45\n"), "the old one was started again"
    assert (computer.state / "data" / "impasto.sqlite3").read_text() == "made by 2"
    assert "impasto-2" in " ".join(computer.files()) and "impasto-3" not in " ".join(computer.files())
    assert not (computer.program / "before").exists()

    code, words = computer.run("-Uninstall", "-KeepData")
    assert code == 0, words
    assert not computer.program.exists() and not (computer.state / "token").exists()
    assert (computer.state / "impasto.toml").exists()
    assert not (computer.fake / "service.json").exists() and not (computer.fake / "sources").exists()


def test_first_installation_that_does_not_come_up_leaves_nothing_behind(begun: Computer) -> None:
    computer = begun
    computer.publish("1", FAILS)
    code, words = computer.run("-TokenFile", str(computer.token_file), "-Unattended")
    assert code == 1
    assert "something is missing" in words and "has been removed again" in words
    assert computer.files() == set()
    assert not (computer.fake / "service.json").exists()


def test_stopping_the_installer_puts_everything_back(begun: Computer) -> None:
    computer = begun
    computer.publish("1", NEVER_ANSWERS)
    installer = subprocess.Popen(
        computer.command("-TokenFile", str(computer.token_file), "-Unattended"),
        env=computer.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert installer.stdout is not None
    for line in installer.stdout:
        if "wait until it answers" in line:
            break
    deadline = time.monotonic() + 20
    while ["sc", "start", "Impasto"] not in computer.told() and time.monotonic() < deadline:
        time.sleep(0.05)
    installer.send_signal(signal.SIGINT)
    words = installer.communicate(timeout=60)[0]
    assert installer.returncode == 1
    assert "stopped by you" in words
    assert computer.files() == set()


@pytest.mark.parametrize(
    ("then", "torch", "said"),
    [
        (ALONE, LOADS, "can't be reached"),
        (MISCONFIGURED, LOADS, "configuration is wrong"),
        (DYING, LOADS, "the workers die one after the other on cpu"),
        (ANSWERS, LACKS_A_LIBRARY, "winget install --exact --id Microsoft.VCRedist.2015+.x64"),
        (ANSWERS, IS_FORBIDDEN, "Smart App Control"),
    ],
    ids=["no network", "wrong settings", "dying workers", "no Visual C++", "forbidden library"],
)
def test_what_the_owner_can_mend_leaves_it_installed(
    begun: Computer, then: str, torch: str, said: str
) -> None:
    computer = begun
    computer.publish("1", then, torch)
    code, words = computer.run("-TokenFile", str(computer.token_file), "-Unattended")
    assert (code, said in words) == (3, True), words
    assert "Traceback" not in words
    assert (computer.fake / "service.json").exists()


def test_missing_library_is_told_before_anything_is_changed(computer: Computer) -> None:
    (computer.folder / "System32" / "msvcp140.dll").unlink()
    code, words = computer.run("-TokenFile", str(computer.token_file))
    assert (code, "winget install --exact --id Microsoft.VCRedist" in words) == (1, True), words
    assert computer.files() == set()


def test_user_without_a_service_gets_a_task_that_stops_in_order(
    begun: Computer, monkeypatch: pytest.MonkeyPatch
) -> None:
    computer = begun
    computer.environment["USERNAME"] = "Erika O'Brien"
    program, state = computer.own / "Programs" / "Impasto", computer.own / "ImpastoService"
    # The environment was made with another Python than that which runs the installer now.
    older = computer.folder / "Python312" / "python.exe"
    older.parent.mkdir()
    older.symlink_to(BASE_PYTHON)
    made = program / "venv" / "pyvenv.cfg"
    made.write_text(re.sub(r"(?m)^executable = .*$", f"executable = {older}", made.read_text()))
    code, words = computer.run("-Autostart", "-TokenFile", str(computer.token_file), "-Unattended")
    assert code == 0, words
    task = (computer.fake / "task.xml").read_text(encoding="utf-16")
    assert "<LogonTrigger><Enabled>true</Enabled><UserId>S-1-5-21-1-2-3-1001</UserId>" in task
    assert "<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>" in task
    assert f"<Command>{older.with_name('pythonw.exe')}</Command>" in task
    assert ["sc", "query", "Impasto"] not in computer.told() and not computer.state.exists()
    assert json.loads((state / "data" / "logs" / "state.json").read_text())["state"] == "ready"
    wish = f"Set-Content '{state / 'data' / 'logs' / 'restart'}' ''"
    assert f"{wish}; Start-ScheduledTask 'Impasto-Erika O''Brien'\n" in words

    monkeypatch.setenv("LOCALAPPDATA", str(computer.own))
    found = services._windows_login()
    assert found is not None, "the doctor finds it where the installer puts it"
    assert (found.config, found.data) == (state / "impasto.toml", state / "data")
    assert (found.says, Path(found.program).parents[1]) == ("", program / "venv")

    code, words = computer.run("-Autostart", "-Uninstall", "-Purge")
    assert code == 0, words
    assert ["schtasks", "/End", "/TN", "Impasto-Erika O'Brien"] not in computer.told()
    assert [path.name for path in computer.own.rglob("*")] == ["Programs"]


def test_dry_run_tells_every_action_and_changes_nothing(computer: Computer) -> None:
    before = computer.files()
    code, words = computer.run("-DryRun", "-TokenFile", str(computer.token_file))
    assert code == 0, words
    assert computer.files() == before
    assert {words[1] for words in computer.told() if words[0] == "sc"} == {"query"}
    for action in (
        "-m venv",
        "-r requirements.txt",
        "icacls.exe",
        "windows_service.py",
        "sc.exe start Impasto",
    ):
        assert action in words


def test_graphics_card_gets_the_build_of_torch_that_its_owner_names(computer: Computer) -> None:
    driver = computer.folder / "System32" / "nvidia-smi.exe"
    driver.write_text(
        '#!/bin/sh\n[ $# = 0 ] && echo "| Driver Version: 581.15   CUDA Version: 13.0 |" || '
        'echo "NVIDIA GeForce RTX 4070, 581.15"\n'
    )
    driver.chmod(0o755)
    options = ["-DryRun", "-TokenFile", str(computer.token_file), "-Unattended"]
    _code, words = computer.run(*options)
    assert "RTX 4070 here; its driver 581.15 knows CUDA up to 13.0" in words
    assert "Going on without the card" in words and "--index-url" not in words.partition("* Copy")[2]

    said = "pip3 install torch torchvision --index-url https://torch.example/cu130"
    _code, words = computer.run(*options, "-TorchIndex", said)
    alone = "--no-deps --index-url https://torch.example/cu130 --force-reinstall torch==2.14.1 torchvision"
    assert alone in words


def test_wrong_token_is_refused_before_anything_is_changed(computer: Computer) -> None:
    class Telegram(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(401)

        def log_message(self, *_words: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Telegram) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        computer.environment["IMPASTO_TELEGRAM__BASE_URL"] = f"http://127.0.0.1:{server.server_port}/bot"
        code, words = computer.run("-TokenFile", str(computer.token_file))
        server.shutdown()
    assert (code, "Telegram does not know this token" in words) == (1, True)
    assert computer.files() == set()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-Unattended"], "give it with -TokenFile"),
        (["-Upgrade"], "nothing is installed here that could be updated"),
        (["-Purge"], "-Purge goes with -Uninstall"),
        (["-Uninstall"], "nothing of Impasto is installed here"),
        (["-TokenFile", "nowhere"], "cannot be read"),
        (["-TorchIndex", "cu130"], "needs an address that begins with https://"),
        (["-Nonsense"], "unrecognized arguments"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(computer: Computer, options: list[str], said: str) -> None:
    code, words = computer.run(*options)
    assert (code, said in words) == (1, True), words
    assert computer.files() == set()


def test_owner_is_asked_about_the_data_when_it_is_removed(computer: Computer) -> None:
    (computer.state / "data").mkdir(parents=True)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(BASE_PYTHON, computer.command("-Uninstall"), computer.environment)
    words = b""
    while b"[y/N]" not in words:
        words += os.read(terminal, 1000)
    os.write(terminal, b"y\n")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert not computer.state.exists()


def test_every_option_of_the_script_reaches_the_installer(monkeypatch: pytest.MonkeyPatch) -> None:
    script = (REPOSITORY / "install_service.ps1").read_text()
    block = script[script.index("\nparam(") : script.index("Set-StrictMode")]
    declared = set(re.findall(r"\$(\w+)[,\n]", block))
    monkeypatch.syspath_prepend(str(REPOSITORY / "service"))
    import windows_install

    options = {action.option_strings[0].lstrip("-") for action in windows_install.options()._actions}
    assert options == declared - {"Python"} | {"Fits"}
    handed_on = set(re.findall(r"'(\w+)'", script[script.index("$words = @()\nforeach") :]))
    assert declared - {"Python"} <= handed_on
