"""/announce: a message of the owner goes to everybody who wants such, slowly, and at first to nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from telegram import Bot, CallbackQuery
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TelegramError, TimedOut

from impasto.access import Access
from impasto.bot import limits
from impasto.bot.buttons import NoAnnouncements, SendAnnouncement, StopAnnouncement
from impasto.bot.owner import Owner
from impasto.bot.replies import Card, Label
from impasto.bot.taps import answer_tap
from impasto.bot.view import keyboard
from impasto.i18n import Language, Languages
from impasto.text import Text, plural
from impasto.text import text as _
from impasto.users import UserStore

log = logging.getLogger(__name__)

SECONDS_BETWEEN = 0.1
"""Between two copies: a third of the messages that Telegram allows, so that jobs have the rest."""

_RETRY_SECONDS = (1, 5, 30)
_NO_MORE = ((Label(_("🔕 No more such messages"), NoAnnouncements()),),)
_OPTED_OUT = _("You get no more such messages. /settings brings them back.")

Show = Callable[[Card], Awaitable[None]]


@dataclass(slots=True)
class _Count:
    """How far an announcement is."""

    people: int
    sent: int = 0
    lost: int = 0
    """People who blocked the bot, or are no more."""
    failed: int = 0

    def words(self) -> Text:
        reached = plural("Sent to {sent} of {n} person.", "Sent to {sent} of {n} people.", self.people)(
            sent=self.sent
        )
        if self.lost:
            lost = plural("{n} person has stopped using me.", "{n} people have stopped using me.", self.lost)
            reached = _("{reached} {lost}")(reached=reached, lost=lost)
        if self.failed:
            failed = plural("{n} could not be reached.", "{n} could not be reached.", self.failed)
            reached = _("{reached} {failed}")(reached=reached, failed=failed)
        return reached


class Announcements:
    """Copies messages of the owner's chat to people."""

    def __init__(
        self, bot: Bot, owner: Owner, users: UserStore, access: Access, languages: Languages
    ) -> None:
        self._bot, self._owner_id = bot, owner.chat_id or 0
        self._users, self._access, self._languages = users, access, languages
        self._sending: dict[int, asyncio.Task[None]] = {}
        self._begun: set[int] = set()

    async def prepare(self, *, words: str = "", message_id: int | None = None) -> Card:
        """Show the owner what people would get: these words, or a copy of this message, with them if any.

        Raises `TelegramError` where the message can't be copied.
        """
        buttons = keyboard(_NO_MORE, self._language(self._owner_id))
        if message_id is not None:
            copy = await self._bot.copy_message(
                self._owner_id, self._owner_id, message_id, caption=words or None, reply_markup=buttons
            )
            preview = copy.message_id
        else:
            preview = (await self._bot.send_message(self._owner_id, words, reply_markup=buttons)).message_id
        people = len(self._people())
        if not people:
            return Card((_("This is what people would get, but there is nobody yet who wants to."),))
        question = plural(
            "This is what {n} person gets. Shall I send it?",
            "This is what {n} people get. Shall I send it?",
            people,
        )
        choice = (
            Label(_("✓ Send"), SendAnnouncement(preview)),
            Label(_("✕ Don't send"), StopAnnouncement(preview)),
        )
        return Card((question,), (choice,))

    def start(self, message_id: int, show: Show) -> bool:
        """Begin to send, telling through `show` how far it is; False where that was begun already."""
        if message_id in self._begun:
            return False
        self._begun.add(message_id)
        self._sending[message_id] = asyncio.create_task(self._send_to_all(message_id, show))
        return True

    def stop(self, message_id: int) -> Card | None:
        """Send it to nobody (more). Returns what to say where it was not begun."""
        if (task := self._sending.get(message_id)) is not None:
            task.cancel()
            return None
        if message_id in self._begun:
            return None
        self._begun.add(message_id)
        return Card((_("Not sent."),))

    async def stop_all(self) -> None:
        """End what is being sent."""
        tasks = list(self._sending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def opt_out(self, query: CallbackQuery) -> None:
        """The person who tapped wants no more announcements."""
        user_id = query.from_user.id
        self._users.set_preferences(user_id, replace(self._users.preferences(user_id), announcements=False))
        await answer_tap(query, self._language(user_id), _OPTED_OUT)
        await query.edit_message_reply_markup(None)

    def _people(self) -> list[int]:
        return [
            user_id
            for user_id in self._users.listeners()
            if user_id != self._owner_id and self._access.admits(user_id)
        ]

    async def _send_to_all(self, message_id: int, show: Show) -> None:
        people = self._people()
        count = _Count(len(people))
        stop = ((Label(_("✕ Stop"), StopAnnouncement(message_id)),),)
        loop = asyncio.get_running_loop()
        shown = loop.time()
        try:
            await _quietly(show(Card((count.words(),), stop)))
            for user_id in people:
                await self._send(message_id, user_id, count)
                if loop.time() - shown >= limits.EDIT_SECONDS:
                    shown = loop.time()
                    await _quietly(show(Card((count.words(),), stop)))
                await asyncio.sleep(SECONDS_BETWEEN)
        except asyncio.CancelledError:
            await _quietly(show(Card((_("Stopped. {sent}")(sent=count.words()),))))
        except TelegramError as error:
            log.warning("an announcement is refused: %s", error)
            words = _("Telegram refuses to send this on. {sent}")(sent=count.words())
            await _quietly(show(Card((words,))))
        else:
            await _quietly(show(Card((_("✅ Done. {sent}")(sent=count.words()),))))
        finally:
            del self._sending[message_id]

    async def _send(self, message_id: int, user_id: int, count: _Count) -> None:
        """Send one copy. Raises `TelegramError` where there is something wrong with the message itself."""
        buttons = keyboard(_NO_MORE, self._language(user_id))
        for delay in (*_RETRY_SECONDS, None):
            try:
                await self._bot.copy_message(user_id, self._owner_id, message_id, reply_markup=buttons)
                count.sent += 1
                return
            except Forbidden:
                self._users.set_unreachable(user_id)
                count.lost += 1
                return
            except TimedOut:  # it may well have arrived, and twice is worse than not at all
                count.failed += 1
                return
            except BadRequest as error:
                if "chat not found" not in error.message.lower():
                    raise
                self._users.set_unreachable(user_id)
                count.lost += 1
                return
            except (RetryAfter, NetworkError) as error:  # the rate limiter has waited as Telegram asked
                log.info("a copy of an announcement was not sent: %s", error)
                if delay is not None:
                    await asyncio.sleep(delay)
        count.failed += 1

    def _language(self, user_id: int) -> Language:
        return self._languages.get(self._users.language(user_id))


async def _quietly(showing: Awaitable[None]) -> None:
    """How far it is need not be known."""
    try:
        await showing
    except TelegramError as error:
        log.info("the state of an announcement was not shown: %s", error)
