"""Webhook: Telegram calls an address of the owner's with each update, in place of being asked for them."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

from telegram import Update, WebhookInfo
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError

from impasto.arrangements import certificate, listen, webhook_place
from impasto.bot.connection import AnyApplication
from impasto.bot.flood import seconds_of
from impasto.bot.reach import Reach, Undelivered, pauses, unknown_token
from impasto.calls import Answer, Call, CallServer, Refused
from impasto.config import ConfigurationError, WebhookSettings

log = logging.getLogger(__name__)

_CONNECTIONS = 100
"""That Telegram may open at once, each for another chat: the most that it does."""

_SECRET_HEADER = "x-telegram-bot-api-secret-token"
_BODY_BYTES = 2**20
_HANDLED_SECONDS = 2.0
_LOOK_SECONDS = 10.0
_STOP_SECONDS = 3.0


class Webhook:
    """Hears of updates of these `kinds` by calls to an address, as `settings` say.

    A call is answered when its update is handled, and so repeated where a killed bot did not come to it. What
    takes long is not waited for, since Telegram holds the rest of the chat back meanwhile.
    """

    def __init__(
        self,
        application: AnyApplication,
        settings: WebhookSettings,
        reach: Reach,
        *,
        silence: float,
        kinds: Sequence[str],
        note_fault: Callable[[str], object],
    ) -> None:
        """What fails for `silence` seconds is a fault, which `note_fault` is told.

        Raises `ConfigurationError` where the certificate is no use.
        """
        self._application, self._settings, self._reach = application, settings, reach
        self._silence, self._kinds, self._note_fault = silence, kinds, note_fault
        self._secret = settings.secret.get_secret_value() if settings.secret else secrets.token_urlsafe(32)
        self._certificate, self._tls = certificate(settings)
        self._path = settings.path or urlsplit(settings.url).path or "/"
        self._server = CallServer(self._take, most_bytes=_BODY_BYTES)
        self._called = False
        self._failing_since: float | None = None

    async def start(self) -> None:
        """Listen, and have Telegram call, for as long as it takes.

        Raises `ConfigurationError` where the port is taken, or Telegram refuses the address or the token.
        """
        await listen(self._server, webhook_place(self._settings), self._tls)
        await self._register()

    async def watch(self) -> None:
        """Look how Telegram does with its calls, and have it call again where it ceased, until cancelled.

        Raises as `start` does.
        """
        known = False
        while True:
            await asyncio.sleep(min(_LOOK_SECONDS, self._silence / 3))
            try:
                info = await self._application.bot.get_webhook_info()
            except InvalidToken as error:
                raise unknown_token() from error
            except TelegramError as error:
                log.debug("looking at the webhook: %s", error)
                self._reach.missed()
                if self._reach.silence() > self._silence and not known:
                    known = True
                    log.error("nothing heard from Telegram for %.0f s", self._silence)
                    self._note_fault(f"nothing heard from Telegram for {self._silence:.0f} s")
                continue
            known = False
            self._reach.answered(HTTPStatus.OK)
            if info.url != self._settings.url:
                log.warning("another program uses this token: end it, or revoke the token at @BotFather")
                self._reach.rivalled()
                await self._register()
            self._judge(info)

    async def stop(self) -> None:
        """Cease to listen. Telegram keeps what people write for a day, and calls again when this is back."""
        await self._server.close(_STOP_SECONDS)

    async def _register(self) -> None:
        for pause in pauses():
            try:
                await self._application.bot.set_webhook(
                    self._settings.url,
                    certificate=self._certificate,
                    max_connections=_CONNECTIONS,
                    allowed_updates=self._kinds,
                    secret_token=self._secret,
                )
                self._reach.answered(HTTPStatus.OK)
                log.info("Telegram calls %s", urlsplit(self._settings.url).hostname)
                return
            except InvalidToken as error:
                raise unknown_token() from error
            except RetryAfter as error:
                await asyncio.sleep(seconds_of(error))
            except NetworkError as error:
                refused = isinstance(error, BadRequest)
                if refused and "resolve" not in error.message.lower():  # names may be unknown for a while
                    raise ConfigurationError(f"Telegram refuses webhook.url: {error.message}") from error
                log.warning("Telegram can't be told the webhook (%s); again in %.0f s", error, pause)
                await asyncio.sleep(pause)

    async def _take(self, call: Call) -> Answer:
        if call.path != self._path:
            raise Refused(HTTPStatus.NOT_FOUND)
        if call.method != "POST":
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED)
        given = call.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            raise Refused(HTTPStatus.FORBIDDEN)
        body = await call.body()
        self._called = True
        self._reach.answered(HTTPStatus.OK)
        application = self._application
        try:
            update = Update.de_json(json.loads(body), application.bot)
        except Exception as error:  # what can't be read now can't be read later
            log.error("an update of Telegram's can't be read: %s", type(error).__name__)
            return Answer()
        handling = application.create_task(
            application.update_processor.process_update(update, application.process_update(update)), update
        )
        await asyncio.wait((handling,), timeout=_HANDLED_SECONDS)
        return Answer()

    def _judge(self, info: WebhookInfo) -> None:
        """Whether Telegram's calls come through; what does not for long is told."""
        called, self._called = self._called, False
        reason = info.last_error_message
        if called or not reason or not info.pending_update_count:
            if self._reach.undelivered:
                log.warning("Telegram calls again")
            self._failing_since = self._reach.undelivered = None
            return
        now = asyncio.get_running_loop().time()
        if self._failing_since is None:
            self._failing_since = now
        elif now - self._failing_since >= self._silence and not self._reach.undelivered:
            log.error("Telegram can't call the webhook: %s", reason)
            self._note_fault(f"Telegram can't call the webhook: {reason}")
            self._reach.undelivered = reason
            self._reach.news.put_nowait(Undelivered(reason, info.pending_update_count))
