"""A small HTTP server for calls with a body in memory, several on a connection, by TLS if wanted.

Not aiohttp's, which takes 10 MB of a core that may have 100. h11, which speaks HTTP here, is in it anyway,
since the core speaks to Telegram by it.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

import h11

log = logging.getLogger(__name__)

_IDLE_SECONDS = 75.0
"""Until a connection without a call is closed; Telegram closes its own after 60."""

_BODY_SECONDS = 20.0
_HANDSHAKE_SECONDS = 10.0
_HEAD_BYTES = 16 * 1024
_PIECE_BYTES = 64 * 1024
_MOST_CONNECTIONS = 250


class Refused(Exception):
    """The call is answered with this status alone."""

    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to a call. `kind` is the Content-Type of `body`, which who asks for HEAD does not get."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    kind: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Call:
    """What somebody asks. The names of `headers` are in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Callable[[], Awaitable[bytes]]
    """Reads the rest. Raises `Refused` where it is too large."""


class CallServer:
    """Has every call answered by `answer`, which may raise `Refused`."""

    def __init__(self, answer: Callable[[Call], Awaitable[Answer]], *, most_bytes: int) -> None:
        """A body has `most_bytes` at most."""
        self._answer, self._most_bytes = answer, most_bytes
        self._server: asyncio.Server | None = None
        self._idle: set[asyncio.Task[None]] = set()
        self._busy: set[asyncio.Task[None]] = set()

    async def listen(self, host: str | None, port: int, tls: ssl.SSLContext | None) -> None:
        """Begin, at every address of this computer if `host` is None. Raises `OSError` where it can't be."""
        handshake = _HANDSHAKE_SECONDS if tls else None
        self._server = await asyncio.start_server(
            self._serve, host, port, ssl=tls, ssl_handshake_timeout=handshake
        )

    async def close(self, within: float) -> None:
        """Cease to listen; what is being answered has `within` seconds. Nothing where it has not begun."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        for task in self._idle:
            task.cancel()
        if self._busy:
            _done, late = await asyncio.wait(self._busy, timeout=within)
            for task in late:
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_HEAD_BYTES)
        try:
            while self._server is not None and len(self._idle) + len(self._busy) < _MOST_CONNECTIONS:
                self._idle.add(task)
                async with asyncio.timeout(_IDLE_SECONDS):
                    request = await _event(connection, reader)
                self._idle.discard(task)
                if not isinstance(request, h11.Request):
                    break
                self._busy.add(task)
                writer.write(await self._answered(request, connection, reader))
                await writer.drain()
                self._busy.discard(task)
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    break
                connection.start_next_cycle()
        except (h11.ProtocolError, OSError, TimeoutError) as error:
            log.debug("a connection ended: %s", type(error).__name__)  # its words may be what was sent
        except Exception:
            log.exception("a call could not be answered")
        finally:
            self._idle.discard(task)
            self._busy.discard(task)
            writer.close()

    async def _answered(
        self, request: h11.Request, connection: h11.Connection, reader: asyncio.StreamReader
    ) -> bytes:
        async def body() -> bytes:
            read = bytearray()
            async with asyncio.timeout(_BODY_SECONDS):
                while isinstance(piece := await _event(connection, reader), h11.Data):
                    read += piece.data
                    if len(read) > self._most_bytes:
                        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return bytes(read)

        headers = {name.decode("ascii"): value.decode("latin-1") for name, value in request.headers}
        path = request.target.decode("ascii").partition("?")[0]
        try:
            answer = await self._answer(Call(request.method.decode("ascii"), path, headers, body))
        except Refused as refused:
            answer = Answer(refused.status)
        again = connection.their_state is h11.DONE and self._server is not None
        head = h11.Response(
            status_code=answer.status,
            reason=answer.status.phrase,
            headers=[
                ("Content-Type", answer.kind),
                ("Content-Length", str(len(answer.body))),
                *([] if again else [("Connection", "close")]),
            ],
        )
        body_wanted = request.method != b"HEAD"
        parts = (head, *([h11.Data(answer.body)] if body_wanted else []), h11.EndOfMessage())
        return b"".join(connection.send(part) or b"" for part in parts)


async def _event(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    """What comes next on a connection. Raises `h11.ProtocolError` for what is no HTTP."""
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await reader.read(_PIECE_BYTES))
    return event
