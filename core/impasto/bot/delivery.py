"""Delivery: follows every job's updates into its chat, at the pace that Telegram allows.

News that is overtaken is dropped, never queued; the last news of a job is insisted on, however long Telegram
is away.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from impasto.bot import limits
from impasto.bot.flood import seconds_of
from impasto.bot.job_message import JobMessage
from impasto.bot.owner import Owner
from impasto.bot.pace import Pace
from impasto.bot.reach import Reach, pauses
from impasto.bot.results import ResultShelf
from impasto.bot.whereabouts import Whereabouts
from impasto.gallery.paintings import Gallery
from impasto.i18n import Languages
from impasto.jobs.model import Job, JobState
from impasto.jobs.store import JobStore
from impasto.jobs.updates import Done, JobUpdate, NotDone, Withdrawn, Working
from impasto.log_lines import about, of_job
from impasto.plugins import Plugins
from impasto.text import text as _

log = logging.getLogger(__name__)

LONG_SECONDS = 30.0
"""A job that took longer is announced by a message of its own, since an edit makes no sound."""

_MOST_TRIES = 30
"""For one message, while other requests get through: about half an hour."""

_OUTCOMES = {Done: "finished", NotDone: "failed", Withdrawn: "cancelled"}


class Delivery:
    """Shows the updates of all jobs in their chats."""

    def __init__(
        self,
        bot: Bot,
        *,
        store: JobStore,
        languages: Languages,
        plugins: Plugins,
        shelf: ResultShelf,
        owner: Owner,
        gallery: Gallery,
        reach: Reach,
        whereabouts: Whereabouts,
    ) -> None:
        self._pace, self._reach, self._whereabouts = Pace(), reach, whereabouts
        self._bot, self._store, self._shelf, self._owner = bot, store, shelf, owner
        self._languages, self._plugins, self._gallery = languages, plugins, gallery
        self._followers: dict[int, _Follower] = {}

    async def run(self, updates: asyncio.Queue[JobUpdate]) -> None:
        """Show updates until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                update = await updates.get()
                follower = self._followers.get(update.job.id)
                if follower is None:
                    job = self._store.get(update.job.id)  # its chat may have moved
                    follower = self._followers[job.id] = _Follower(
                        self._message(job), job.order.chat_id, self._pace, self._reach, self._whereabouts
                    )
                    group.create_task(self._follow(follower, job))
                follower.offer(update)

    def _message(self, job: Job) -> JobMessage:
        effect = self._plugins.effects.get(job.order.effect_id)
        language = self._languages.get(job.order.language)
        return JobMessage(self._bot, job, effect, language, self._store, self._shelf, self._gallery)

    async def _follow(self, follower: _Follower, job: Job) -> None:
        """Follow one job to its end; whatever goes wrong there, the others go on."""
        reference = str(job.id)
        try:
            with about(job.id):
                last = await follower.follow()
        except Forbidden as error:
            of_job(log, job.id).info("its chat is closed to me: %s", error)
            self._give_up(job)
            await self._whereabouts.closed(self._store.get(job.id).order.chat_id)
            return
        except Exception as error:
            of_job(log, job.id).exception("it could not be shown in its chat")
            last = NotDone(job, _("Something went wrong on my side."), f"{type(error).__name__}: {error}")
            self._give_up(job)
            await follower.show(last)
        finally:
            del self._followers[job.id]
        if isinstance(last, NotDone):
            self._give_up(job)
        self._tell_plugins(job, last)
        if isinstance(last, NotDone) and last.fault is not None:
            await self._owner.tell_fault(reference, f"{job.order.effect_id}: {last.fault}")

    def _give_up(self, job: Job) -> None:
        """There is no picture of it, or it can't be delivered."""
        if self._store.get(job.id).state is JobState.FINISHED:
            self._store.advance(job, JobState.FAILED)

    def _tell_plugins(self, job: Job, last: JobUpdate) -> None:
        seconds = last.seconds if isinstance(last, Done) else 0.0
        self._plugins.tell(
            "impasto_job_finished",
            effect_id=job.order.effect_id,
            outcome=_OUTCOMES[type(last)],
            seconds=seconds,
        )


class _Follower:
    """Shows the latest news of one job, no more often than its chat takes."""

    def __init__(
        self, message: JobMessage, chat_id: int, pace: Pace, reach: Reach, whereabouts: Whereabouts
    ) -> None:
        self._message, self._chat_id, self._pace = message, chat_id, pace
        self._reach, self._whereabouts = reach, whereabouts
        self._latest: JobUpdate | None = None
        self._news, self._ended = asyncio.Event(), asyncio.Event()
        self._began = False
        self._previewed = self._acted = float("-inf")

    def offer(self, update: JobUpdate) -> None:
        """Take news; older news that was not shown yet is dropped, but for its preview."""
        last = self._latest
        if isinstance(update, Working) and update.preview is None and isinstance(last, Working):
            update = replace(update, preview=last.preview)
        self._latest = update
        self._news.set()
        if isinstance(update, Done | NotDone | Withdrawn):
            self._ended.set()

    async def show(self, update: JobUpdate) -> None:
        """Show `update` now, if it can be shown."""
        try:
            await self._message.show(update)
        except TelegramError as error:
            log.warning("a status could not be shown: %s", error)

    async def follow(self) -> JobUpdate:
        """Show news until the last, which is returned. Raises `TelegramError` if that can't be shown."""
        while True:
            await self._news.wait()
            if self._began:
                await self._turn()
            self._began = True
            self._news.clear()
            match self._latest:
                case Done() as done:
                    await self._insistently(partial(self._message.deliver, done), keeps=True)
                    if done.seconds >= LONG_SECONDS:
                        await self._message.announce()
                    return done
                case (NotDone() | Withdrawn()) as last:
                    await self._insistently(partial(self._message.show, last))
                    return last
                case Working() as working:
                    await self._briefly(partial(self._show_working, working))
                case JobUpdate() as update:
                    await self._briefly(partial(self._message.show, update))

    async def _turn(self) -> None:
        """Wait until the chat takes more news; the last news goes at once."""
        waiting = [
            asyncio.ensure_future(wait) for wait in (self._pace.turn(self._chat_id), self._ended.wait())
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waiting:
                wait.cancel()

    async def _show_working(self, working: Working) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._acted >= limits.ACTION_SECONDS:
            self._acted = now
            await self._message.show_activity()
        if working.preview is None or now - self._previewed < limits.PREVIEW_SECONDS:
            await self._message.show(working)
            return
        self._previewed = now
        if self._latest is working:
            self._latest = replace(working, preview=None)
        await self._message.show_preview(working)

    async def _briefly(self, act: Callable[[], Awaitable[None]]) -> None:
        """Progress that can't be shown is dropped. Raises `TelegramError` where Telegram refuses."""
        try:
            await self._where_it_is(act)
        except (NetworkError, RetryAfter) as error:
            log.info("a status was not shown: %s", error)

    async def _insistently(self, act: Callable[[], Awaitable[None]], *, keeps: bool = False) -> None:
        """Try until it is through. `keeps` says that a result stays in memory meanwhile.

        Raises `TelegramError` where Telegram refuses, or where this fails and fails while it hears the rest.
        """
        tries = 0
        with ExitStack() as waiting:
            for pause in pauses():
                try:
                    await self._where_it_is(act)
                    return
                except BadRequest:  # to python-telegram-bot a NetworkError too
                    raise
                except RetryAfter as error:
                    log.warning("Telegram takes no more for now; again in %.0f s", seconds_of(error))
                    await asyncio.sleep(seconds_of(error))
                except (NetworkError, InvalidToken) as error:
                    tries += not self._reach.away
                    if tries > _MOST_TRIES:
                        raise
                    if keeps:
                        keeps = False
                        waiting.enter_context(self._reach.stuck())
                    log.warning("Telegram does not answer (%s); again in %.0f s", error, pause)
                    await self._reach.back(within=pause)

    async def _where_it_is(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do it, in another chat if this one has become that."""
        try:
            await act()
        except ChatMigrated as error:
            self._whereabouts.moved(self._chat_id, error.new_chat_id)
            self._chat_id = error.new_chat_id
            self._message.move()
            await act()
