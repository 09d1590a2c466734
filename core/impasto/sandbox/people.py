"""The people's side of the chats, for the page and for tests. JSON, except where files travel.

GET  /sandbox/state               {bot, owner_id, users, messages by user id, last event}
GET  /sandbox/events?after&user   server-sent events: user, message, edited, deleted, reaction, action,
                                  profile, reset; `after` (a number) and `user` (an id) are optional
GET  /sandbox/users               [{id, name, language_code, started, blocked, bot_name, description,
                                  commands}]
POST /sandbox/users               {name, language_code} -> the user
GET  /sandbox/users/ID/messages   messages, oldest first, as the Bot API writes them
POST /sandbox/users/ID/text       {text, reply_to?} -> the message
POST /sandbox/users/ID/media      multipart: file (1 to 10), as = photo | document | sticker | voice | video |
                                  animation, caption?, reply_to? -> the messages
POST /sandbox/users/ID/press      {message_id, data} -> {answered, text, show_alert}
POST /sandbox/users/ID/block      {blocked} -> the user
GET  /sandbox/files/FILE_ID       the file's bytes

Mistakes are answered with 400, 404 or 409 and {error}. A message has, beside the Bot API's fields, `reaction`
and reply keyboards in `reply_markup`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from impasto.sandbox.entities import formatted
from impasto.sandbox.errors import Refused, bad_request
from impasto.sandbox.files import Media
from impasto.sandbox.limits import CAPTION, CLIENT_PHOTO_SIDE, TEXT
from impasto.sandbox.media import RECORDINGS, keep_document, keep_photo, keep_recording, keep_sticker
from impasto.sandbox.parameters import Upload
from impasto.sandbox.profile import in_language
from impasto.sandbox.reading import read_body
from impasto.sandbox.world import Message, User, World

_MOST_FILES: Final = 10
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_SHOWN: Final = ("image/", "audio/", "video/")

_FILE_HEADERS: Final = {
    "Cache-Control": "private, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PeopleApi:
    """Answers /sandbox/…"""

    def __init__(self, world: World, owner_id: int) -> None:
        self._world = world
        self._owner_id = owner_id

    def routes(self) -> list[web.RouteDef]:
        """The routes, for the application."""
        user = "/sandbox/users/{user:\\d+}"
        return [
            web.get("/sandbox/state", _answered(self._state)),
            web.get("/sandbox/events", self._events),
            web.get("/sandbox/users", _answered(self._users)),
            web.post("/sandbox/users", _answered(self._join)),
            web.get(f"{user}/messages", _answered(self._messages)),
            web.post(f"{user}/text", _answered(self._text)),
            web.post(f"{user}/media", _answered(self._media)),
            web.post(f"{user}/press", _answered(self._press)),
            web.post(f"{user}/block", _answered(self._block)),
            web.get("/sandbox/files/{file_id}", _answered(self._file)),
        ]

    # Looking

    async def _state(self, _request: web.Request) -> web.Response:
        users = self._world.users.values()
        return web.json_response(
            {
                "bot": self._world.bot,
                "owner_id": self._owner_id,
                "users": [self._described(user) for user in users],
                "messages": {user.id: self._history(user) for user in users},
                "last": self._world.events.last,
            }
        )

    async def _users(self, _request: web.Request) -> web.Response:
        return web.json_response([self._described(user) for user in self._world.users.values()])

    async def _messages(self, request: web.Request) -> web.Response:
        return web.json_response(self._history(self._user(request)))

    async def _file(self, request: web.Request) -> web.Response:
        stored = self._world.files.get(request.match_info["file_id"])
        if stored is None:
            raise Refused(404, "there is no such file, or it was dropped to make room")
        shown = stored.mime.startswith(_SHOWN) and stored.mime != "image/svg+xml"
        headers = dict(_FILE_HEADERS)
        if stored.name is not None:
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(stored.name)}"
        mime = stored.mime if shown else "application/octet-stream"
        return web.Response(body=stored.data, content_type=mime, headers=headers)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        wanted = request.query.get("user")
        last = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        after = int(last) if last.isdecimal() else self._world.events.last
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await stream.prepare(request)
        await stream.write(b"retry: 500\n: the stream is open\n\n")
        with contextlib.suppress(ConnectionError):  # the follower has gone
            async for number, event in self._world.events.follow(after):
                if event is None:
                    await stream.write(b": still here\n\n")
                elif wanted is None or event["user"] is None or str(event["user"]) == wanted:
                    data = json.dumps(event, ensure_ascii=False)
                    await stream.write(f"id: {number}\ndata: {data}\n\n".encode())
        return stream

    def _described(self, user: User) -> dict[str, Any]:
        profile, language = self._world.profile, user.language_code
        return {
            "id": user.id,
            "name": user.name,
            "language_code": language,
            "started": user.started,
            "blocked": user.blocked,
            "bot_name": self._world.bot_name(language),
            "description": in_language(profile.descriptions, language),
            "commands": profile.commands_for(user.id, language),
        }

    def _history(self, user: User) -> list[dict[str, Any]]:
        return [self._world.for_page(message) for message in self._world.messages(user)]

    def _user(self, request: web.Request) -> User:
        user = self._world.users.get(int(request.match_info["user"]))
        if user is None:
            raise Refused(404, "there is no such user")
        return user

    # Acting

    async def _join(self, request: web.Request) -> web.Response:
        values = (await read_body(request)).values
        name, language = str(values.get("name", "")).strip(), str(values.get("language_code", "en"))
        if not 1 <= len(name) <= 64 or not _LANGUAGE.fullmatch(language):
            raise bad_request("a user needs a name of 1 to 64 characters and a language such as en or pt-br")
        return web.json_response(self._described(self._world.add_user(name, language)))

    async def _text(self, request: web.Request) -> web.Response:
        user = self._free(request)
        values = (await read_body(request)).values
        text = formatted(str(values.get("text", "")), None, None)
        if not 1 <= len(text.text) <= TEXT:
            raise bad_request(f"a message has 1 to {TEXT} characters")
        content = text.fields("text", "entities")
        reply_to = self._reply_to(user, values)
        message = self._world.post(user, content, from_bot=False, reply_to=reply_to)
        return web.json_response(self._world.for_page(message))

    async def _media(self, request: web.Request) -> web.Response:
        user = self._free(request)
        body = await read_body(request)
        kind = body.values.get("as", "photo")
        uploads = [upload for _, upload in body.files]
        if not 1 <= len(uploads) <= _MOST_FILES:
            raise bad_request(f"1 to {_MOST_FILES} files can be sent at once")
        caption = formatted(body.values.get("caption", ""), None, None)
        if len(caption.text) > CAPTION:
            raise bad_request(f"a caption has up to {CAPTION} characters")
        reply_to = self._reply_to(user, body.values)
        kept = [await self._kept(kind, upload) for upload in uploads]
        group = str(secrets.randbits(53)) if len(kept) > 1 else None
        sent = []
        for number, media in enumerate(kept):
            content = {media.kind: media.value}
            if number == 0 and caption.text:
                content |= caption.fields("caption", "caption_entities")
            sent.append(self._world.post(user, content, from_bot=False, reply_to=reply_to, group=group))
        return web.json_response([self._world.for_page(message) for message in sent])

    async def _kept(self, kind: str, upload: Upload) -> Media:
        if kind == "photo":
            return await keep_photo(self._world.files, upload.data, CLIENT_PHOTO_SIDE)
        if kind == "document":
            return await keep_document(self._world.files, upload)
        if kind == "sticker":
            return await keep_sticker(self._world.files, upload)
        if kind in RECORDINGS:
            return keep_recording(self._world.files, upload, kind)
        raise bad_request(f"files are not sent as {kind}")

    async def _press(self, request: web.Request) -> web.Response:
        user = self._free(request)
        values = (await read_body(request)).values
        message = self._message(user, values.get("message_id"))
        data = values.get("data")
        if not message.from_bot or data not in [button.get("callback_data") for button in message.buttons()]:
            raise Refused(409, "there is no such button on that message")
        answer = await self._world.press(message, str(data))
        return web.json_response({"answered": answer is not None, **(answer or {})})

    async def _block(self, request: web.Request) -> web.Response:
        user = self._user(request)
        self._world.set_blocked(user, (await read_body(request)).values.get("blocked") is True)
        return web.json_response(self._described(user))

    def _free(self, request: web.Request) -> User:
        user = self._user(request)
        if user.blocked:
            raise Refused(409, "this user has blocked the bot; unblock it first")
        return user

    def _message(self, user: User, message_id: Any) -> Message:
        number = int(message_id) if str(message_id).isdecimal() else 0
        message = self._world.find(user.id, number)
        if message is None:
            raise Refused(404, "there is no such message in this chat")
        return message

    def _reply_to(self, user: User, values: dict[str, Any]) -> Message | None:
        wanted = values.get("reply_to")
        return self._message(user, wanted) if wanted is not None else None


def _answered(handler: Handler) -> Handler:
    """`handler`, with refusals as {error}."""

    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return web.json_response({"error": refused.description}, status=refused.code)

    return answer
