"""The owner downloads weights from the chat: `impasto weights fetch` in a process of its own, with a bar."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from html import escape

from telegram import Bot
from telegram.constants import ParseMode
from telegram.error import BadRequest, NetworkError, TelegramError

from impasto.bot import limits
from impasto.bot.buttons import ChooseEffect, Download, Downloads, StopDownload
from impasto.bot.replies import Label
from impasto.bot.status import bar
from impasto.bot.view import keyboard
from impasto.config import Settings
from impasto.effects import Effect
from impasto.i18n import Language
from impasto.plugins import Plugins
from impasto.text import ByteSize, Text, verbatim
from impasto.text import text as _

log = logging.getLogger(__name__)


class WeightsFetcher:
    """Downloads that run, one for each effect."""

    def __init__(self, bot: Bot, settings: Settings, plugins: Plugins) -> None:
        self._bot, self._plugins = bot, plugins
        folders = {"WEIGHTS_DIR": settings.weights_folder, "PLUGINS_DIR": settings.plugins_folder}
        self._environment = os.environ | {f"IMPASTO_{key}": str(path) for key, path in folders.items()}
        self._running: dict[str, asyncio.Task[None]] = {}

    def start(self, effect_id: str, chat_id: int, language: Language) -> None:
        """Begin the download of what an effect lacks; the chat is told of it. One that runs goes on."""
        effect = self._plugins.effects.get(effect_id)
        if effect is None or effect_id in self._running:
            return
        download = _Download(self._bot, effect, chat_id, language)
        self._running[effect_id] = asyncio.create_task(self._run(effect, download))

    def stop(self, effect_id: str) -> None:
        """End a download; what has come of it is kept for the next time."""
        if (running := self._running.get(effect_id)) is not None:
            running.cancel()

    async def stop_all(self) -> None:
        """End every download."""
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, effect: Effect, download: _Download) -> None:
        size = sum(weights.size for weights in self._plugins.missing(effect))
        try:
            await download.show(0, size)
            failure = await self._fetch(effect, download)
        except asyncio.CancelledError:
            await download.end(_("Stopped. What has come is kept for the next time."))
            return
        finally:
            del self._running[effect.id]
        if failure is None and not self._plugins.missing(effect):
            await download.end(_("✅ It is here. Everybody can use it now."), done=True)
        else:
            log.warning("the weights of %s could not be fetched: %s", effect.id, failure)
            await download.fail(failure or "")

    async def _fetch(self, effect: Effect, download: _Download) -> str | None:
        """What the process says is wrong; None if all went well."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "impasto", "weights", "fetch", "--json", effect.id,
            env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            errors = asyncio.create_task(process.stderr.read())
            async for line in process.stdout:
                progress = json.loads(line)
                if "of" in progress:
                    await download.show(progress["bytes"], progress["of"])
            said = (await errors).decode(errors="replace").strip()
            code = await process.wait()
            return said.removeprefix("Error: ") if code else None
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()


class _Download:
    """The message that shows how far a download is."""

    def __init__(self, bot: Bot, effect: Effect, chat_id: int, language: Language) -> None:
        self._bot, self._effect, self._chat_id, self._language = bot, effect, chat_id, language
        self._message_id: int | None = None
        self._shown = float("-inf")

    async def show(self, done: int, size: int) -> None:
        """Show how much is here, at the pace that Telegram allows."""
        now = asyncio.get_running_loop().time()
        if now - self._shown < limits.EDIT_SECONDS:
            return
        self._shown = now
        fraction = min(1.0, done / size) if size else 0.0
        progress = _("{bar} {done} of {size}")(bar=bar(fraction), done=ByteSize(done), size=ByteSize(size))
        stop = Label(_("✕ Cancel"), StopDownload(self._effect.id))
        await self._put(progress, (stop,))

    async def fail(self, reason: str) -> None:
        """Show that it did not come, why, and how to try again."""
        words = _(
            "It could not be downloaded. Is this computer online? What has come is kept for the next try.\n"
            "{reason}"
        )(reason=reason.splitlines()[-1] if reason else "")
        again = Label(_("🔁 Try again"), Download(self._effect.id))
        await self._put(words, (again, Label(_("‹ Back"), Downloads())))

    async def end(self, words: Text, *, done: bool = False) -> None:
        """Show how it ended."""
        use = Label(_("▶️ Use it"), ChooseEffect(self._effect.id))
        await self._put(words, (use,) if done else ())

    async def _put(self, words: Text, row: tuple[Label, ...]) -> None:
        title = verbatim(f"{self._effect.emoji} {self._language(self._effect.title)}")
        html = f"<b>{escape(self._language(title))}</b>\n{escape(self._language(words))}"
        buttons = keyboard((row,) if row else (), self._language)
        try:
            if self._message_id is None:
                sent = await self._bot.send_message(
                    self._chat_id, html, parse_mode=ParseMode.HTML, reply_markup=buttons
                )
                self._message_id = sent.message_id
            else:
                await self._bot.edit_message_text(
                    html,
                    chat_id=self._chat_id,
                    message_id=self._message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=buttons,
                )
        except (BadRequest, NetworkError) as error:
            log.info("a download could not be shown: %s", error)
        except TelegramError as error:
            log.warning("a download could not be shown: %s", error)
