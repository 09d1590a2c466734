"""What keeps Impasto running: a Windows service for the computer, or a task at the logon of one user."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.sax.saxutils import escape

from windows_layout import Layout

from windows_setup import access, program
from windows_setup.hands import Hands, Refused, asked

STOP_SECONDS = 40.0
_LOOK_SECONDS = 0.25

_STATE = re.compile(r":\s*[1-7]\s+(STOPPED|START_PENDING|STOP_PENDING|RUNNING)")
"""In what sc.exe says: labels are translated, these words are not."""


class Keeper(Protocol):
    """A way to keep Impasto running. All of it raises `Refused` where Windows refuses."""

    @property
    def name(self) -> str:
        """What Windows calls it."""

    @property
    def how_to_restart(self) -> str:
        """What the owner says after a change of the settings."""

    def prepare_state(self) -> None:
        """Make the folders of settings and data, for those alone whom they concern."""

    def protect(self, path: Path) -> None:
        """Let those alone read a file whom it concerns."""

    def installed(self) -> bool:
        """Whether Windows knows of it."""

    def running(self) -> bool:
        """Whether it runs, or is about to."""

    def register(self) -> None:
        """Let Windows start it from now on; again does no harm."""

    def start(self) -> None:
        """Start it now."""

    def stop(self) -> None:
        """Stop it, and wait until it has stopped."""

    def unregister(self) -> None:
        """Let Windows know no more of it."""


@dataclass(frozen=True, slots=True)
class Service:
    """The Windows service, under an account that Windows keeps for it: no password, no logon."""

    hands: Hands
    layout: Layout
    name: str = "Impasto"
    how_to_restart: str = "Restart-Service Impasto"

    @property
    def _account(self) -> str:
        return access.account_of_service(self.name)

    def prepare_state(self) -> None:
        """Nobody else may look in: the token and people's jobs are there."""
        self.hands.make_folder(self.layout.state)
        access.hand_to_administrators(self.hands, self.layout.state)
        access.restrict(self.hands, self.layout.state, f"{self._account}:RX", folder=True)
        self.hands.make_folder(self.layout.data)
        access.restrict(self.hands, self.layout.data, f"{self._account}:(OI)(CI)M", folder=True)

    def protect(self, path: Path) -> None:
        """The service reads it and administrators change it."""
        access.hand_to_administrators(self.hands, path)
        access.restrict(self.hands, path, f"{self._account}:R")

    def installed(self) -> bool:
        """Whether Windows has such a service."""
        return asked(["sc.exe", "query", self.name])[0] == 0

    def running(self) -> bool:
        """Whether its process is there."""
        found = _STATE.search(asked(["sc.exe", "query", self.name])[1])
        return found is not None and found[1] != "STOPPED"

    def register(self) -> None:
        """To start with Windows, a little later than Windows' own; again after failures, later and later."""
        script = str(self.layout.source / "service" / "windows_service.py")
        account = f"NT SERVICE\\{self.name}"
        host = [str(self.layout.python), "-I", script]
        self.hands.run([*host, "--username", account, "--startup", "delayed", "install"])
        # After 10 s, 1 min, then every 5 min; forgotten after a day without a failure. The flag makes Windows
        # count an orderly report of failure too, not only a crash.
        actions = "restart/10000/restart/60000/restart/300000"
        self.hands.run(["sc.exe", "failure", self.name, "reset=", "86400", "actions=", actions])
        self.hands.run(["sc.exe", "failureflag", self.name, "1"])

    def start(self) -> None:
        """Ask Windows to; it does not wait."""
        self.hands.run(["sc.exe", "start", self.name])

    def stop(self) -> None:
        """Ask Windows to, and wait."""
        if self.running():
            self.hands.run(["sc.exe", "stop", self.name])
            if not self.hands.dry and not _within(STOP_SECONDS, lambda: not self.running()):
                raise Refused(f"the service does not stop; end it in the Task Manager (service {self.name})")

    def unregister(self) -> None:
        """Its source of events goes too, where its program is still there to do that."""
        script = self.layout.source / "service" / "windows_service.py"
        if program.python_behind(self.layout) is not None and script.is_file():
            self.hands.run([str(self.layout.python), "-I", str(script), "remove"])
        else:
            self.hands.run(["sc.exe", "delete", self.name])


@dataclass(frozen=True, slots=True)
class Task:
    """A task at the logon of the user who installs it. Needs no administrator, since it names that user."""

    hands: Hands
    layout: Layout

    @property
    def name(self) -> str:
        """Users share the folder of tasks."""
        return f"Impasto-{os.environ['USERNAME']}"

    @property
    def how_to_restart(self) -> str:
        """What the owner says after a change of the settings."""
        # The scheduler's own stop would end it in the midst of its work. Its start does nothing if it runs.
        wish = f"Set-Content {quoted(self.layout.wish_to_restart)} ''"
        return f"{wish}; Start-ScheduledTask {quoted(self.name)}"

    def prepare_state(self) -> None:
        """A user's own folder is closed to others already; the token gets a list of its own all the same."""
        self.hands.make_folder(self.layout.logs)

    def protect(self, path: Path) -> None:
        """The user reads and changes it."""
        access.restrict(self.hands, path, f"{access.account_of_user()}:F")

    def installed(self) -> bool:
        """Whether there is such a task."""
        return asked(["schtasks.exe", "/Query", "/TN", self.name])[0] == 0

    def running(self) -> bool:
        """Whether the process is there that last said how Impasto is; the scheduler's word is translated."""
        pid = sign_of(self.layout).get("pid")
        if pid is None:
            return False
        answer = asked(["tasklist.exe", "/FI", f"PID eq {pid}", "/FO", "CSV", "/NH"])[1]
        return f'"{pid}"' in answer and "python" in answer.lower()

    def register(self) -> None:
        """By a definition in XML: nothing else says all that is wanted."""
        definition = self.layout.program / "task.xml"
        if not self.hands.dry:
            definition.write_text(self.definition(), encoding="utf-16")
        self.hands.run(["schtasks.exe", "/Create", "/TN", self.name, "/XML", str(definition), "/F"])
        self.hands.remove(definition)

    def definition(self) -> str:
        """The task in Windows' words."""
        user = escape(access.account_of_user())
        script = self.layout.source / "service" / "windows_autostart.py"
        python = program.python_behind(self.layout)
        if python is None:
            raise Refused(f"the Python of {self.layout.environment_folder} is not on this computer any more")
        # The task scheduler ends what runs for three days, gives it low priority and stops it on batteries,
        # unless told otherwise. It starts again only what could not be started at all.
        return f"""<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Impasto, a Telegram image studio</Description></RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled><UserId>{user}</UserId></LogonTrigger></Triggers>
  <Principals><Principal id="Author">
    <UserId>{user}</UserId><LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel>
  </Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>5</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>10</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author"><Exec>
    <Command>{escape(str(python.with_stem(f"{python.stem}w")))}</Command>
    <Arguments>{escape(f'-I -S "{script}"')}</Arguments>
  </Exec></Actions>
</Task>
"""

    def start(self) -> None:
        """Without waiting for the next logon."""
        self.hands.run(["schtasks.exe", "/Run", "/TN", self.name])

    def stop(self) -> None:
        """Let it finish in order; the scheduler would only end it."""
        if not self.running() or self.hands.dry:
            return
        self.layout.wish_to_stop.touch()
        if not _within(STOP_SECONDS, lambda: not self.running()):
            self.hands.run(["schtasks.exe", "/End", "/TN", self.name])
            if not _within(STOP_SECONDS, lambda: not self.running()):
                raise Refused("Impasto does not stop; end it in the Task Manager (pythonw.exe)")

    def unregister(self) -> None:
        """Delete the task."""
        self.hands.run(["schtasks.exe", "/Delete", "/TN", self.name, "/F"])


def sign_of(layout: Layout) -> dict[str, object]:
    """How Impasto's supervisor last said that it is; empty where it has not."""
    try:
        said = json.loads(layout.sign.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # not there yet, or being written
    return said if isinstance(said, dict) else {}


def quoted(words: Path | str) -> str:
    """As PowerShell takes it for one word, whatever somebody is called."""
    doubled = str(words).replace("'", "''")
    return f"'{doubled}'"


def _within(seconds: float, done: Callable[[], bool]) -> bool:
    """Look again and again; Windows' commands have nothing to wait on."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
