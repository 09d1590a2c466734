"""Plays people in the chats of the sandbox, over HTTP as its page does; waits for events, never by naps.

async with await Person.join(sandbox.page_url, "Ada") as ada:
    await ada.say("/start")
    menu = await ada.sees("What shall I do?")
    await ada.press("Paint", on=menu)
    result = await ada.sees(lambda message: message.photo, timeout=60)
    picture = await ada.download(result.photo)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiohttp


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as it stood at one moment; an edit gives another one."""

    raw: dict[str, Any]

    @property
    def id(self) -> int:
        """The message's number in the chat."""
        return int(self.raw["message_id"])

    @property
    def from_bot(self) -> bool:
        """Whether the bot wrote it."""
        return bool(self.raw["from"]["is_bot"])

    @property
    def edited(self) -> bool:
        """Whether this is an edit of what was there before."""
        return "edit_date" in self.raw

    @property
    def text(self) -> str:
        """Text or caption; empty if there is none."""
        return str(self.raw.get("text") or self.raw.get("caption") or "")

    @property
    def photo(self) -> str | None:
        """The file_id of the photo in its largest size."""
        return str(self.raw["photo"][-1]["file_id"]) if "photo" in self.raw else None

    @property
    def document(self) -> str | None:
        """The file_id of the file."""
        return str(self.raw["document"]["file_id"]) if "document" in self.raw else None

    @property
    def rows(self) -> list[list[dict[str, Any]]]:
        """The rows of inline buttons."""
        rows: list[list[dict[str, Any]]] = self.raw.get("reply_markup", {}).get("inline_keyboard", [])
        return rows

    @property
    def buttons(self) -> list[str]:
        """The labels of the inline buttons, row by row."""
        return [button["text"] for row in self.rows for button in row]

    def data_of(self, label_or_data: str) -> str | None:
        """The callback data of the button with that data, that label, or that in its label."""
        buttons = [button for row in self.rows for button in row if "callback_data" in button]
        for fits in (
            lambda b: label_or_data == b["callback_data"],
            lambda b: label_or_data == b["text"],
            lambda b: label_or_data in b["text"],
        ):
            if found := next(filter(fits, buttons), None):
                return str(found["callback_data"])
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answers to a pressed button."""

    text: str
    alert: bool


Wanted = str | Callable[[Seen], object]


class Person:
    """One user of the sandbox. Made by `join` or `meet`; closed by `leave` or at the end of `async with`."""

    def __init__(self, http: aiohttp.ClientSession, user: dict[str, Any]) -> None:
        self._http = http
        self._about = user
        self._news = asyncio.Condition()
        self._unread: list[Seen] = []
        self._now: dict[int, Seen] = {}
        self._follower: asyncio.Task[None] | None = None

    @classmethod
    async def join(cls, sandbox_url: str, name: str = "Ada", language_code: str = "en") -> Self:
        """Somebody new."""
        http = _session(sandbox_url)
        new = {"name": name, "language_code": language_code}
        async with http.post("/sandbox/users", json=new) as response:
            return await cls(http, await _json(response))._following()

    @classmethod
    async def meet(cls, sandbox_url: str, user_id: int) -> Self:
        """Somebody who is there already, such as the owner."""
        http = _session(sandbox_url)
        async with http.get("/sandbox/users") as response:
            user = next(user for user in await _json(response) if user["id"] == user_id)
        return await cls(http, user)._following()

    @property
    def id(self) -> int:
        """The user's id, which is the chat's too."""
        return int(self._about["id"])

    @property
    def name(self) -> str:
        """The user's first name."""
        return str(self._about["name"])

    # Acting

    async def say(self, text: str, *, reply_to: Seen | None = None) -> Seen:
        """Send a text or a command."""
        return Seen(await self._post("text", json={"text": text} | _reply(reply_to)))

    async def send_photo(self, data: bytes, caption: str = "", *, reply_to: Seen | None = None) -> Seen:
        """Send a picture as a photo."""
        return (await self._send("photo", [("photo.jpg", data)], caption, reply_to))[0]

    async def send_document(
        self, data: bytes, name: str, caption: str = "", *, reply_to: Seen | None = None
    ) -> Seen:
        """Send a file as it is."""
        return (await self._send("document", [(name, data)], caption, reply_to))[0]

    async def send_album(self, pictures: Sequence[bytes], caption: str = "") -> list[Seen]:
        """Send two to ten photos at once."""
        named = [(f"photo{number}.jpg", data) for number, data in enumerate(pictures)]
        return await self._send("photo", named, caption, None)

    async def send_as(self, kind: str, data: bytes, name: str) -> Seen:
        """Send a sticker, voice, video or animation."""
        return (await self._send(kind, [(name, data)], "", None))[0]

    async def press(self, label_or_data: str, *, on: Seen | None = None) -> Answer | None:
        """Press a button: on that message as it is now, or on the newest that has it. None: no answer."""
        candidates = [self._now[on.id]] if on is not None else list(reversed(self._now.values()))
        for message in candidates:
            data = message.data_of(label_or_data)
            if data is not None:
                answer = await self._post("press", json={"message_id": message.id, "data": data})
                return Answer(answer["text"], answer["show_alert"]) if answer["answered"] else None
        shown = [message.buttons for message in candidates if message.buttons]
        raise AssertionError(f"{self.name} finds no button {label_or_data!r} among {shown}")

    async def block(self, blocked: bool = True) -> None:
        """Block the bot, or let it write again."""
        await self._post("block", json={"blocked": blocked})

    # Looking

    def messages(self) -> list[Seen]:
        """The chat as it is now, oldest first."""
        return list(self._now.values())

    def now(self, message: Seen) -> Seen | None:
        """How that message stands now; None if it is gone."""
        return self._now.get(message.id)

    async def sees(self, wanted: Wanted, timeout: float = 10.0) -> Seen:
        """The first message of the bot, or edit of one, that has this text or fits; each is seen once.

        Waits for it where it has not come yet. Raises `AssertionError` with the chat after `timeout` seconds.
        """
        fits = (lambda message: wanted in message.text) if isinstance(wanted, str) else wanted
        try:
            async with asyncio.timeout(timeout), self._news:
                while True:
                    for message in self._unread:
                        if fits(message):
                            self._unread.remove(message)
                            return message
                    await self._news.wait()
        except TimeoutError:
            chat = "\n".join(f"  {m.id} {'bot' if m.from_bot else 'me'}: {m.raw}" for m in self.messages())
            what = repr(wanted) if isinstance(wanted, str) else "what was wanted"
            raise AssertionError(f"{self.name} has not seen {what} in {timeout} s:\n{chat}") from None

    def looks_away(self) -> None:
        """Forget what has come so far: `sees` goes on with what is still to come."""
        self._unread.clear()

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file in the chat."""
        async with self._http.get(f"/sandbox/files/{file_id}") as response:
            response.raise_for_status()
            return await response.read()

    async def leave(self) -> None:
        """Close the connection to the sandbox."""
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower
        await self._http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    # Plumbing

    async def _send(
        self, kind: str, files: Sequence[tuple[str, bytes]], caption: str, reply_to: Seen | None
    ) -> list[Seen]:
        form = aiohttp.FormData({"as": kind, "caption": caption, **_reply(reply_to)})
        for name, data in files:
            form.add_field("file", data, filename=name)
        return [Seen(message) for message in await self._post("media", data=form)]

    async def _post(self, action: str, **body: Any) -> Any:
        async with self._http.post(f"/sandbox/users/{self.id}/{action}", **body) as response:
            return await _json(response)

    async def _following(self) -> Self:
        forever = aiohttp.ClientTimeout(total=None)
        stream = await self._http.get("/sandbox/events", params={"user": self.id}, timeout=forever)
        async with self._http.get(f"/sandbox/users/{self.id}/messages") as response:
            for message in await _json(response):
                self._now[message["message_id"]] = Seen(message)
        self._follower = asyncio.create_task(self._follow(stream))
        return self

    async def _follow(self, stream: aiohttp.ClientResponse) -> None:
        with contextlib.closing(stream), contextlib.suppress(aiohttp.ClientError):  # it has stopped
            async for line in stream.content:
                if line.startswith(b"data: "):
                    async with self._news:
                        self._take(json.loads(line[6:]))
                        self._news.notify_all()

    def _take(self, event: dict[str, Any]) -> None:
        if event["type"] == "deleted":
            self._now.pop(event["message_id"], None)
        elif event["type"] in ("message", "edited", "reaction"):
            seen = Seen(event["message"])
            self._now[seen.id] = seen
            if seen.from_bot and event["type"] != "reaction":
                self._unread.append(seen)


def _session(sandbox_url: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(sandbox_url, read_bufsize=2**20)  # an event is one line, however long


def _reply(message: Seen | None) -> dict[str, Any]:
    return {} if message is None else {"reply_to": str(message.id)}


async def _json(response: aiohttp.ClientResponse) -> Any:
    body = await response.json()
    if response.status >= 400:
        raise AssertionError(f"the sandbox refuses: {body['error']}")
    return body
