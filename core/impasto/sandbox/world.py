"""The world of the sandbox: its people and groups, and what happens in their chats. No HTTP in here.

All of it is changed from one event loop, and every change is told to the bot (updates) or to the pages
(events), whomever it concerns.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Literal

from impasto.sandbox.chats import Chat, Group, Membership, Message, User, member
from impasto.sandbox.errors import Refused, bad_request
from impasto.sandbox.events import EventLog
from impasto.sandbox.files import FileStore, LocalFolder
from impasto.sandbox.privacy import reaches
from impasto.sandbox.profile import Profile, in_language
from impasto.sandbox.rates import RateLimiter, Rates
from impasto.sandbox.updates import UpdateQueue
from impasto.sandbox.webhook import Webhook

_KEPT_MESSAGES: Final = 2000
_KEPT_QUERIES: Final = 1000
_FIRST_USER: Final = 1_000_001
_FIRST_GROUP: Final = -1_001_000_000_001
QUERY_SECONDS: Final = 30.0
_STALE_QUERY: Final = "query is too old and response timeout expired or query ID is invalid"


class World:
    """Everything that one Bot API server knows."""

    def __init__(self, token: str, rates: Rates, local: LocalFolder | None = None) -> None:
        self.token = token
        number = int(token.partition(":")[0])
        self.bot: dict[str, Any] = {"id": number, "is_bot": True, "first_name": "Impasto"}
        self.bot["username"] = "impasto_sandbox_bot"
        self.events = EventLog()
        self.updates = UpdateQueue()
        self.webhook = Webhook(self.updates)
        self.files = FileStore(local=local)
        self.rates = RateLimiter(rates)
        self.profile = Profile()
        self.users: dict[int, User] = {}
        self.groups: dict[int, Group] = {}
        self._messages: dict[int, dict[int, Message]] = {}
        self._user_ids = itertools.count(_FIRST_USER)
        self._group_ids = itertools.count(_FIRST_GROUP, -1)
        self._message_ids = itertools.count(1)
        self._queries: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._unanswered: deque[str] = deque(maxlen=_KEPT_QUERIES)
        self._instance = secrets.token_hex(8)

    # People and groups

    def add_user(self, name: str, language_code: str, *, started: bool = False) -> User:
        """A new person."""
        user = User(next(self._user_ids), name, language_code, started)
        self.users[user.id] = user
        self._messages[user.id] = {}
        self.events.publish("user", user.id)
        return user

    def add_group(self, title: str, members: Sequence[User]) -> Group:
        """A new group, to which the first of its members has added the bot."""
        group = Group(next(self._group_ids), title, {user.id: user for user in members})
        self.groups[group.id] = group
        self._messages[group.id] = {}
        self.events.publish("group", group.id)
        self.admit_bot(group, members[0])
        return group

    def chat(self, chat_id: int) -> Chat | None:
        """The private chat or group of that id."""
        return self.users.get(chat_id) or self.groups.get(chat_id)

    def concerns(self, chat_id: int, user_id: int) -> bool:
        """Whether that user is in that chat."""
        return chat_id == user_id or (chat_id in self.groups and user_id in self.groups[chat_id].members)

    def bot_name(self, language_code: str = "") -> str:
        """The bot's name in that language."""
        return in_language(self.profile.names, language_code) or str(self.bot["first_name"])

    def set_blocked(self, user: User, blocked: bool) -> None:
        """The user stops the bot, or lets it write again."""
        if user.blocked == blocked:
            return
        user.blocked = blocked
        self._tell_membership(user, user, *(("member", "kicked") if blocked else ("kicked", "member")))
        self.events.publish("user", user.id)

    def admit_bot(self, group: Group, by: User) -> None:
        """A member adds the bot."""
        if group.bot == "member":
            return
        old, group.bot = group.bot, "member"
        self._tell_membership(group, by, old, "member")
        self.post(group, {"new_chat_members": [self.bot]}, sender=by)
        self.events.publish("group", group.id)

    def remove_bot(self, group: Group, by: User) -> None:
        """A member removes the bot."""
        if group.bot != "member":
            return
        self.post(group, {"left_chat_member": self.bot}, sender=by)
        group.bot = "kicked"
        self._tell_membership(group, by, "member", "kicked")
        self.events.publish("group", group.id)

    def migrate(self, group: Group, *, told: bool) -> Group:
        """A group becomes a supergroup, which is another chat and empty; `told`: the bot hears of it at once.

        If it does not, it learns of it when it next writes there.
        """
        new = Group(next(self._group_ids), group.title, group.members, bot=group.bot)
        self.groups[new.id] = new
        self._messages[new.id] = {}
        by = next(iter(group.members.values()))
        if told:
            self.post(group, {"migrate_to_chat_id": new.id}, sender=by)
            self.post(new, {"migrate_from_chat_id": group.id}, sender=by)
        group.moved_to = new.id
        self.events.publish("group", new.id)
        return new

    def _tell_membership(self, chat: Chat, by: User, old: Membership, new: Membership) -> None:
        change = {"chat": chat.as_chat(), "from": by.as_sender(), "date": int(time.time())}
        members = {"old_chat_member": member(self.bot, old), "new_chat_member": member(self.bot, new)}
        self._tell("my_chat_member", by, change | members)

    def _tell(self, kind: str, by: User, content: dict[str, Any]) -> None:
        by.met = True
        self.updates.put(kind, content)

    # Messages

    def messages(self, chat: Chat) -> list[Message]:
        """The messages of a chat, oldest first."""
        return [message for message in self._messages[chat.id].values() if message.deleted_by is None]

    def find(self, chat_id: int, message_id: int) -> Message | None:
        """A message by its ids, unless it is deleted."""
        message = self.recall(chat_id, message_id)
        return message if message is not None and message.deleted_by is None else None

    def recall(self, chat_id: int, message_id: int) -> Message | None:
        """A message by its ids, deleted or not."""
        return self._messages.get(chat_id, {}).get(message_id)

    def missing(self, chat_id: int, message_id: int, reason: str) -> Refused:
        """The refusal of a message that is not there; blameless where a person has deleted it."""
        message = self.recall(chat_id, message_id)
        return bad_request(reason, blameless=message is not None and message.deleted_by == "a person")

    def post(
        self,
        chat: Chat,
        content: dict[str, Any],
        *,
        sender: User | None,
        markup: dict[str, Any] | None = None,
        reply_to: Message | None = None,
        album: str | None = None,
        origin: dict[str, Any] | None = None,
    ) -> Message:
        """A new message, the bot's if `sender` is None; one of a person goes to the bot's updates."""
        number = next(chat.numbers if isinstance(chat, Group) else self._message_ids)
        now = int(time.time())
        message = Message(number, chat, now, content, sender, markup, reply_to, album, origin)
        history = self._messages[chat.id]
        history[message.id] = message
        if len(history) > _KEPT_MESSAGES:
            del history[next(iter(history))]
        if isinstance(chat, User) and sender is not None:
            chat.started = True
        self._tell_message("message", message)
        self.events.publish("message", chat.id, message=self.for_page(message))
        return message

    def _tell_message(self, kind: str, message: Message) -> None:
        if message.sender is None or (isinstance(message.chat, Group) and message.chat.bot != "member"):
            return
        if reaches(self.bot, message):
            self._tell(kind, message.sender, self.as_json(message))

    def edit(self, message: Message, content: dict[str, Any], markup: dict[str, Any] | None) -> None:
        """Replace what a message holds; without `markup` its keyboard goes. Refuses a change of nothing."""
        if (content, markup) == (message.content, message.markup):
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message"
            )
        message.content, message.markup = content, markup
        message.edited = int(time.time())
        self._tell_message("edited_message", message)
        self.events.publish("edited", message.chat.id, message=self.for_page(message))

    def react(self, message: Message, reaction: list[dict[str, Any]]) -> None:
        """The bot's reaction to a message."""
        message.reaction = reaction
        self.events.publish("reaction", message.chat.id, message=self.for_page(message))

    def delete(self, message: Message, by: Literal["the bot", "a person"]) -> None:
        """Take a message out of its chat."""
        message.deleted_by = by
        self.events.publish("deleted", message.chat.id, message_id=message.id)

    def as_json(self, message: Message, *, with_reply: bool = True) -> dict[str, Any]:
        """The Bot API's Message."""
        sender = message.sender
        result: dict[str, Any] = {
            "message_id": message.id,
            "from": self.bot | {"first_name": self.bot_name()} if sender is None else sender.as_sender(),
            "chat": message.chat.as_chat(),
            "date": message.date,
            **message.content,
        }
        if message.edited is not None:
            result["edit_date"] = message.edited
        if message.album is not None:
            result["media_group_id"] = message.album
        if message.origin is not None:
            result |= {"forward_origin": message.origin, "forward_date": message.origin["date"]}
        if message.markup is not None and "inline_keyboard" in message.markup:
            result["reply_markup"] = message.markup
        if message.reply_to is not None and message.reply_to.deleted_by is None and with_reply:
            result["reply_to_message"] = self.as_json(message.reply_to, with_reply=False)
        return result

    def for_page(self, message: Message) -> dict[str, Any]:
        """The message with what only a client sees: reply keyboards and reactions."""
        seen = self.as_json(message)
        if message.markup is not None:
            seen["reply_markup"] = message.markup
        return seen | ({"reaction": message.reaction} if message.reaction else {})

    # Buttons

    async def press(
        self, user: User, message: Message, data: str, seconds: float = QUERY_SECONDS
    ) -> dict[str, Any] | None:
        """A user presses a button: the bot's answer, or None if it gives none within `seconds`."""
        query = str(secrets.randbits(63))
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._queries[query] = answer
        inaccessible = {"chat": message.chat.as_chat(), "message_id": message.id, "date": 0}
        self._tell(
            "callback_query",
            user,
            {
                "id": query,
                "from": user.as_sender(),
                "message": self.as_json(message) if message.deleted_by is None else inaccessible,
                "chat_instance": f"{self._instance}{message.chat.id}",
                "data": data,
            },
        )
        try:
            return await asyncio.wait_for(answer, seconds)
        except TimeoutError:
            self._unanswered.append(query)
            return None
        finally:
            self._queries.pop(query, None)

    def answer(self, query: str, answer: dict[str, Any]) -> None:
        """The bot answers a pressed button, once. Raises `Refused` where it is too late or done already."""
        waiting = self._queries.pop(query, None)
        if waiting is None or waiting.done():
            raise bad_request(_STALE_QUERY, blameless=query in self._unanswered)
        waiting.set_result(answer)

    def open(self) -> None:
        """Let pages and tests follow what happens, and the bot."""
        self.events.open()
        self.webhook.open()

    def close(self) -> None:
        """End everything that waits."""
        self.events.close()
        self.updates.close()
        self.webhook.close()
        for waiting in self._queries.values():
            if not waiting.done():
                waiting.set_result({})
