"""Somebody who runs the installer, below a root folder or in a home folder, and what they see."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

PROGRAM = """
import os, signal, socket, sys

def main():
    with open(os.environ["FAKES"] + "/calls" if "FAKES" in os.environ else os.devnull, "a") as calls:
        print("impasto", *sys.argv[1:], file=calls)
    if "run" not in sys.argv:
        return
    {program}
    if address := os.environ.get("NOTIFY_SOCKET"):
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", address)
        signal.pause()
"""


def write_wheel(folder: Path, name: str, version: str, program: str = "", requires: str = "") -> Path:
    info = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}_program.py", program)
        about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}"
        wheel.writestr(f"{info}/METADATA", about)
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", f"[console_scripts]\n{name}={name}_program:main\n")
        wheel.writestr(f"{info}/RECORD", "")
    return path


@dataclass
class Machine:
    """A folder that stands for another system, and the repository to install on it."""

    root: Path
    clone: Path
    token_file: Path

    @property
    def arguments(self) -> list[str]:
        return [str(self.clone / "install_service.sh"), "--root", str(self.root)]

    def install(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.arguments, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )

    def environment_at(self, path: str) -> None:
        """Put an environment with an `impasto` into the system, as its owner may have made one before."""
        program = self.root / path.lstrip("/") / "bin" / "impasto"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)

    def files(self) -> set[str]:
        """Every file below the root, but for the system's own accounts."""
        ours = (path for path in self.root.rglob("*") if not path.is_dir() or path.is_symlink())
        accounts = {"passwd", "shadow", "group", "gshadow"}
        return {
            str(path.relative_to(self.root))
            for path in ours
            if path.name.strip("-").lstrip(".") not in accounts
        } - {"etc/.pwd.lock"}


@dataclass
class Person:
    """Somebody without root, with a home folder; what stands for their systemd is told by files in `fakes`.

    It starts the unit's program and waits for its end: exit code 0 says that the bot answers.
    """

    home: Path
    clone: Path
    fakes: Path
    token_file: Path

    @property
    def unit(self) -> Path:
        return self.home / ".config/systemd/user/impasto.service"

    @property
    def prefix(self) -> Path:
        return self.home / ".local/share/impasto-service"

    @property
    def calls(self) -> list[str]:
        """What systemctl, loginctl and Impasto were called with."""
        log = self.fakes / "calls"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": f"{self.fakes}:/usr/bin:/bin:/usr/sbin:/sbin",
            "FAKES": str(self.fakes),
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.fakes),
            "https_proxy": "http://127.0.0.1:9",  # nobody asks the real Telegram
        }

    def command(self, *options: str) -> list[str]:
        # Without rights but one: to run a Python that lies in root's home folder, as pyenv's does.
        right = "+dac_override"
        someone = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        drop = [*someone, f"--inh-caps={right}", f"--ambient-caps={right}", "--"]
        return [*([] if os.geteuid() else drop), str(self.clone / "install_service.sh"), *options]

    def install(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*options),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=100,
        )

    def files(self) -> dict[str, bytes]:
        """Everything in the home folder, with its content."""
        return {
            str(path.relative_to(self.home)): b"link" if path.is_symlink() else path.read_bytes()
            for path in self.home.rglob("*")
            if path.is_symlink() or path.is_file()
        }

    def new_version(self, version: str, program: str = "pass", requires: str = "") -> None:
        """Let the clone be of that version; `program` is what its Impasto does when it is started."""
        for wheel in (self.clone / "core").glob("*.whl"):
            wheel.unlink()
        write_wheel(self.clone / "core", "impasto", version, PROGRAM.format(program=program), requires)
        (self.clone / "requirements.txt").write_text(f"./core/impasto-{version}-py3-none-any.whl\n")


def at_terminal(
    command: list[str], answers: dict[str, list[str]], environment: dict[str, str] | None = None
) -> tuple[int, str, set[str]]:
    """Run `command` at a terminal, and give the answers to what it asks, by the end of the question.

    Returns its exit code, what was to be seen, and the arguments and environments of all its processes.
    """
    terminal, theirs = pty.openpty()
    asking = psutil.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    seen, new, processes = "", "", set[str]()
    while select.select([terminal], [], [], 60)[0]:
        for process in [asking, *asking.children(recursive=True)]:
            with suppress(psutil.Error):
                processes |= {*process.cmdline(), *process.environ().values()}
        try:
            new += (chunk := os.read(terminal, 1000).decode(errors="replace"))
        except OSError:  # how a terminal says that its other side is closed
            break
        seen += chunk
        for question, lines in answers.items():
            if new.endswith(question):
                os.write(terminal, lines.pop(0).encode() + b"\n")
                new = ""
    os.close(terminal)
    with suppress(psutil.TimeoutExpired):
        return asking.wait(10), seen, processes
    asking.kill()
    return -1, f"{seen}\n(nothing more came)", processes


def installed(person: Person, *options: str) -> str:
    """What the installer says where it comes to a good end."""
    done = person.install(*options)
    assert done.returncode == 0, done.stdout
    return done.stdout
