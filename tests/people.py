"""Plays people in the chats of the sandbox, over HTTP as its page does; waits for events, never by naps.

async with await Person.join(sandbox.page_url, "Ada") as ada:
    await ada.say("/start")
    menu = await ada.sees("What shall I do?")
    await ada.press("Paint", on=menu)
    result = await ada.sees(lambda message: message.photo, timeout=60)
    picture = await ada.download(result.photo)

    family = await Group.create(sandbox.page_url, "Family", [ada, lev])
    hers = await ada.in_group(family).send_photo(picture)
    await lev.in_group(family).say("/upscale@impasto_sandbox_bot", reply_to=hers)
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


class Place:
    """One person in one chat: what they do and see there. `where` is the chat's address for them."""

    def __init__(self, http: aiohttp.ClientSession, where: str, name: str) -> None:
        self._http = http
        self._where = where
        self.name = name
        self._news = asyncio.Condition()
        self._unread: list[Seen] = []
        self._now: dict[int, Seen] = {}

    # Acting

    async def say(
        self, text: str, *, reply_to: Seen | None = None, entities: Sequence[dict[str, Any]] = ()
    ) -> Seen:
        """Send a text or a command. `entities` are what a client can mark: bold, text_mention and so on."""
        [message] = await self._post("text", json=_words(text, entities) | _reply(reply_to))
        return Seen(message)

    async def send_photo(
        self,
        data: bytes,
        caption: str = "",
        *,
        reply_to: Seen | None = None,
        entities: Sequence[dict[str, Any]] = (),
    ) -> Seen:
        """Send a picture as a photo."""
        marked = {"entities": json.dumps(entities)}
        return (await self._send("photo", [("photo.jpg", data)], caption, reply_to, **marked))[0]

    async def send_document(
        self, data: bytes, name: str, caption: str = "", *, reply_to: Seen | None = None
    ) -> Seen:
        """Send a file as it is."""
        return (await self._send("document", [(name, data)], caption, reply_to))[0]

    async def send_album(
        self, pictures: Sequence[bytes], caption: str = "", *, reply_to: Seen | None = None
    ) -> list[Seen]:
        """Send two to ten photos at once."""
        named = [(f"photo{number}.jpg", data) for number, data in enumerate(pictures)]
        return await self._send("photo", named, caption, reply_to)

    async def send_as(
        self, kind: str, data: bytes, name: str, *, duration: int | None = None, reply_to: Seen | None = None
    ) -> Seen:
        """Send a sticker, voice, video, animation, audio or video_note; `duration` is in seconds."""
        lasting = {} if duration is None else {"duration": str(duration)}
        return (await self._send(kind, [(name, data)], "", reply_to, **lasting))[0]

    async def send_other(self, kind: str, *, reply_to: Seen | None = None) -> Seen:
        """Send a location, venue, contact, poll or dice."""
        [message] = await self._post("other", json={"kind": kind} | _reply(reply_to))
        return Seen(message)

    async def forward(self, *messages: Seen) -> list[Seen]:
        """Forward messages of one chat into this one; an album stays one."""
        numbers = [message.id for message in messages]
        source = messages[0].raw["chat"]["id"]
        body = {"chat_id": source, "message_ids": numbers}
        return [Seen(message) for message in await self._post("forward", json=body)]

    async def edit(self, message: Seen, text: str, entities: Sequence[dict[str, Any]] = ()) -> Seen:
        """Put other words into one's own message."""
        [edited] = await self._post("edit", json={"message_id": message.id} | _words(text, entities))
        return Seen(edited)

    async def delete(self, message: Seen) -> None:
        """Delete a message: any in a private chat, one's own in a group."""
        await self._post("delete", json={"message_id": message.id})

    async def press(
        self, label_or_data: str, *, on: Seen | None = None, patience: float = 30
    ) -> Answer | None:
        """Press a button: on that message as it is now, or on the newest that has it. None: no answer.

        A message that is gone is pressed as it was. After `patience` seconds it is too late to answer.
        """
        candidates = [self._now.get(on.id, on)] if on is not None else list(reversed(self._now.values()))
        for message in candidates:
            data = message.data_of(label_or_data)
            if data is not None:
                pressed = {"message_id": message.id, "data": data, "seconds": patience}
                answer = await self._post("press", json=pressed)
                return Answer(answer["text"], answer["show_alert"]) if answer["answered"] else None
        shown = [message.buttons for message in candidates if message.buttons]
        raise AssertionError(f"{self.name} finds no button {label_or_data!r} among {shown}")

    async def open_link(self, link: str) -> None:
        """Follow a link to the bot, such as https://t.me/impasto_sandbox_bot?start=help."""
        await self._post("open", json={"link": link})

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
            chat = "\n".join(
                f"  {m.id} {'bot' if m.from_bot else m.raw['from']['first_name']}: {m.raw}"
                for m in self.messages()
            )
            what = repr(wanted) if isinstance(wanted, str) else "what was wanted"
            raise AssertionError(f"{self.name} has not seen {what} in {timeout} s:\n{chat}") from None

    async def sees_gone(self, message: Seen, timeout: float = 10.0) -> None:
        """Wait until that message is taken away. Raises `TimeoutError` after `timeout` seconds."""
        async with asyncio.timeout(timeout), self._news:
            await self._news.wait_for(lambda: message.id not in self._now)

    def looks_away(self) -> None:
        """Forget what has come so far: `sees` goes on with what is still to come."""
        self._unread.clear()

    async def download(self, file_id: str) -> bytes:
        """The bytes of a file in the chat."""
        async with self._http.get(f"/sandbox/files/{file_id}") as response:
            response.raise_for_status()
            return await response.read()

    # Plumbing

    async def _send(
        self, kind: str, files: Sequence[tuple[str, bytes]], caption: str, reply_to: Seen | None, **more: str
    ) -> list[Seen]:
        form = aiohttp.FormData({"as": kind, "caption": caption, **more, **_reply(reply_to)})
        for name, data in files:
            form.add_field("file", data, filename=name)
        return [Seen(message) for message in await self._post("media", data=form)]

    async def _post(self, action: str, **body: Any) -> Any:
        async with self._http.post(f"{self._where}/{action}", **body) as response:
            return await _json(response)

    async def take(self, event: dict[str, Any]) -> None:
        """Note what has happened in this chat."""
        async with self._news:
            if event["type"] == "deleted":
                self._now.pop(event["message_id"], None)
            elif event["type"] in ("message", "edited", "reaction"):
                seen = Seen(event["message"])
                self._now[seen.id] = seen
                if seen.from_bot and event["type"] != "reaction":
                    self._unread.append(seen)
            self._news.notify_all()


class Person(Place):
    """One user of the sandbox, in their private chat with the bot.

    Made by `join` or `meet`; closed by `leave` or at the end of `async with`.
    """

    def __init__(self, http: aiohttp.ClientSession, user: dict[str, Any]) -> None:
        super().__init__(http, f"/sandbox/users/{user['id']}", str(user["name"]))
        self.id = int(user["id"])
        self._groups: dict[int, Place] = {}
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

    def in_group(self, group: Group) -> Place:
        """This person in a group: what they do there, and what they have seen there since they are here."""
        return self._group(group.id)

    async def block(self, blocked: bool = True) -> None:
        """Block the bot, or let it write again."""
        await self._post("block", json={"blocked": blocked})

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

    def _group(self, group_id: int) -> Place:
        if group_id not in self._groups:
            where = f"/sandbox/groups/{group_id}/members/{self.id}"
            self._groups[group_id] = Place(self._http, where, self.name)
        return self._groups[group_id]

    async def _following(self) -> Self:
        forever = aiohttp.ClientTimeout(total=None)
        stream = await self._http.get("/sandbox/events", params={"user": self.id}, timeout=forever)
        async with self._http.get(f"{self._where}/messages") as response:
            for message in await _json(response):
                self._now[message["message_id"]] = Seen(message)
        self._follower = asyncio.create_task(self._follow(stream))
        return self

    async def _follow(self, stream: aiohttp.ClientResponse) -> None:
        with contextlib.closing(stream), contextlib.suppress(aiohttp.ClientError):  # it has stopped
            async for line in stream.content:
                if line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    group = event["chat"] is not None and event["chat"] < 0
                    await (self._group(event["chat"]) if group else self).take(event)


class Group:
    """A group of people and the bot, which is in privacy mode."""

    def __init__(self, sandbox_url: str, about: dict[str, Any]) -> None:
        self._url = sandbox_url
        self.id = int(about["id"])
        self.title = str(about["title"])

    @classmethod
    async def create(cls, sandbox_url: str, title: str, people: Sequence[Person]) -> Self:
        """A new group; the first of the people has added the bot."""
        new = {"title": title, "members": [person.id for person in people]}
        async with _session(sandbox_url) as http, http.post("/sandbox/groups", json=new) as response:
            return cls(sandbox_url, await _json(response))

    async def remove_bot(self) -> None:
        """Take the bot out of the group."""
        await self._admit(False)

    async def add_bot(self) -> None:
        """Add it again."""
        await self._admit(True)

    async def _admit(self, member: bool) -> None:
        path = f"/sandbox/groups/{self.id}/bot"
        async with _session(self._url) as http, http.post(path, json={"member": member}) as response:
            await _json(response)


def _session(sandbox_url: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(sandbox_url, read_bufsize=2**20)  # an event is one line, however long


def _words(text: str, entities: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"text": text} | ({"entities": list(entities)} if entities else {})


def _reply(message: Seen | None) -> dict[str, Any]:
    return {} if message is None else {"reply_to": str(message.id)}


async def _json(response: aiohttp.ClientResponse) -> Any:
    body = await response.json()
    if response.status >= 400:
        raise AssertionError(f"the sandbox refuses: {body['error']}")
    return body
