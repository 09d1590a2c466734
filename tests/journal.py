"""Plays systemd's journal: takes entries by its native protocol, over a real socket."""

from __future__ import annotations

import asyncio
import socket
import struct
from pathlib import Path

from tests.studio import FIXTURE_PLUGINS, Studio


class JournalSocket:
    """Listens at `path`, as the journal does at /run/systemd/journal/socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.raw = b""
        """All that was sent."""
        self.entries: list[dict[str, str]] = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def take(self, datagram: bytes) -> str:
        """Take an entry; its message."""
        self.raw += datagram
        self.entries.append(_fields(datagram))
        return self.entries[-1]["MESSAGE"]

    def close(self) -> None:
        """Listen no more."""
        self.socket.close()


class Journalled(Studio):
    """A bot whose standard error is believed to be the journal's; what is said there is in `log` too."""

    def __init__(self, folder: Path, journal: JournalSocket, **settings: str) -> None:
        environment = {"PYTHONPATH": str(FIXTURE_PLUGINS.parent / "journal"), "JOURNAL": str(journal.path)}
        super().__init__(folder, environment=environment, **settings)
        self._journal = journal

    async def _read(self) -> None:
        listening = asyncio.create_task(self._listen())
        await super()._read()
        listening.cancel()

    async def _listen(self) -> None:
        while True:
            datagram = await asyncio.get_running_loop().sock_recv(self._journal.socket, 2**20)
            async with self._logged:
                self.log += f"{self._journal.take(datagram)}\n"
                self._logged.notify_all()


def _fields(datagram: bytes) -> dict[str, str]:
    """The fields of an entry: NAME=value in a line, or NAME, then the value's length in 8 bytes, and it."""
    fields = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if not is_short:
            (length,) = struct.unpack_from("<Q", datagram)
            value, datagram = datagram[8 : 8 + length], datagram[8 + length + 1 :]
        fields[name.decode()] = value.decode()
    return fields
