"""The desk: hears the owner's commands and buttons in the owner's private chat, and hands them on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

from telegram import Bot, CallbackQuery, Message, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)

from impasto.access import Access, Standing
from impasto.bot.buttons import (
    LetIn,
    NoAnnouncements,
    Refuse,
    SendAnnouncement,
    StopAnnouncement,
    StopJob,
    Unban,
    unpack,
)
from impasto.bot.desk import faults, queue, statistics
from impasto.bot.desk.announcing import Announcements
from impasto.bot.desk.door import Door
from impasto.bot.desk.faults import FaultBook
from impasto.bot.desk.plot import plot
from impasto.bot.limits import CAPTION_CHARACTERS
from impasto.bot.owner import Owner
from impasto.bot.replies import Card, Label
from impasto.bot.taps import answer_tap
from impasto.bot.view import card_html, keyboard
from impasto.effects import Effect
from impasto.engine.base import Engine
from impasto.jobs.dispatcher import Dispatcher
from impasto.jobs.holds import Holds
from impasto.jobs.store import JobStore
from impasto.log import RecentLines
from impasto.text import Text, plural
from impasto.text import text as _
from impasto.users import UserStore

log = logging.getLogger(__name__)

OWNER_COMMANDS: dict[str, Text] = {
    "queue": _("What runs and waits"),
    "pause": _("Begin nothing new"),
    "resume": _("Go on after a pause"),
    "stats": _("How much was made"),
    "devices": _("What each device does"),
    "announce": _("Write to everybody"),
    "ban": _("Answer somebody no longer"),
    "unban": _("Answer them again"),
    "errors": _("What went wrong"),
    "log": _("The log as a file"),
}
"""The owner's commands, as the menu of their chat explains them."""

_TAKES_SECONDS = {"stats"}
"""What comes after it is not kept waiting: /pause, say."""

_ON_TAP = (StopJob, Unban, LetIn, Refuse, SendAnnouncement, StopAnnouncement)
_NO_SUCH_JOB = _("I know no picture with that number. Numbers are in /queue and /errors, for 30 days.")
_HOW_TO_ANNOUNCE = _(
    "Write your message after the command: /announce and then your words. Or answer a message here, words "
    "or a photo, with /announce. You see it first as people would get it."
)


class Desk:
    """Carries out what the owner says."""

    def __init__(
        self,
        bot: Bot,
        *,
        owner: Owner,
        door: Door,
        access: Access,
        announcements: Announcements,
        dispatcher: Dispatcher,
        holds: Holds,
        engine: Engine,
        store: JobStore,
        users: UserStore,
        effects: dict[str, Effect],
        faults: FaultBook,
        lines: RecentLines,
    ) -> None:
        self._bot, self._owner, self._door, self._access = bot, owner, door, access
        self._announcements, self._dispatcher, self._engine = announcements, dispatcher, engine
        self._holds = holds
        self._store, self._users, self._effects = store, users, effects
        self._faults, self._lines = faults, lines
        self._commands: dict[str, Callable[[Message, str], Awaitable[None]]] = {
            "queue": self._queue,
            "pause": self._pause,
            "resume": self._resume,
            "stats": self._stats,
            "devices": self._devices,
            "announce": self._announce,
            "ban": self._ban,
            "unban": self._unban,
            "errors": self._errors,
            "log": self._log,
        }

    def register(self, application: Application[Any, Any, Any, Any, Any, Any]) -> None:
        """Listen from now on; to be called before others do, since who hears first answers."""
        application.add_handler(TypeHandler(Update, self._door.check), group=-1)
        application.add_handler(CallbackQueryHandler(self.on_opt_out, _is_opt_out))
        if self._owner.chat_id is None:
            return
        here = filters.Chat(self._owner.chat_id) & filters.User(self._owner.chat_id)
        at_once = OWNER_COMMANDS.keys() - _TAKES_SECONDS
        application.add_handler(CommandHandler(at_once, self.on_command, here))
        application.add_handler(CommandHandler(_TAKES_SECONDS, self.on_command, here, block=False))
        under_photo = here & filters.CaptionRegex(r"^/announce\b")
        application.add_handler(MessageHandler(under_photo, self.on_captioned))
        application.add_handler(CallbackQueryHandler(self.on_button, _is_for_the_desk))

    async def on_command(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """The owner wrote a command."""
        message, user = update.message, update.effective_user
        if message is None or message.text is None or user is None:
            return
        self._users.meet(user.id, user.language_code or "")
        command, *words = message.text.split(maxsplit=1)
        name = command[1:].partition("@")[0].lower()
        await self._commands[name](message, "".join(words).strip())

    async def on_captioned(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """The owner wrote /announce under a picture."""
        message = update.message
        if message is not None and message.caption is not None:
            words = "".join(message.caption.split(maxsplit=1)[1:])
            await self._show(await self._announcements.prepare(words=words, message_id=message.message_id))

    async def on_button(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """A button of the desk was tapped."""
        query = update.callback_query
        if query is None:
            return
        if query.from_user.id != self._owner.chat_id:  # a client can send what no button of its chat says
            await self._answer(query)
            return
        show = partial(self._replace, query)
        match unpack(query.data or ""):
            case StopJob(job_id):
                await self._answer(query, _("It is being stopped."))
                await self._dispatcher.cancel(job_id, by_owner=True)
                await show(self._queue_card(without=job_id))
            case Unban(job_id):
                await self._answer(query)
                await show(self._unbanned(str(job_id)))
            case LetIn(user_id):
                await self._answer(query)
                await show(await self._door.let_in(user_id))
            case Refuse(user_id):
                await self._answer(query)
                await show(self._door.refuse(user_id))
            case SendAnnouncement(message_id):
                begun = self._announcements.start(message_id, show)
                await self._answer(query, None if begun else _("That was decided already."))
            case StopAnnouncement(message_id):
                await self._answer(query)
                if (card := self._announcements.stop(message_id)) is not None:
                    await show(card)

    async def on_opt_out(self, update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        """Somebody wants no more announcements."""
        if update.callback_query is not None:
            await self._announcements.opt_out(update.callback_query)

    async def stop(self) -> None:
        """End what the desk does by itself."""
        await self._announcements.stop_all()

    # Commands

    async def _queue(self, _message: Message, _argument: str) -> None:
        await self._show(self._queue_card())

    async def _pause(self, _message: Message, _argument: str) -> None:
        self._holds.pause()
        words = _(
            "⏸ Paused. What runs is finished; nothing new is begun, even after a restart, until /resume. "
            "People can still order, and read that they wait for your computer."
        )
        await self._show(Card((words,)))

    async def _resume(self, _message: Message, _argument: str) -> None:
        waiting = len(self._dispatcher.standing())
        lifted = self._holds.resume()
        await self._show(queue.resumed_card(lifted, waiting, self._owner.language()))

    async def _devices(self, _message: Message, _argument: str) -> None:
        dispatcher = self._dispatcher
        card = queue.devices_card(
            self._engine.capacity(),
            dispatcher.standing(),
            self._effects,
            self._holds.in_force(),
            self._owner.language(),
        )
        await self._show(card)

    async def _stats(self, message: Message, _argument: str) -> None:
        now = datetime.now().astimezone()
        outcomes = self._store.outcomes(statistics.beginning(now).timestamp())
        language = self._owner.language()
        card = statistics.card(outcomes, self._effects, now, language)
        if not any(outcome.made for outcome in outcomes):
            await self._show(card)
            return
        days = [language.day(day.date()) for day in statistics.days_until(now)]
        try:
            picture = await plot(days, statistics.bars(outcomes, self._effects, now))
        except ChildProcessError as error:
            log.error("%s", error)
            await self._show(card)
            return
        if len(words := card_html(card, language)) <= CAPTION_CHARACTERS:
            await self._bot.send_photo(message.chat_id, picture, caption=words, parse_mode=ParseMode.HTML)
        else:
            await self._bot.send_photo(message.chat_id, picture)
            await self._show(card)

    async def _announce(self, message: Message, words: str) -> None:
        if words:
            await self._show(await self._announcements.prepare(words=words))
        elif (answered := message.reply_to_message) is not None:
            try:
                card = await self._announcements.prepare(message_id=answered.message_id)
            except BadRequest:
                card = Card((_("I can't send this on. Words, a photo or a file would do."),))
            await self._show(card)
        else:
            await self._show(Card((_HOW_TO_ANNOUNCE,)))

    async def _ban(self, _message: Message, argument: str) -> None:
        await self._show(await self._banned(argument))

    async def _unban(self, _message: Message, argument: str) -> None:
        await self._show(self._unbanned(argument))

    async def _errors(self, message: Message, argument: str) -> None:
        language = self._owner.language()
        if not argument:
            await self._show(faults.list_card(self._faults.newest(), language))
            return
        found = self._faults.of(argument)
        if not found:
            await self._show(Card((_("Nothing is kept under this reference."),)))
        elif (file := faults.detail_file(found)) is not None:
            await self._bot.send_document(message.chat_id, file, filename="fault.txt")
        else:
            await self._bot.send_message(
                message.chat_id, faults.detail_html(found, language), parse_mode=ParseMode.HTML
            )

    async def _log(self, message: Message, _argument: str) -> None:
        lines = self._lines.text()
        if not lines:
            await self._show(Card((_("The log is empty."),)))
            return
        await self._bot.send_document(message.chat_id, lines, filename="impasto.log")

    # What they do

    def _queue_card(self, without: int | None = None) -> Card:
        standing = [update for update in self._dispatcher.standing() if update.job.id != without]
        return queue.queue_card(standing, self._effects, self._holds.in_force(), self._owner.language())

    async def _banned(self, argument: str) -> Card:
        user_id = self._orderer(argument)
        if user_id is None:
            how = _("Write the number of one of their pictures after the command: /ban 17")
            return Card((_NO_SUCH_JOB if argument else how,))
        if user_id == self._owner.chat_id:
            return Card((_("That picture is your own."),))
        self._access.decide(user_id, Standing.REFUSED)
        ended = await self._dispatcher.cancel_user(user_id, by_owner=True)
        words = _(
            "Whoever ordered picture {number} is not answered any more. If they write, they are told so once."
        )(number=argument)
        stopped = plural("{n} picture of theirs is stopped.", "{n} pictures of theirs are stopped.", ended)
        undo = Label(_("↩️ Answer them again"), Unban(int(argument)))
        return Card((words, stopped) if ended else (words,), ((undo,),))

    def _unbanned(self, argument: str) -> Card:
        user_id = self._orderer(argument)
        if user_id is None:
            return Card((_NO_SUCH_JOB,))
        self._access.readmit(user_id)
        words = _("Whoever ordered picture {number} is answered again.")
        return Card((words(number=argument),))

    def _orderer(self, number: str) -> int | None:
        try:
            return self._store.get(int(number)).order.user_id
        except (KeyError, ValueError):
            return None

    # Showing

    async def _show(self, card: Card) -> None:
        await self._owner.ask(card)

    async def _replace(self, query: CallbackQuery, card: Card) -> None:
        """Put `card` into the message that was tapped."""
        language = self._owner.language()
        try:
            await query.edit_message_text(
                card_html(card, language),
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard(card.rows, language),
            )
        except BadRequest as error:
            log.info("the desk could not change a message: %s", error)

    async def _answer(self, query: CallbackQuery, words: Text | None = None) -> None:
        await answer_tap(query, self._owner.language(), words)


def _is_for_the_desk(data: object) -> bool:
    return isinstance(unpack(str(data)), _ON_TAP)


def _is_opt_out(data: object) -> bool:
    return isinstance(unpack(str(data)), NoAnnouncements)
