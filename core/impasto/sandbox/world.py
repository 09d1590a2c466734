"""The world of the sandbox: its users, their chats with the bot, and what happens there. No HTTP in here.

One private chat per user; the chat's id is the user's id, as in Telegram. All of it is changed from one event
loop, and every change is told to the bot (updates) or to the pages (events), whomever it concerns.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final

from impasto.sandbox.errors import bad_request
from impasto.sandbox.events import EventLog
from impasto.sandbox.files import FileStore, Media
from impasto.sandbox.profile import Profile, in_language
from impasto.sandbox.rates import RateLimiter, Rates
from impasto.sandbox.updates import UpdateQueue

_KEPT_MESSAGES: Final = 2000
_FIRST_USER: Final = 1_000_001
_QUERY_SECONDS: Final = 30.0
STALE_QUERY: Final = "query is too old and response timeout expired or query ID is invalid"


@dataclass(slots=True)
class User:
    """A person. `started` says whether the bot may write to them: it may not write first."""

    id: int
    name: str
    language_code: str
    started: bool = False
    blocked: bool = False

    def as_sender(self) -> dict[str, Any]:
        """The Bot API's User."""
        identity = {"id": self.id, "is_bot": False, "first_name": self.name}
        return {**identity, "language_code": self.language_code}

    def as_chat(self) -> dict[str, Any]:
        """The Bot API's Chat."""
        return {"id": self.id, "first_name": self.name, "type": "private"}


@dataclass(slots=True)
class Message:
    """A message in a chat. `content` holds the Bot API's fields text, photo, caption, entities and so on."""

    id: int
    chat: User
    date: int
    content: dict[str, Any]
    from_bot: bool
    markup: dict[str, Any] | None = None
    reply_to: Message | None = None
    group: str | None = None
    edited: int | None = None
    reaction: list[dict[str, Any]] = field(default_factory=list)

    def buttons(self) -> list[dict[str, Any]]:
        """The inline buttons, row by row."""
        rows = (self.markup or {}).get("inline_keyboard", [])
        return [button for row in rows for button in row]


class World:
    """Everything that one Bot API server knows."""

    def __init__(self, token: str, rates: Rates) -> None:
        self.token = token
        self.bot = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Impasto"}
        self.bot["username"] = "impasto_sandbox_bot"
        self.events = EventLog()
        self.updates = UpdateQueue()
        self.files = FileStore()
        self.rates = RateLimiter(rates)
        self.profile = Profile()
        self.users: dict[int, User] = {}
        self._messages: dict[int, dict[int, Message]] = {}
        self._user_ids = itertools.count(_FIRST_USER)
        self._message_ids = itertools.count(1)
        self._queries: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._instance = secrets.token_hex(8)

    # People

    def add_user(self, name: str, language_code: str, *, started: bool = False) -> User:
        """A new person."""
        user = User(next(self._user_ids), name, language_code, started)
        self.users[user.id] = user
        self._messages[user.id] = {}
        self.events.publish("user", user.id)
        return user

    def bot_name(self, language_code: str = "") -> str:
        """The bot's name in that language."""
        return in_language(self.profile.names, language_code) or str(self.bot["first_name"])

    def set_blocked(self, user: User, blocked: bool) -> None:
        """The user stops the bot, or lets it write again."""
        if user.blocked == blocked:
            return
        user.blocked = blocked
        kicked = {"user": self.bot, "status": "kicked", "until_date": 0}
        member = {"user": self.bot, "status": "member"}
        old, new = (member, kicked) if blocked else (kicked, member)
        change = {"chat": user.as_chat(), "from": user.as_sender(), "date": int(time.time())}
        self.updates.put("my_chat_member", {**change, "old_chat_member": old, "new_chat_member": new})
        self.events.publish("user", user.id)

    # Messages

    def messages(self, user: User) -> list[Message]:
        """The messages of a chat, oldest first."""
        return list(self._messages[user.id].values())

    def find(self, chat_id: int, message_id: int) -> Message | None:
        """A message by its ids."""
        return self._messages.get(chat_id, {}).get(message_id)

    def post(
        self,
        chat: User,
        content: dict[str, Any],
        *,
        from_bot: bool,
        markup: dict[str, Any] | None = None,
        reply_to: Message | None = None,
        group: str | None = None,
    ) -> Message:
        """A new message; one of a user goes to the bot's updates."""
        message = Message(
            next(self._message_ids), chat, int(time.time()), content, from_bot, markup, reply_to, group
        )
        history = self._messages[chat.id]
        history[message.id] = message
        if len(history) > _KEPT_MESSAGES:
            del history[next(iter(history))]
        if not from_bot:
            chat.started = True
            self.updates.put("message", self.as_json(message))
        self.events.publish("message", chat.id, message=self.for_page(message))
        return message

    def edit(self, message: Message, content: dict[str, Any], markup: dict[str, Any] | None) -> None:
        """Replace what a message holds; without `markup` its keyboard goes. Refuses a change of nothing."""
        if (content, markup) == (message.content, message.markup):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message"
            )
        message.content, message.markup = content, markup
        message.edited = int(time.time())
        self.events.publish("edited", message.chat.id, message=self.for_page(message))

    def react(self, message: Message, reaction: list[dict[str, Any]]) -> None:
        """The bot's reaction to a message."""
        message.reaction = reaction
        self.events.publish("reaction", message.chat.id, message=self.for_page(message))

    def delete(self, message: Message) -> None:
        """Take a message out of its chat."""
        del self._messages[message.chat.id][message.id]
        self.events.publish("deleted", message.chat.id, message_id=message.id)

    def as_json(self, message: Message, *, with_reply: bool = True) -> dict[str, Any]:
        """The Bot API's Message."""
        result: dict[str, Any] = {
            "message_id": message.id,
            "from": self.bot | {"first_name": self.bot_name()}
            if message.from_bot
            else message.chat.as_sender(),
            "chat": message.chat.as_chat(),
            "date": message.date,
            **message.content,
        }
        if message.edited is not None:
            result["edit_date"] = message.edited
        if message.group is not None:
            result["media_group_id"] = message.group
        if message.markup is not None and "inline_keyboard" in message.markup:
            result["reply_markup"] = message.markup
        if message.reply_to is not None and with_reply:
            result["reply_to_message"] = self.as_json(message.reply_to, with_reply=False)
        return result

    def for_page(self, message: Message) -> dict[str, Any]:
        """The message with what only a client sees: reply keyboards and reactions."""
        seen = self.as_json(message)
        if message.markup is not None:
            seen["reply_markup"] = message.markup
        return seen | ({"reaction": message.reaction} if message.reaction else {})

    # Buttons

    async def press(self, message: Message, data: str) -> dict[str, Any] | None:
        """A user presses a button: the bot's answer, or None if it gives none in time."""
        query = str(secrets.randbits(63))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._queries[query] = answer
        self.updates.put(
            "callback_query",
            {
                "id": query,
                "from": message.chat.as_sender(),
                "message": self.as_json(message),
                "chat_instance": f"{self._instance}{message.chat.id}",
                "data": data,
            },
        )
        try:
            return await asyncio.wait_for(answer, _QUERY_SECONDS)
        except TimeoutError:
            return None
        finally:
            self._queries.pop(query, None)

    def answer(self, query: str, answer: dict[str, Any]) -> None:
        """The bot answers a pressed button, once. Raises `Refused` where it is too late or done already."""
        waiting = self._queries.pop(query, None)
        if waiting is None or waiting.done():
            raise bad_request(STALE_QUERY)
        waiting.set_result(answer)

    def open(self) -> None:
        """Let pages and tests follow what happens."""
        self.events.open()

    def close(self) -> None:
        """End everything that waits."""
        self.events.close()
        self.updates.close()
        for waiting in self._queries.values():
            if not waiting.done():
                waiting.set_result({})


def media_of(message: Message) -> Media | None:
    """The photo, document and so on that a message carries."""
    kinds = ("photo", "document", "sticker", "voice", "video", "animation")
    return next((Media(kind, message.content[kind]) for kind in kinds if kind in message.content), None)
