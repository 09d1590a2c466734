"""What systemd is told, where it started this process: ready, at work, alive, stopping. Elsewhere nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Self

from impasto.health import ALL_IS_WELL, Health

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 90.0
"""After which systemd is told that the bot is ready though Telegram can't be reached yet.

What is ordered after multi-user.target waits for the start, and a home's network can be away for a night.
"""

STATUS_SECONDS = 3.0
"""Between two looks at what there is to say."""


@dataclass(frozen=True, slots=True)
class Systemd:
    """The service manager at the other end of the socket `address`; at that of standard output, if it is `-`.

    It ends a process of which it hears nothing for `watchdog` seconds; None: never.
    """

    address: str
    watchdog: float | None = None

    @classmethod
    def of_this_process(cls) -> Self | None:
        """The one that started this process, if one did; whatever this starts is not told of it."""
        address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        meant = os.environ.pop("WATCHDOG_PID", str(os.getpid()))
        if not address:
            return None
        watched = microseconds.isdigit() and meant == str(os.getpid())
        return cls(address, int(microseconds) / 1e6 if watched else None)

    def tell(self, **news: str) -> None:
        """Tell it, as in READY="1"; STATUS is a line of text. Where that fails, the log says so."""
        lines = "\n".join(f"{name}={value}" for name, value in news.items())
        if self.address == "-":
            sys.stdout.write(f"{lines}\n")
            sys.stdout.flush()
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(lines.encode(), address)
        except OSError as error:
            log.warning("systemd could not be told %s: %s", "/".join(news), error)


@asynccontextmanager
async def told(systemd: Systemd | None, health: Health, stop: asyncio.Event) -> AsyncIterator[None]:
    """Tell `systemd` how this instance does, until the end; from `stop` on, that it stops."""
    if systemd is None:
        yield
        return
    telling = asyncio.gather(
        _announce(systemd, health),
        _describe(systemd, health, stop),
        _feed(systemd, health, stop),
        _end(systemd, stop),
    )
    try:
        yield
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


async def _announce(systemd: Systemd, health: Health) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await health.ready.wait()
    systemd.tell(READY="1", STATUS=_status(health))


async def _describe(systemd: Systemd, health: Health, stop: asyncio.Event) -> None:
    told = None
    while not stop.is_set():
        if (status := _status(health)) != told:
            systemd.tell(STATUS=status)
            told = status
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_SECONDS):
                await stop.wait()


def _status(health: Health) -> str:
    report = health.look()
    all_is_well = [ALL_IS_WELL] if report.ready else []
    words = "; ".join([health.activity(), *(report.troubles or all_is_well)])
    return words[0].upper() + words[1:]


async def _feed(systemd: Systemd, health: Health, stop: asyncio.Event) -> None:
    """Let the watchdog know that this loop turns, and that nothing is wrong that is vital."""
    if systemd.watchdog is None:
        return
    hungry = False
    while True:
        report = health.look()
        well = report.alive or stop.is_set()  # parts of it end then, and systemd waits for its end
        if well:
            systemd.tell(WATCHDOG="1")
        elif not hungry:
            log.error("systemd will start the bot again, since %s", "; and ".join(report.troubles))
        hungry = not well
        await asyncio.sleep(systemd.watchdog / 2)


async def _end(systemd: Systemd, stop: asyncio.Event) -> None:
    await stop.wait()
    systemd.tell(STOPPING="1", STATUS="Stopping")
