"""What people do in their chats with the bot and in groups, for the page and for tests. See people.py."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from impasto.sandbox.chats import Chat, Group, Message, User
from impasto.sandbox.entities import Entity, Formatted, formatted
from impasto.sandbox.errors import Refused, bad_request
from impasto.sandbox.files import Media
from impasto.sandbox.limits import CAPTION, CLIENT_PHOTO_SIDE, TEXT
from impasto.sandbox.links import start_payload
from impasto.sandbox.media import RECORDINGS, keep_document, keep_photo, keep_recording, keep_sticker
from impasto.sandbox.others import OTHERS
from impasto.sandbox.parameters import Upload
from impasto.sandbox.reading import read_body
from impasto.sandbox.world import QUERY_SECONDS, World

_MOST_FILES: Final = 10


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody in a chat: the private one, or a group."""

    user: User
    chat: Chat


class Actions:
    """Answers POST requests below a person's place in a chat; each takes the request and who acts."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def text(self, request: web.Request, actor: Actor) -> web.Response:
        """A message of words."""
        values = (await read_body(request)).values
        content = self._text(values).fields("text", "entities")
        return self._posted([self._post(actor, content, values)])

    async def media(self, request: web.Request, actor: Actor) -> web.Response:
        """One file or several; several photos make an album."""
        body = await read_body(request)
        kind = body.values.get("as", "photo")
        uploads = [upload for _, upload in body.files]
        if not 1 <= len(uploads) <= _MOST_FILES:
            raise bad_request(f"1 to {_MOST_FILES} files can be sent at once")
        caption = self._caption(body.values)
        kept = [await self._kept(kind, upload, body.values) for upload in uploads]
        album = str(secrets.randbits(53)) if len(kept) > 1 else None
        contents = [{media.kind: media.value} for media in kept]
        contents[0] |= caption
        return web.json_response(
            [self._world.for_page(self._post(actor, content, body.values, album)) for content in contents]
        )

    async def other(self, request: web.Request, actor: Actor) -> web.Response:
        """A place, a contact, a poll, a die."""
        values = (await read_body(request)).values
        kind = str(values.get("kind"))
        if kind not in OTHERS:
            raise bad_request(f"{kind} is not one of {', '.join(OTHERS)}")
        return self._posted([self._post(actor, OTHERS[kind], values)])

    async def edit(self, request: web.Request, actor: Actor) -> web.Response:
        """Other words in one's own message."""
        values = (await read_body(request)).values
        message = self._message(actor, values.get("message_id"))
        if message.sender is not actor.user:
            raise Refused(409, "people can edit only what they wrote themselves")
        media = message.media()
        if media is not None:
            content = {media.kind: media.value} | self._caption(values | {"caption": values.get("text", "")})
        elif "text" in message.content:
            content = self._text(values).fields("text", "entities")
        else:
            raise Refused(409, "this message has no words")
        self._world.edit(message, content, None)
        return self._posted([message])

    async def delete(self, request: web.Request, actor: Actor) -> web.Response:
        """Take away a message: any in a private chat, one's own in a group."""
        message = self._message(actor, (await read_body(request)).values.get("message_id"))
        if isinstance(actor.chat, Group) and message.sender is not actor.user:
            raise Refused(409, "in a group, people can delete only what they wrote themselves")
        self._world.delete(message, "a person")
        return web.json_response({})

    async def forward(self, request: web.Request, actor: Actor) -> web.Response:
        """Messages of any chat of this person, here."""
        values = (await read_body(request)).values
        source, numbers = values.get("chat_id"), values.get("message_ids")
        if not isinstance(source, int) or not isinstance(numbers, list) or not numbers:
            raise bad_request("a forward needs chat_id and message_ids")
        if not self._world.concerns(source, actor.user.id):
            raise Refused(404, "this person is not in that chat")
        originals = [self._world.find(source, number) for number in numbers if isinstance(number, int)]
        found = [original for original in originals if original is not None and not original.is_service]
        if len(found) < len(numbers):
            raise Refused(404, "there is no such message in that chat")
        if any("has_protected_content" in original.content for original in found):
            raise Refused(409, "what is protected cannot be forwarded")
        album = str(secrets.randbits(53)) if len(found) > 1 and found[0].album else None
        return self._posted([self._forwarded(actor, original, album) for original in found])

    def _forwarded(self, actor: Actor, original: Message, album: str | None) -> Message:
        sender = original.sender.as_sender() if original.sender else self._world.bot
        origin = original.origin or {"type": "user", "date": original.date, "sender_user": sender}
        content = dict(original.content)
        return self._world.post(actor.chat, content, sender=actor.user, origin=origin, album=album)

    async def press(self, request: web.Request, actor: Actor) -> web.Response:
        """A button under a message of the bot; also of one that a person has deleted meanwhile."""
        values = (await read_body(request)).values
        number = _number(values.get("message_id"))
        message = self._world.recall(actor.chat.id, number)
        if message is None or message.deleted_by == "the bot":
            raise Refused(404, "there is no such message in this chat")
        data, seconds = values.get("data"), float(values.get("seconds", QUERY_SECONDS))
        if not message.from_bot or data not in [button.get("callback_data") for button in message.buttons()]:
            raise Refused(409, "there is no such button on that message")
        answer = await self._world.press(actor.user, message, str(data), seconds)
        return web.json_response({"answered": answer is not None, **(answer or {})})

    async def open(self, request: web.Request, actor: Actor) -> web.Response:
        """A link to the bot: what it says for the person in their private chat, if anything."""
        link = str((await read_body(request)).values.get("link", ""))
        payload = start_payload(link, self._world.bot["username"])
        if payload is None:
            return self._posted([])
        if actor.user.blocked:
            raise Refused(409, "this user has blocked the bot; unblock it first")
        content = formatted(f"/start {payload}", None, None).fields("text", "entities")
        return self._posted([self._world.post(actor.user, content, sender=actor.user)])

    # Parts

    def _posted(self, messages: list[Message]) -> web.Response:
        return web.json_response([self._world.for_page(message) for message in messages])

    def _post(
        self, actor: Actor, content: dict[str, Any], values: dict[str, Any], album: str | None = None
    ) -> Message:
        wanted = values.get("reply_to")
        reply_to = self._message(actor, wanted) if wanted is not None else None
        return self._world.post(actor.chat, content, sender=actor.user, reply_to=reply_to, album=album)

    def _message(self, actor: Actor, message_id: Any) -> Message:
        message = self._world.find(actor.chat.id, _number(message_id))
        if message is None:
            raise Refused(404, "there is no such message in this chat")
        return message

    def _text(self, values: dict[str, Any]) -> Formatted:
        text = formatted(str(values.get("text", "")), None, self._entities(values))
        if not 1 <= len(text.text) <= TEXT:
            raise bad_request(f"a message has 1 to {TEXT} characters")
        return text

    def _caption(self, values: dict[str, Any]) -> dict[str, Any]:
        caption = formatted(str(values.get("caption", "")), None, self._entities(values))
        if len(caption.text) > CAPTION:
            raise bad_request(f"a caption has up to {CAPTION} characters")
        return caption.fields("caption", "caption_entities") if caption.text else {}

    def _entities(self, values: dict[str, Any]) -> list[Entity]:
        """What a client marks in a text; a name that it links to somebody needs their id alone."""
        given = values.get("entities", [])
        entities = json.loads(given) if isinstance(given, str) else given
        return [self._entity(entity) if isinstance(entity, dict) else entity for entity in entities]

    def _entity(self, entity: Entity) -> Entity:
        if entity.get("type") != "text_mention":
            return entity
        user = self._world.users.get(entity.get("user", {}).get("id"))
        if user is None:
            raise bad_request("a text_mention needs the id of a user")
        return entity | {"user": user.as_sender()}

    async def _kept(self, kind: str, upload: Upload, values: dict[str, Any]) -> Media:
        if kind == "photo":
            return await keep_photo(self._world.files, upload.data, CLIENT_PHOTO_SIDE)
        if kind == "document":
            return await keep_document(self._world.files, upload)
        if kind == "sticker":
            return await keep_sticker(self._world.files, upload)
        if kind in RECORDINGS:
            seconds = values.get("duration")
            return keep_recording(self._world.files, upload, kind, _number(seconds) if seconds else None)
        raise bad_request(f"files are not sent as {kind}")


def _number(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 0
