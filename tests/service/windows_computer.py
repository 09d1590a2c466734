"""A Windows computer as its installer sees it: real Pythons and folders, fakes for Windows' own commands."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
FAKES = Path(__file__).parent / "fake_windows"
TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
BASE_PYTHON = getattr(sys, "_base_executable", sys.executable)

PROGRAM = """
import os, pathlib, sys
data = pathlib.Path(os.environ["IMPASTO_DATA_DIR"])
if "list" in sys.argv:
    print('[{"name": "photo-x4", "size": 67, "file": null, "addresses": ["a"], "effects": ["enlarge"]}]')
elif "fetch" in sys.argv:
    print("fetched", sys.argv[sys.argv.index("fetch") + 1])
else:
    assert sys.flags.isolated and sys.flags.utf8_mode and sys.argv[1:3] == ["run", "--config"]
    token = pathlib.Path(os.environ["IMPASTO_TOKEN_FILE"]).read_text().strip()
    (data / "impasto.sqlite3").write_text("made by {version}")
    print("version {version} runs", len(token), file=sys.stderr, flush=True)
    {then}
"""
ANSWERS = "print('WATCHDOG=1\\nREADY=1', flush=True); sys.stdin.read()"
ALONE = "print('READY=1\\nSTATUS=Telegram can\\'t be reached since 10:00', flush=True); sys.stdin.read()"
DYING = (
    "print('STATUS=Nobody waits; the workers die one after the other on cpu; the log says of what\\n"
    "READY=1', flush=True); sys.stdin.read()"
)
FAILS = "sys.exit('something is missing')"
MISCONFIGURED = "sys.exit(78)"
NEVER_ANSWERS = "sys.stdin.read()"
LOADS = ""
LACKS_A_LIBRARY = "print('Microsoft'); raise OSError('[WinError 126] Not found. Error loading c10.dll')"
IS_FORBIDDEN = "raise OSError('[WinError 4551] Diese Datei wurde blockiert. Error loading shm.dll')"


class Computer:
    """A folder that stands for a Windows computer, and a clone of the repository on it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clone = folder, folder / "clone"
        self.program = folder / "Program Files" / "Impasto"
        self.state = folder / "ProgramData" / "Impasto"
        self.own = folder / "AppData"
        self.fake = folder / "fake"
        commands = folder / "System32"
        for path in (self.clone, self.fake, commands, self.program.parent, self.state.parent, self.own):
            path.mkdir(parents=True)
        for name in ("sc", "icacls", "schtasks", "tasklist", "whoami"):
            command = commands / f"{name}.exe"
            command.write_text(f"#!{sys.executable} -I\n{(FAKES / 'command.py').read_text()}")
            command.chmod(0o755)
        # A library that this system has, under the name of one that Windows may lack.
        maps = Path("/proc/self/maps").read_text()
        (commands / "msvcp140.dll").symlink_to(re.findall(r"(/\S*/libc\b\S*)\n", maps)[0])
        self.environment = {
            **os.environ,
            "LD_LIBRARY_PATH": str(commands),
            "PATH": f"{commands}:{os.environ['PATH']}",
            "FAKE_WINDOWS": str(self.fake),
            "PROGRAMW6432": str(self.program.parent),
            "PROGRAMDATA": str(self.state.parent),
            "LOCALAPPDATA": str(self.own),
            "USERNAME": "erika",
            "IMPASTO_TELEGRAM__BASE_URL": "http://127.0.0.1:9/bot",
            "PIP_NO_INDEX": "1",
        }
        self.token_file = folder / "token.txt"
        self.token_file.write_text(f"\ufeff{TOKEN}\r\n", encoding="utf-8")
        subprocess.run(["cp", "-r", REPOSITORY / "service", REPOSITORY / "install_service.ps1", self.clone])
        for name in ("core", "plugins"):
            (self.clone / name).mkdir()
        (self.clone / "constraints.txt").write_text("torch==2.14.1\ntorchvision==0.29.2\n")
        (self.clone / "private.toml").write_text("something = 'private'\n")
        fakes = {path.name: path.read_text() for path in (FAKES / "pywin32").iterdir() if path.is_file()}
        _write_wheel(self.clone / "service" / "pywin32-312-py3-none-any.whl", "pywin32", "312", fakes)
        (self.clone / "service" / "requirements-windows.txt").write_text(
            "./service/pywin32-312-py3-none-any.whl\n"
        )
        self.publish("1", ANSWERS)

    def publish(self, version: str, then: str, torch: str = LOADS) -> None:
        """Let the clone hold an Impasto that does `then` when it runs, beside a `torch` with that in it."""
        program = PROGRAM.replace("{version}", version).replace("{then}", then)
        wheel = f"impasto-{version}-py3-none-any.whl"
        modules = {"impasto/__init__.py": "", "impasto/__main__.py": program, "torch.py": torch}
        _write_wheel(self.clone / "core" / wheel, "impasto", version, modules)
        (self.clone / "requirements.txt").write_text(f"./core/{wheel}\n")

    def command(self, *options: str, script: Path | None = None) -> list[str]:
        script = script or self.clone / "service" / "windows_install.py"
        return [BASE_PYTHON, "-I", "-B", str(script), *options]

    def run(self, *options: str) -> tuple[int, str]:
        """Exit code and words of the installer, with nobody at the keyboard."""
        done = subprocess.run(
            self.command(*options),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
        )
        assert TOKEN not in done.stdout
        return done.returncode, done.stdout

    def told(self) -> list[list[str]]:
        """What Windows' commands were told."""
        path = self.fake / "commands"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def files(self) -> set[str]:
        """What lies where Impasto is installed as a service."""
        roots = (self.program.parent, self.state.parent)
        return {str(path.relative_to(self.folder)) for root in roots for path in root.rglob("*")}

    def log(self, state: Path | None = None) -> str:
        return ((state or self.state) / "data" / "logs" / "impasto.log").read_text()

    def end(self) -> None:
        for pid in self.fake.glob("*.pid"):
            try:
                os.killpg(int(pid.read_text()), signal.SIGKILL)
            except ProcessLookupError:
                continue


def _write_wheel(path: Path, name: str, version: str, modules: dict[str, str]) -> None:
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        for module, text in modules.items():
            wheel.writestr(module, text)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
