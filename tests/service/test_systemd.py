"""What systemd is told by the real bot, over the socket on which it would listen; and what a crash leaves."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Self

import psutil
import pytest

from impasto import systemd
from impasto.health import Health
from impasto.sandbox import trouble
from impasto.systemd import Systemd, told
from tests.pictures import photo
from tests.studio import FIXTURE_PLUGINS, Studio, choose

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")

THOUGHTLESS = FIXTURE_PLUGINS.parent / "thoughtless"
WATCHDOG = 1.5


class Manager:
    """Plays systemd's part: listens at `address`, which may be abstract, and remembers what it is told."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.heard: list[tuple[float, dict[str, str]]] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0"))
        self._socket.setblocking(False)
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._listening
        self._socket.close()

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            datagram = await loop.sock_recv(self._socket, 4096)
            news = dict(line.split("=", 1) for line in datagram.decode().splitlines())
            async with self._news:
                self.heard.append((loop.time(), news))
                self._news.notify_all()

    def all_of(self, name: str) -> list[str]:
        """Every value that was told under that name, in order."""
        return [news[name] for _at, news in self.heard if name in news]

    async def hears(self, name: str, containing: str = "", timeout: float = 30) -> None:
        """Wait until it is, or was, told that."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: any(containing in value for value in self.all_of(name)))

    def gaps(self) -> list[float]:
        """The seconds between two feedings of the watchdog."""
        fed = [at for at, news in self.heard if "WATCHDOG" in news]
        return [later - earlier for earlier, later in pairwise(fed)]


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[Manager]:
    async with Manager(f"@{tmp_path}/notify") as manager:
        yield manager


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """Those of the other tests, and the thoughtless one."""
    folder = tmp_path / "plugins"
    shutil.copytree(FIXTURE_PLUGINS, folder)
    shutil.copytree(THOUGHTLESS, folder, dirs_exist_ok=True)
    return folder


def started_by(manager: Manager) -> dict[str, str]:
    return {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": f"{WATCHDOG * 1e6:.0f}"}


async def test_it_is_ready_when_telegram_answers_tells_its_work_and_at_last_that_it_stops(
    manager: Manager, tmp_path: Path
) -> None:
    studio = Studio(tmp_path / "data", environment=started_by(manager))
    await studio.sandbox.start()
    studio.sandbox.trouble.add(trouble.unheard, times=None)
    starting = asyncio.create_task(studio.start())
    await manager.hears("STATUS", "Starting; Telegram has not answered yet")
    try:
        await studio.logs("Telegram can't be reached")
        assert manager.all_of("READY") == []
        studio.sandbox.trouble.clear()
        await starting
        await manager.hears("READY")
        async with await studio.join() as ada:
            await ada.send_photo(photo())
            await choose(ada, "Patient")
            await ada.press("Start", on=await ada.sees("The test effect patient."))
            await manager.hears("STATUS", "1 picture waits; all is well")
        for process in studio.core.children():
            assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & process.environ().keys()
    finally:
        assert await studio.stop() == 0
        await studio.sandbox.stop()
    assert manager.all_of("READY") == ["1"]
    assert manager.all_of("STOPPING") == ["1"]
    assert manager.all_of("STATUS")[-1] == "Stopping"
    assert max(manager.gaps()) < WATCHDOG
    assert "Ada" not in str(manager.heard)


async def test_a_wrong_token_is_its_last_word(manager: Manager, tmp_path: Path) -> None:
    studio = Studio(tmp_path / "data", environment=started_by(manager), TOKEN=f"123456789:{'a' * 35}")
    await studio.sandbox.start()
    try:
        with pytest.raises(AssertionError):
            await studio.start()
        assert await studio.ended() == 78
    finally:
        await studio.sandbox.stop()
    assert manager.all_of("READY") == []
    await manager.hears("STATUS", "The configuration is wrong: Telegram does not know this bot token")
    assert manager.all_of("STATUS")[-1].startswith("The configuration is wrong")


async def test_a_bot_that_hangs_feeds_no_watchdog_and_its_end_tells_where_and_leaves_no_worker_and_no_dump(
    manager: Manager, tmp_path: Path, plugins: Path
) -> None:
    studio = Studio(tmp_path / "data", environment=started_by(manager), PLUGINS_DIR=str(plugins))
    await studio.sandbox.start()
    try:
        await studio.start()
        async with await studio.join() as ada:
            await ada.send_photo(photo())
            await choose(ada, "Patient")
            await ada.press("Start", on=await ada.sees("The test effect patient."))
            waiting = await ada.sees(lambda message: message.data_of("Cancel"))
            await ada.press("Cancel", on=waiting, patience=1)
            await studio.logs("cancelled by the person")
            fed = len(manager.gaps())
            with pytest.raises(TimeoutError):
                await manager.hears("WATCHDOG", "never again", timeout=2 * WATCHDOG)
            assert len(manager.gaps()) <= fed + 1
        children = studio.core.children()
        assert [dumped(process) for process in (studio.core, *children)] == [(0, 0, 0)] * (1 + len(children))
        studio.core.send_signal(signal.SIGABRT)  # which is what systemd sends now
        assert await studio.ended() == -signal.SIGABRT
        assert "thoughtless.py" in studio.log
        _gone, alive = psutil.wait_procs(children, timeout=5)
        assert [child for child in alive if child.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        await studio.sandbox.stop()


def dumped(process: psutil.Process) -> tuple[int, int, int]:
    """How large a core file of it may be, and become; and what memory it would hold, a bit for each kind."""
    kinds = Path(f"/proc/{process.pid}/coredump_filter").read_text()
    return *process.rlimit(resource.RLIMIT_CORE), int(kinds, 16)


@pytest.mark.parametrize("vital", [True, False])
async def test_the_watchdog_is_fed_unless_a_restart_would_mend_what_is_wrong(
    manager: Manager, monkeypatch: pytest.MonkeyPatch, *, vital: bool
) -> None:
    monkeypatch.setattr(systemd, "PATIENCE_SECONDS", 0.2)
    health = Health()
    health.check("stomach", lambda: "it aches", vital=vital)
    async with told(Systemd(manager.address, watchdog=0.1), health, asyncio.Event()):
        await manager.hears("READY")  # though Telegram never answers: nothing else is to wait for that
    assert bool(manager.all_of("WATCHDOG")) is not vital
    assert manager.all_of("STATUS")[-1].endswith("it aches")


def test_only_the_process_that_is_meant_feeds_the_watchdog(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}.items():
        monkeypatch.setenv(name, value)
    assert Systemd.of_this_process() == Systemd("/x", watchdog=None)
    assert Systemd.of_this_process() is None, "it is taken out of the environment"
