"""The whole of Impasto for the tests: `impasto run` as a process, against the sandbox's Bot API."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import sys
from collections.abc import Mapping, Set
from contextlib import closing
from pathlib import Path
from typing import Self

import psutil

from impasto.sandbox.server import Sandbox
from tests.people import Person, Place, Seen

FIXTURE_PLUGINS = Path(__file__).parent / "fixtures" / "plugins"


class Studio:
    """A sandbox and a bot process that can be stopped, killed and started again on the same data."""

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        sandbox: Sandbox | None = None,
        **settings: str,
    ) -> None:
        self.folder = folder
        self.sandbox = sandbox or Sandbox()
        self.log = ""
        self.settings, self._environment = settings, environment or {}
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._logged = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self.sandbox.start()
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            assert await self.stop() == 0
        finally:
            await self.sandbox.stop()

    async def start(self) -> None:
        """Start the bot and wait until it says that it is here."""
        settings = {
            "TOKEN": self.sandbox.token,
            "OWNER": str(self.sandbox.owner_id),
            "TELEGRAM__BASE_URL": self.sandbox.base_url,
            "TELEGRAM__BASE_FILE_URL": self.sandbox.base_file_url,
            "DATA_DIR": str(self.folder),
            "PLUGINS_DIR": str(FIXTURE_PLUGINS),
            "DEVICES": "cpu",
            "WELCOME_PICTURE": "false",
            "LIMITS__CANCEL_GRACE": "1",
        } | self.settings
        environment = (
            os.environ | self._environment | {f"IMPASTO_{key}": value for key, value in settings.items()}
        )
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "impasto", "run",
            env=environment, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        begin = len(self.log)
        self._reading = asyncio.create_task(self._read())
        await self.logs(r"is here: \d+ effects", since=begin)

    async def stop(self) -> int:
        """Ask the bot to stop; its exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.terminate()
        return await self.ended()

    async def kill(self) -> None:
        """End the bot by SIGKILL, as a power cut would."""
        assert self._process is not None
        self._process.kill()
        await self.ended()

    async def ended(self) -> int:
        """Wait for the end of the bot; its exit code."""
        assert self._process is not None
        assert self._reading is not None
        async with asyncio.timeout(30):
            code = await self._process.wait()
            await self._reading
        return code

    def close_input(self) -> None:
        """Close the bot's standard input."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()

    @property
    def core(self) -> psutil.Process:
        """The core's process."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def worker(self) -> psutil.Process:
        """The worker's process: the child that has torch."""
        return next(child for child in self.core.children() if "torch" in _mapped(child))

    async def logs(self, pattern: str, since: int = 0, timeout: float = 60) -> None:
        """Wait until the log has a line with `pattern`."""
        async with asyncio.timeout(timeout), self._logged:
            await self._logged.wait_for(
                lambda: re.search(pattern, self.log[since:]) or self._reading is None or self._reading.done()
            )
        assert re.search(pattern, self.log[since:]), self.log

    async def join(self, name: str = "Ada", language_code: str = "en") -> Person:
        """Somebody new in the sandbox."""
        return await Person.join(self.sandbox.page_url, name, language_code)

    async def owner(self) -> Person:
        """The owner."""
        return await Person.meet(self.sandbox.page_url, self.sandbox.owner_id)

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            async with self._logged:
                self.log += line.decode()
                self._logged.notify_all()
        async with self._logged:
            self._logged.notify_all()


def is_result(message: Seen) -> bool:
    """Whether the message is a finished picture."""
    return bool(message.photo or message.document) and "🔁" in " ".join(message.buttons)


def made(message: Seen, *, succeeded: bool = True) -> list[int]:
    """The job whose result the message shows; else the one of which it says why there is none."""
    goes_on = any("➕" in button for button in message.buttons)  # what failed may be a photo, a preview, too
    if goes_on is not succeeded:
        return []
    again = [key["callback_data"] for row in message.rows for key in row if "🔁" in key["text"]]
    return [int(data.partition(":")[2]) for data in again]


async def job_states(
    folder: Path,
    timeout: float = 120.0,
    *,
    until_gone: Set[str] = frozenset({"queued", "running", "finished"}),
) -> dict[int, str]:
    """The state of every job of the bot with that data folder, once none is in one of `until_gone`."""
    async with asyncio.timeout(timeout):
        while True:
            with closing(sqlite3.connect(folder / "impasto.sqlite3")) as database:
                jobs: dict[int, str] = dict(database.execute("SELECT id, state FROM jobs"))
            if not until_gone & set(jobs.values()):
                return jobs
            await asyncio.sleep(0.2)  # SQLite tells nobody of a change


async def choose(person: Place, title: str, category: str = "other") -> Seen:
    """Take an effect from the menu that is on its way, in its category where there are such; the menu."""
    button = f"y:{category}"
    menu = await person.sees(lambda message: message.data_of(button) or message.data_of(title))
    if menu.data_of(title) is None:
        await person.press(button, on=menu)
        menu = await person.sees(lambda message: message.data_of(title))
    await person.press(title, on=menu)
    return menu


def _mapped(process: psutil.Process) -> str:
    return " ".join(region.path for region in process.memory_maps())
