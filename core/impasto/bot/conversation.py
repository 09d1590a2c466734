"""Conversation: carries out, in one chat, what the dialogue replied."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from html import escape

from telegram import Bot, CallbackQuery, Message, ReplyParameters
from telegram.constants import ParseMode, ReactionEmoji
from telegram.error import BadRequest, Forbidden, TelegramError

from impasto.bot.card_message import CardMessage
from impasto.bot.events import Event
from impasto.bot.replies import (
    CancelJobs,
    Card,
    CloseCard,
    FetchWeights,
    ForgetUser,
    Link,
    PassReport,
    Reply,
    Say,
    SetPreferences,
    StopFetching,
    Submit,
    TellJobs,
    TellNumber,
    Toast,
)
from impasto.bot.services import Services
from impasto.bot.session import Session
from impasto.bot.status import file_name, status_html
from impasto.bot.taps import answer_tap
from impasto.bot.view import link_keyboard
from impasto.database import NoRoom
from impasto.effects import Category
from impasto.i18n import Language
from impasto.jobs.admission import Refused
from impasto.jobs.model import Job, JobOrder, JobState
from impasto.text import Text, plural
from impasto.text import text as _
from impasto.users import Preferences

log = logging.getLogger(__name__)

NOT_YOURS = _("This picture is not yours.")


class Conversation:
    """One person in one chat, with the language they read."""

    def __init__(
        self,
        services: Services,
        bot: Bot,
        session: Session,
        *,
        chat_id: int,
        user_id: int,
        language: Language,
        update_id: int,
        answering: int | None = None,
    ) -> None:
        """`update_id` is Telegram's for what is answered here.

        `answering` is the message that answers reply to, where many people talk.
        """
        self._services, self._bot, self._session = services, bot, session
        self._reply = (
            ReplyParameters(answering, allow_sending_without_reply=True) if answering is not None else None
        )
        self._card = CardMessage(bot, services.sheets, session, chat_id, self._reply, keep=self._keep)
        self._chat_id, self._user_id, self._language = chat_id, user_id, language
        self._update_id = update_id

    async def have(self, event: Event, message: Message | None = None) -> None:
        """Let the dialogue answer `event`, and do what it replies. `message` is the person's, if any."""
        await self._perform(self._services.dialogue.step(self._session, event), message)

    async def tap(self, query: CallbackQuery, event: Event) -> None:
        """The same for a tap on a button, which is always answered, and once."""
        replies = self._services.dialogue.step(self._session, event)
        toasts = [reply.message for reply in replies if isinstance(reply, Toast)]
        await self.answer(query, toasts[0] if toasts else None)
        await self._perform([reply for reply in replies if not isinstance(reply, Toast)], None)

    async def answer(self, query: CallbackQuery, message: Text | None = None) -> None:
        """Answer a tap, with a word over the chat if there is one."""
        await answer_tap(query, self._language, message)

    async def say(self, message: Text, link: Link | None = None) -> None:
        """Send a sentence, perhaps with a button that leads elsewhere."""
        await self._bot.send_message(
            self._chat_id,
            escape(self._language(message)),
            parse_mode=ParseMode.HTML,
            reply_markup=link_keyboard(link, self._bot.username, self._language) if link else None,
            reply_parameters=self._reply,
        )

    async def cancel_job(self, query: CallbackQuery, job_id: int) -> None:
        """Withdraw a job of this person."""
        job = self._own_job(job_id)
        if job is None:
            await self.answer(query, NOT_YOURS)
            return
        await self._services.dispatcher.cancel(job_id)
        is_at_work = self._services.store.get(job_id).state is JobState.RUNNING
        await self.answer(query, _("It is being stopped.") if is_at_work else None)
        if query.message is not None and query.message.message_id != job.status_message_id:
            await self._take_away(query.message.message_id)

    async def _take_away(self, message_id: int) -> None:
        """Take away a job's message that was sent twice, since Telegram did not say that it had arrived."""
        try:
            await self._bot.delete_message(self._chat_id, message_id)
        except TelegramError as error:
            log.info("a message could not be taken away: %s", error)

    async def send_file(self, query: CallbackQuery, job_id: int) -> None:
        """Send a result as a file in full size; if it is no longer in memory, make it once more."""
        job = self._own_job(job_id)
        picture = self._services.shelf.get(job_id)
        effect = self._services.plugins.effects.get(job.order.effect_id) if job else None
        if job is None and self._services.store.has(job_id):
            await self.answer(query, NOT_YOURS)
        elif self._services.shelf.was_just_sent(job_id):
            await self.answer(query)
        elif job is None or effect is None:
            await self.answer(query, _("I no longer have this picture. Please send it again."))
        elif picture is not None:
            await self.answer(query)
            await self._bot.send_document(
                self._chat_id,
                picture.data,
                filename=file_name(job_id, effect, picture),
                reply_parameters=self._reply_to(query),
            )
        else:
            await self.answer(query, _("I make it once more, as a file this time."))
            order = job.order
            pictures = dict(order.pictures)
            submit = Submit(order.effect_id, dict(order.options), pictures, order.reply_to)
            await self._tell_ordered(submit, self._order(submit, as_file=True, seed=order.seed))

    async def send_details(self, query: CallbackQuery, job_id: int) -> None:
        """Send what was recorded while a job ran: facts, a plot and a table."""
        done = self._services.shelf.details(job_id) if self._own_job(job_id) else None
        if done is None:
            await self.answer(query, _("I no longer have the details of this picture."))
            return
        await self.answer(query)
        effect_id = done.job.order.effect_id
        facts = [("effect", effect_id), *done.job.order.options.items(), *done.facts]
        lines = [f"{name}: {value}" for name, value in (*facts, ("seconds", f"{done.seconds:.1f}"))]
        await self._bot.send_message(
            self._chat_id,
            f"<pre>{escape(chr(10).join(lines))}</pre>",
            parse_mode=ParseMode.HTML,
            reply_parameters=self._reply_to(query),
        )
        for file in done.attachments:
            if file.name.endswith(".png"):
                await self._bot.send_photo(self._chat_id, file.data, filename=file.name)
            else:
                name = f"{effect_id.replace('.', '-')}-{job_id}-{file.name}"
                await self._bot.send_document(self._chat_id, file.data, filename=name)

    @staticmethod
    def _reply_to(query: CallbackQuery) -> ReplyParameters | None:
        if query.message is None:
            return None
        return ReplyParameters(query.message.message_id, allow_sending_without_reply=True)

    def _own_job(self, job_id: int) -> Job | None:
        try:
            job = self._services.store.get(job_id)
        except KeyError:
            return None
        return job if job.order.user_id == self._user_id else None

    def _keep(self) -> None:
        self._services.sessions.keep(self._chat_id, self._user_id)

    async def _perform(self, replies: Sequence[Reply], message: Message | None) -> None:
        """Carry out `replies`: first what is to be kept, so that a kill makes nothing shown untrue."""
        submits = [reply for reply in replies if isinstance(reply, Submit)]
        refusals = [self._order(submit) for submit in submits]
        self._keep()
        self._services.handled.note(self._update_id)
        for reply in replies:
            await self._do(reply, message)
        for submit, refusal in zip(submits, refusals, strict=True):
            await self._tell_ordered(submit, refusal)

    async def _do(self, reply: Reply, message: Message | None) -> None:
        match reply:
            case Card():
                await self._card.show(reply, self._language)
            case CloseCard():
                await self._card.close()
            case Say(sentence, link):
                await self.say(sentence, link)
            case Toast(sentence):
                await self.say(sentence)
            case FetchWeights(effect_id):
                self._services.fetcher.start(effect_id, self._chat_id, self._language)
            case StopFetching(effect_id):
                self._services.fetcher.stop(effect_id)
            case CancelJobs(tell, closed):
                count = await self._services.dispatcher.cancel_user(self._user_id)
                if tell:
                    await self._say_cancelled(count, closed)
            case TellJobs():
                await self._tell_jobs()
            case TellNumber():
                await self.say(_("Your number in Telegram is {number}.")(number=str(self._user_id)))
            case ForgetUser(everything):
                self._forget(everything)
            case SetPreferences(preferences):
                self._services.users.set_preferences(self._user_id, preferences)
                self._language = self._services.languages.get(self._services.users.language(self._user_id))
            case PassReport() if message is not None:
                await self._pass_report(message, reply)

    def _order(self, submit: Submit, *, as_file: bool = False, seed: int | None = None) -> Text | None:
        """Make a job of `submit`; a sentence where that is refused."""
        enlarges = self._services.plugins.effects[submit.effect_id].category is Category.ENLARGE
        order = JobOrder(
            chat_id=self._chat_id,
            user_id=self._user_id,
            effect_id=submit.effect_id,
            options=submit.options,
            pictures=submit.pictures,
            language=self._language.code,
            as_file=as_file or enlarges or self._session.preferences.as_file,
            file_format=self._session.preferences.file_format,
            seed=random.getrandbits(31) if seed is None else seed,
            reply_to=submit.reply_to,
        )
        try:
            self._services.dispatcher.submit(order)
        except Refused as refused:
            return refused.user_message
        except NoRoom:
            return _(
                "The disk of my owner's computer is full, so I can't take your picture now. Please send it "
                "again later."
            )
        return None

    async def _tell_ordered(self, submit: Submit, refusal: Text | None) -> None:
        if refusal is not None:
            await self.say(refusal)
        else:
            await self._react(submit.reply_to)

    async def _say_cancelled(self, count: int, closed: bool) -> None:
        if not count and closed:
            await self.say(_("All right. Send a photo when you like."))
        elif count:
            await self.say(plural("{n} picture is cancelled.", "{n} pictures are cancelled.", count))
        else:
            await self.say(_("There is nothing to cancel. Send a photo when you like."))

    async def _pass_report(self, message: Message, report: PassReport) -> None:
        try:
            wrong = await self._services.reports.pass_on(
                message, self._services.owner.language(), more=report.more, words=report.words
            )
        except TelegramError as error:
            log.warning("a report could not be passed on: %s", type(error).__name__)
            await self.say(_("The owner could not be reached. Please try again later."))
            return
        if wrong is not None:
            self._session.reporting, self._session.report_album = True, None
            await self.say(wrong)
        elif not report.more:
            await self.say(_("Thank you. The owner has it, without your name."))

    async def _tell_jobs(self) -> None:
        """Say how far the person's pictures are at this moment."""
        own = [
            update
            for update in self._services.dispatcher.standing()
            if update.job.order.user_id == self._user_id
        ]
        if not own:
            await self.say(_("Nothing of yours is waiting. Send a photo when you like."))
        for update in own:
            effect = self._services.plugins.effects.get(update.job.order.effect_id)
            if effect is not None:
                await self._bot.send_message(
                    self._chat_id,
                    status_html(update, effect, self._language),
                    parse_mode=ParseMode.HTML,
                    reply_parameters=self._reply,
                )

    def _forget(self, everything: bool) -> None:
        self._services.plugins.tell("impasto_forget_user", user_id=self._user_id)
        if everything:
            self._services.users.forget(self._user_id)
            self._services.sessions.forget(self._user_id)
            self._services.store.forget(self._user_id)
            self._services.access.forget(self._user_id)
            self._session.preferences = Preferences()

    async def _react(self, message_id: int | None) -> None:
        """Show on the person's picture that it was seen, where reactions are allowed."""
        if message_id is None:
            return
        try:
            await self._bot.set_message_reaction(self._chat_id, message_id, ReactionEmoji.EYES)
        except (BadRequest, Forbidden) as error:
            log.debug("no reaction: %s", error)
