"""The bot's webhook: every update is sent to its address, in order within a chat, again until it is taken.

As telegram-bot-api does it (WebhookActor): the second try at once, the others after ever longer pauses.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from impasto.sandbox.updates import UpdateQueue

_ANSWER_SECONDS: Final = 60.0
_LONGEST_PAUSE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Address:
    """What the bot has set by setWebhook; `certificate` is the one to trust, in PEM."""

    url: str
    secret: str | None = None
    certificate: bytes | None = None
    max_connections: int = 40


class Webhook:
    """Calls the address that is set, if any, with what waits in `updates`, while it is open."""

    def __init__(self, updates: UpdateQueue) -> None:
        self._updates = updates
        self._address: Address | None = None
        self._open = False
        self._calling: asyncio.Task[None] | None = None
        self._error: tuple[int, str] | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is one, so that nobody may poll."""
        return self._address is not None

    def put(self, address: Address | None) -> None:
        """Call another address from now on, or none."""
        self._cease()
        self._address, self._error = address, None
        self._begin()

    def open(self) -> None:
        """Begin to call."""
        self._open = True
        self._begin()

    def close(self) -> None:
        """Cease to call; what is not taken yet is sent again after `open`."""
        self._open = False
        self._cease()

    def info(self) -> dict[str, Any]:
        """The Bot API's WebhookInfo."""
        address = self._address or Address("")
        info = {
            "url": address.url,
            "has_custom_certificate": address.certificate is not None,
            "pending_update_count": len(self._updates),
        }
        if self._error is not None:
            info["last_error_date"], info["last_error_message"] = self._error
        return info | ({"max_connections": address.max_connections} if self.is_set else {})

    def _begin(self) -> None:
        if self._open and self._address is not None:
            self._calling = asyncio.create_task(self._call(self._address))

    def _cease(self) -> None:
        if self._calling is not None:
            self._calling.cancel()
            self._calling = None

    async def _call(self, address: Address) -> None:
        connector = aiohttp.TCPConnector(limit=address.max_connections, ssl=_trust(address))
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_ANSWER_SECONDS)
        chats: set[tuple[str, int]] = set()
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as http,
            asyncio.TaskGroup() as group,
        ):
            while True:
                for chat in {_chat(update) for update in self._updates.waiting()} - chats:
                    chats.add(chat)
                    group.create_task(self._call_in_order(http, address, chat, chats))
                await self._updates.arrival()

    async def _call_in_order(
        self,
        http: aiohttp.ClientSession,
        address: Address,
        chat: tuple[str, int],
        chats: set[tuple[str, int]],
    ) -> None:
        """Send what waits of `chat`, until nothing does; then it is no more in `chats`."""
        while update := next((one for one in self._updates.waiting() if _chat(one) == chat), None):
            for pause in _pauses():
                if await self._taken(http, address, update):
                    break
                await asyncio.sleep(pause)
            self._updates.forget(update["update_id"])
        chats.discard(chat)

    async def _taken(self, http: aiohttp.ClientSession, address: Address, update: dict[str, Any]) -> bool:
        headers = {"X-Telegram-Bot-Api-Secret-Token": address.secret} if address.secret else {}
        try:
            async with http.post(address.url, json=update, headers=headers) as response:
                if response.ok:
                    return True
                self._fails(f"Wrong response from the webhook: {response.status} {response.reason}")
        except aiohttp.ClientConnectorCertificateError:
            self._fails("SSL error {error:0A000086:SSL routines::certificate verify failed}")
        except aiohttp.ClientConnectorError:
            self._fails("Connection refused")
        except aiohttp.ClientError:
            self._fails("Webhook connection closed")
        except TimeoutError:
            self._fails("Read timeout expired")
        return False

    def _fails(self, reason: str) -> None:
        self._error = int(time.time()), reason


def _pauses() -> Iterator[float]:
    """Seconds after each failure: the second try comes at once."""
    return itertools.chain((0.0,), (min(_LONGEST_PAUSE, 2.0**n) for n in itertools.count(1)))


def _chat(update: dict[str, Any]) -> tuple[str, int]:
    """What an update has in common with those that must not overtake it."""
    match update:
        case {"callback_query": {"from": {"id": int() as person}}}:
            return "person", person
        case {"message": {"chat": {"id": int() as chat}}}:
            return "chat", chat
        case {"edited_message": {"chat": {"id": int() as chat}}}:
            return "chat", chat
        case {"my_chat_member": {"chat": {"id": int() as chat}}}:
            return "membership", chat
    return "other", int(update["update_id"])


def _trust(address: Address) -> ssl.SSLContext:
    if address.certificate is None:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with contextlib.suppress(ssl.SSLError):  # else nothing is trusted, of which getWebhookInfo tells
        context.load_verify_locations(cadata=address.certificate.decode("ascii", "replace"))
    return context
