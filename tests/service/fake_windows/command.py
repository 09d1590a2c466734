"""Windows' commands, as far as the installer uses them; linked under their names into a folder of the PATH.

What they are told is written down in $FAKE_WINDOWS/commands. A service or task that is started runs for real.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HERE = Path(os.environ["FAKE_WINDOWS"])
SERVICE, TASK = HERE / "service.json", HERE / "task.xml"
NO_SUCH_SERVICE = 1060


def main() -> int:
    name, *words = Path(sys.argv[0]).stem, *sys.argv[1:]
    with (HERE / "commands").open("a") as commands:
        commands.write(json.dumps([name, *words]) + "\n")
    return {"sc": sc, "schtasks": schtasks, "tasklist": tasklist, "whoami": whoami}.get(name, nothing)(words)


def nothing(_words: list[str]) -> int:
    return 0


def sc(words: list[str]) -> int:
    what = words[0]
    if not SERVICE.exists():
        return NO_SUCH_SERVICE
    if what == "query":  # labels are translated, as in German here
        state = "4  RUNNING" if alive(pid_of("service")) else "1  STOPPED"
        print(f"SERVICE_NAME: {words[1]}\n        TYP                : 10  WIN32_OWN_PROCESS")
        print(f"        STATUS             : {state}")
    elif what == "start":
        known = json.loads(SERVICE.read_text())
        venv = Path(shlex.split(known["arguments"])[-1]).parents[2] / "venv"
        start("service", [known["program"], *shlex.split(known["arguments"])], venv)
    elif what == "stop":
        os.kill(pid_of("service"), signal.SIGTERM)
    elif what == "delete":
        SERVICE.unlink()
    return 0


def schtasks(words: list[str]) -> int:
    what = words[0]
    if what == "/Create":
        TASK.write_bytes(Path(words[words.index("/XML") + 1]).read_bytes())
    elif not TASK.exists():
        return 1
    elif what == "/Run":
        space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
        arguments = ElementTree.parse(TASK).findtext(".//t:Arguments", "", space)
        venv = Path(shlex.split(arguments)[-1]).parents[2] / "venv"
        start("task", [sys.executable, *shlex.split(arguments)], venv)
    elif what == "/End":
        os.kill(pid_of("task"), signal.SIGKILL)
    elif what == "/Delete":
        TASK.unlink()
    return 0


def tasklist(words: list[str]) -> int:
    pid = int(words[1].rpartition(" ")[2])
    print(f'"pythonw.exe","{pid}","Console","1","9 K"' if alive(pid) else "INFORMATION: nothing")
    return 0


def whoami(_words: list[str]) -> int:
    print('"desk\\erika","S-1-5-21-1-2-3-1001"')
    return 0


def start(name: str, command: list[str], venv: Path) -> None:
    """Run a command on its own, with packages where Windows keeps those of an environment."""
    packages = venv / "Lib"
    if not packages.exists():
        packages.symlink_to(next((venv / "lib").glob("python3*")))
    with (HERE / f"{name}.output").open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True
        )
    (HERE / f"{name}.pid").write_text(str(process.pid))


def pid_of(name: str) -> int:
    path = HERE / f"{name}.pid"
    return int(path.read_text()) if path.exists() else 0


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return pid > 0 and state != "Z"


if __name__ == "__main__":
    sys.exit(main())
