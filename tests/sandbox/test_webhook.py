"""Webhooks as Telegram has them: what it calls, in which order, and that nobody polls meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import telegram
from aiohttp import web
from telegram.error import Conflict

from impasto.sandbox import Sandbox
from impasto.sandbox.files import LocalFolder
from tests.people import Person
from tests.sandbox.conftest import connect, refused


class Called:
    """A bot's address: `answers` to the calls to come, else 200; what came is in `calls`."""

    def __init__(self) -> None:
        self.calls: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.answers: list[int] = []
        self.hold: set[str] = set()
        self._free = asyncio.Event()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        update = await request.json()
        words = update["message"]["text"]
        self.calls.put_nowait((words, request.headers["X-Telegram-Bot-Api-Secret-Token"]))
        if words in self.hold:
            await self._free.wait()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    def release(self) -> None:
        self._free.set()

    async def next(self) -> tuple[str, str]:
        async with asyncio.timeout(5):
            return await self.calls.get()


@pytest.fixture
async def called() -> AsyncIterator[Called]:
    called, app = Called(), web.Application()
    app.router.add_post("/", called.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    called.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield called
    await runner.cleanup()


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A Bot API server of one's own, which calls any address."""
    sandbox = Sandbox(local=LocalFolder(tmp_path, tmp_path))
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"url": "http://example.org"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://example.org:8090"}, "only on ports 80, 88, 443 or 8443"),
        ({"url": "https://127.0.0.1"}, "IP address 127.0.0.1 is reserved"),
        ({"url": "https://no.such.host.invalid"}, "Failed to resolve host"),
        ({"url": "ftp://example.org"}, "invalid webhook URL specified"),
        ({"url": "https://example.org", "secret_token": "no good"}, "unallowed characters"),
        ({"url": "https://example.org", "certificate": bytes(4_000_000)}, "certificate size is too big"),
    ],
)
async def test_what_telegram_would_not_call_is_refused(
    bot: telegram.Bot, given: dict[str, Any], reason: str
) -> None:
    with refused(reason):
        await bot.set_webhook(**given)
    assert (await bot.get_webhook_info()).url == ""


async def test_while_there_is_one_nobody_can_poll(own: Sandbox, called: Called) -> None:
    async with connect(own) as bot, connect(own) as other:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        await other.set_webhook(called.url)
        with refused("terminated by setWebhook request", Conflict):
            await poll
        with refused("can't use getUpdates method while webhook is active", Conflict):
            await bot.get_updates()
        await bot.delete_webhook()
        assert await bot.get_updates() == ()


async def test_each_chat_is_told_in_order_and_again_until_it_is_taken_and_holds_up_no_other(
    own: Sandbox, called: Called
) -> None:
    async with (
        connect(own) as bot,
        await Person.join(own.page_url, "Ada") as ada,
        await Person.join(own.page_url, "Лев") as lev,
    ):
        await ada.say("before")
        called.answers = [500]
        called.hold = {"one"}
        await bot.set_webhook(called.url, secret_token="secret", allowed_updates=["message"])
        assert [await called.next() for _ in range(2)] == [("before", "secret")] * 2
        info = await bot.get_webhook_info()
        assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
        await ada.say("one")
        assert (await called.next())[0] == "one"
        await ada.say("two")
        await lev.say("three")
        assert (await called.next())[0] == "three"
        called.release()
        assert (await called.next())[0] == "two"
        await bot.delete_webhook()
        await ada.say("unheard")
        assert len(await bot.get_updates()) == 1
        assert called.calls.empty()
