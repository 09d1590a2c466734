"""The owner's chat: how the bot tells its owner something, faults above all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from html import escape

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import TelegramError

from impasto.bot.desk.faults import FaultBook, first_line
from impasto.bot.replies import Card
from impasto.bot.view import card_html, keyboard
from impasto.effects import Effect
from impasto.engine.base import DeviceFails
from impasto.i18n import Language, Languages
from impasto.text import Text, plural
from impasto.text import text as _
from impasto.users import UserStore

log = logging.getLogger(__name__)

_TOLD_CHARACTERS = 500
_TOLD_AT_START = 10


class Owner:
    """Whoever runs the bot; `chat_id` is None where nobody is set."""

    def __init__(
        self, bot: Bot, chat_id: int | None, languages: Languages, users: UserStore, faults: FaultBook
    ) -> None:
        self._bot, self.chat_id = bot, chat_id
        self._languages, self._users, self._faults = languages, users, faults

    async def tell_fault(self, reference: str, detail: str) -> None:
        """Note a fault, and tell of it: the first of its kind, and then at 10, 100… of them.

        The first line of `detail` says what is wrong; what follows is kept for /errors.
        """
        count = self._faults.record(reference, detail)
        if count in (1, 10, 100, 1000):
            message = plural(
                "Fault {reference}: {detail} (seen {n} time since the start)",
                "Fault {reference}: {detail} (seen {n} times since the start)",
                count,
            )
            await self.tell(message(reference=reference, detail=first_line(detail)[:_TOLD_CHARACTERS]))

    async def tell_broken(self, broken: Sequence[tuple[str, str]]) -> None:
        """Tell at the start what could not be loaded: names and reasons. They are noted as faults too."""
        for name, reason in broken:
            self._faults.record(name, reason)
        lines = [
            f"• {name}: {first_line(reason)[:_TOLD_CHARACTERS]}" for name, reason in broken[:_TOLD_AT_START]
        ]
        if broken:
            words = plural(
                "{n} thing could not be loaded; the rest works:\n{list}\n\n/errors shows everything.",
                "{n} things could not be loaded; the rest works:\n{list}\n\n/errors shows everything.",
                len(broken),
            )
            await self.tell(words(list="\n".join(lines)))

    async def tell_failing(self, device: DeviceFails, effect: Effect | None) -> None:
        """A device's workers die again and again, the last one at `effect`."""
        words = plural(
            "⚠️ What paints on {device} has ended {n} time in a row ({code}). I go on trying. See /log",
            "⚠️ What paints on {device} has ended {n} times in a row ({code}). I go on trying. See /log",
            device.deaths,
        )(device=device.name, code="it hung" if device.hung else f"exit code {device.exitcode}")
        if effect is None:
            await self.tell(words)
            return
        at = _("The last time it was at “{effect}” ({id}).")(effect=effect.title, id=effect.id)
        await self.tell(_("{first}\n\n{second}")(first=words, second=at))

    async def tell_absence(self, seconds: float) -> None:
        """Tell that Telegram could not be reached for so long."""
        words = _("I could not reach Telegram for {duration}. I am back, and nothing was lost.")
        await self.tell(words(duration=self.language().duration(seconds)))

    async def tell_rival(self) -> None:
        """Tell that another program uses the bot's token."""
        await self.tell(
            _(
                "Another program uses my token, so each of us hears only a part of what people write. Please "
                "end that program. If you don't know it, let @BotFather revoke the token, and give me the "
                "new one."
            )
        )

    async def tell_undelivered(self, reason: str, waiting: int) -> None:
        """Tell that Telegram can't call the webhook, and why, in its own words."""
        words = plural(
            "Telegram can't hand me what people write: {reason}. {n} message waits there, for a day at most. "
            "Please look at what stands before me: the address, its certificate, the proxy.",
            "Telegram can't hand me what people write: {reason}. {n} messages wait there, for a day at most. "
            "Please look at what stands before me: the address, its certificate, the proxy.",
            waiting,
        )
        await self.tell(words(reason=reason))

    async def ask(self, card: Card) -> None:
        """Show the owner a card, whose buttons are answered at the desk."""
        await self._send(card_html(card, self.language()), card)

    def language(self) -> Language:
        """What the owner reads."""
        return self._languages.get(self._users.language(self.chat_id or 0))

    async def tell(self, text: Text) -> None:
        """Tell the owner something."""
        await self._send(escape(self.language()(text)))

    async def _send(self, html: str, card: Card | None = None) -> None:
        if self.chat_id is None:
            return
        buttons = keyboard(card.rows, self.language()) if card else None
        try:
            await self._bot.send_message(self.chat_id, html, parse_mode=ParseMode.HTML, reply_markup=buttons)
        except TelegramError as error:
            log.warning("the owner could not be told: %s", error)
