"""The people's side of the chats, for the page and for tests. JSON, except where files travel.

GET  /sandbox/state               {bot, owner_id, users, groups, messages by chat id, last event}
GET  /sandbox/events?after&user   server-sent events: user, group, message, edited, deleted, reaction, action,
                                  profile, reset; each has the id of its `chat`, or null. `after` (a number)
                                  and `user` (an id: only what happens in their chats) are optional
GET  /sandbox/users               [{id, name, language_code, started, blocked, bot_name, description,
                                  commands}]
POST /sandbox/users               {name, language_code} -> the user
POST /sandbox/users/ID/block      {blocked} -> the user
GET  /sandbox/groups              [{id, title, bot, members: [{id, commands}]}], `bot` is member or kicked
POST /sandbox/groups              {title, members: [id]} -> the group; the first of them adds the bot
POST /sandbox/groups/ID/bot       {member, by?} -> the group, to which `by` adds the bot or takes it out
GET  /sandbox/files/FILE_ID       the file's bytes

WHERE is a person's place in a chat: /sandbox/users/ID in private, /sandbox/groups/ID/members/ID in a group.
GET  WHERE/messages               messages, oldest first, as the Bot API writes them
POST WHERE/text                   {text, entities?, reply_to?} -> [the message]
POST WHERE/media                  multipart: file (1 to 10), as = photo | document | sticker | voice | video |
                                  animation | audio | video_note, caption?, entities?, duration?, reply_to?
                                  -> the messages
POST WHERE/other                  {kind: location | venue | contact | poll | dice, reply_to?} -> [the message]
POST WHERE/edit                   {message_id, text, entities?} -> [the message]
POST WHERE/delete                 {message_id}
POST WHERE/forward                {chat_id, message_ids} -> the messages
POST WHERE/press                  {message_id, data, seconds?} -> {answered, text, show_alert}
POST WHERE/open                   {link} -> [what the link made the person say to the bot in private]

Mistakes are answered with 400, 404 or 409 and {error}. A message has, beside the Bot API's fields, `reaction`
and reply keyboards in `reply_markup`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from impasto.sandbox.acting import Actions, Actor
from impasto.sandbox.chats import Chat, Group, User
from impasto.sandbox.errors import Refused, bad_request
from impasto.sandbox.profile import in_language
from impasto.sandbox.reading import read_body
from impasto.sandbox.world import World

_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_SHOWN: Final = ("image/", "audio/", "video/")

_FILE_HEADERS: Final = {
    "Cache-Control": "private, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Action = Callable[[web.Request, Actor], Awaitable[web.StreamResponse]]


class PeopleApi:
    """Answers /sandbox/…"""

    def __init__(self, world: World, owner_id: int) -> None:
        self._world = world
        self._owner_id = owner_id
        self._actions = Actions(world)

    def routes(self) -> list[web.RouteDef]:
        """The routes, for the application."""
        user, group = "/sandbox/users/{user:\\d+}", "/sandbox/groups/{group:-\\d+}"
        routes = [
            web.get("/sandbox/state", _answered(self._state)),
            web.get("/sandbox/events", self._events),
            web.get("/sandbox/users", _answered(self._users)),
            web.post("/sandbox/users", _answered(self._join)),
            web.post(f"{user}/block", _answered(self._block)),
            web.get("/sandbox/groups", _answered(self._groups)),
            web.post("/sandbox/groups", _answered(self._gather)),
            web.post(f"{group}/bot", _answered(self._bot)),
            web.get("/sandbox/files/{file_id}", _answered(self._file)),
        ]
        actions = self._actions
        for where in (user, f"{group}/members/{{user:\\d+}}"):
            routes.append(web.get(f"{where}/messages", _answered(self._messages)))
            routes += [
                web.post(f"{where}/{action.__name__}", _answered(self._acted(action)))
                for action in (
                    actions.text,
                    actions.media,
                    actions.other,
                    actions.edit,
                    actions.delete,
                    actions.forward,
                    actions.press,
                    actions.open,
                )
            ]
        return routes

    # Looking

    async def _state(self, _request: web.Request) -> web.Response:
        users, groups = self._world.users.values(), self._world.groups.values()
        chats: list[Chat] = [*users, *groups]
        return web.json_response(
            {
                "bot": self._world.bot,
                "owner_id": self._owner_id,
                "users": [self._described(user) for user in users],
                "groups": [self._described_group(group) for group in groups],
                "messages": {chat.id: self._history(chat) for chat in chats},
                "last": self._world.events.last,
            }
        )

    async def _users(self, _request: web.Request) -> web.Response:
        return web.json_response([self._described(user) for user in self._world.users.values()])

    async def _groups(self, _request: web.Request) -> web.Response:
        return web.json_response([self._described_group(group) for group in self._world.groups.values()])

    async def _messages(self, request: web.Request) -> web.Response:
        return web.json_response(self._history(self._actor(request).chat))

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
        last = request.headers.get("Last-Event-ID") or request.query.get("after", "")
        after = int(last) if last.isdecimal() else self._world.events.last
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await stream.prepare(request)
        await stream.write(b"retry: 500\n: the stream is open\n\n")
        with contextlib.suppress(ConnectionError):  # the follower has gone
            async for number, event in self._world.events.follow(after):
                if event is None:
                    await stream.write(b": still here\n\n")
                elif self._wanted(event["chat"], request.query.get("user")):
                    data = json.dumps(event, ensure_ascii=False)
                    await stream.write(f"id: {number}\ndata: {data}\n\n".encode())
        return stream

    def _wanted(self, chat_id: int | None, user: str | None) -> bool:
        if user is None or chat_id is None:
            return True
        return user.isdecimal() and self._world.concerns(chat_id, int(user))

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

    def _described_group(self, group: Group) -> dict[str, Any]:
        commands = self._world.profile.commands_for
        members = [
            {"id": user.id, "commands": commands(group.id, user.language_code)}
            for user in group.members.values()
        ]
        return {"id": group.id, "title": group.title, "bot": group.bot, "members": members}

    def _history(self, chat: Chat) -> list[dict[str, Any]]:
        return [self._world.for_page(message) for message in self._world.messages(chat)]

    # Who and where

    def _user(self, user_id: Any) -> User:
        user = self._world.users.get(int(user_id)) if str(user_id).isdecimal() else None
        if user is None:
            raise Refused(404, "there is no such user")
        return user

    def _group(self, request: web.Request) -> Group:
        group = self._world.groups.get(int(request.match_info["group"]))
        if group is None:
            raise Refused(404, "there is no such group")
        return group

    def _actor(self, request: web.Request) -> Actor:
        user = self._user(request.match_info["user"])
        if "group" not in request.match_info:
            return Actor(user, user)
        group = self._group(request)
        if user.id not in group.members:
            raise Refused(404, "this person is not in that group")
        return Actor(user, group)

    def _acted(self, action: Action) -> Handler:
        async def act(request: web.Request) -> web.StreamResponse:
            actor = self._actor(request)
            if actor.chat is actor.user and actor.user.blocked:
                raise Refused(409, "this user has blocked the bot; unblock it first")
            return await action(request, actor)

        return act

    # People and groups

    async def _join(self, request: web.Request) -> web.Response:
        values = (await read_body(request)).values
        name, language = str(values.get("name", "")).strip(), str(values.get("language_code", "en"))
        if not 1 <= len(name) <= 64 or not _LANGUAGE.fullmatch(language):
            raise bad_request("a user needs a name of 1 to 64 characters and a language such as en or pt-br")
        return web.json_response(self._described(self._world.add_user(name, language)))

    async def _block(self, request: web.Request) -> web.Response:
        user = self._user(request.match_info["user"])
        self._world.set_blocked(user, (await read_body(request)).values.get("blocked") is True)
        return web.json_response(self._described(user))

    async def _gather(self, request: web.Request) -> web.Response:
        values = (await read_body(request)).values
        title, wanted = str(values.get("title", "")).strip(), values.get("members")
        if not 1 <= len(title) <= 128 or not isinstance(wanted, list) or not wanted:
            raise bad_request("a group needs a title of 1 to 128 characters and members")
        members = [self._user(user_id) for user_id in wanted]
        return web.json_response(self._described_group(self._world.add_group(title, members)))

    async def _bot(self, request: web.Request) -> web.Response:
        group, values = self._group(request), (await read_body(request)).values
        by = group.members.get(values.get("by", next(iter(group.members))))
        if by is None:
            raise Refused(404, "this person is not in that group")
        if values.get("member") is True:
            self._world.admit_bot(group, by)
        else:
            self._world.remove_bot(group, by)
        return web.json_response(self._described_group(group))


def _answered(handler: Handler) -> Handler:
    """`handler`, with refusals as {error}."""

    @functools.wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Refused as refused:
            return web.json_response({"error": refused.description}, status=refused.code)

    return answer
