"""Flood control against the sandbox, which says 429 as Telegram does: who must wait holds up nobody else."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from telegram import Bot
from telegram.error import NetworkError
from telegram.ext import ExtBot

from impasto.bot.flood import FloodControl
from impasto.sandbox import trouble
from impasto.sandbox.rates import Rates
from impasto.sandbox.server import Sandbox
from tests.people import Person
from tests.pictures import photo

pytestmark = pytest.mark.asyncio(loop_scope="module")

BURST = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    """One that takes fewer messages in a chat than the flood control would send."""
    sandbox = Sandbox(rates=Rates(chat_per_second=1.0, chat_burst=BURST))
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def flood() -> FloodControl:
    return FloodControl()


@pytest_asyncio.fixture(loop_scope="module")
async def bot(sandbox: Sandbox, flood: FloodControl) -> AsyncIterator[Bot]:
    bot: ExtBot[int] = ExtBot(
        sandbox.token, sandbox.base_url, base_file_url=sandbox.base_file_url, rate_limiter=flood
    )
    async with bot:
        yield bot


async def met(sandbox: Sandbox, name: str) -> Person:
    person = await Person.join(sandbox.page_url, name)
    await person.say("/start")
    return person


async def test_a_chat_that_must_wait_gets_everything_and_others_do_not_wait(
    sandbox: Sandbox, bot: Bot
) -> None:
    async with await met(sandbox, "Ada") as ada, await met(sandbox, "Bob") as bob:
        many = [asyncio.ensure_future(bot.send_message(ada.id, f"{n}")) for n in range(BURST + 2)]
        await ada.sees(str(BURST - 1))
        began = time.monotonic()
        await bot.send_message(bob.id, "hello")
        assert time.monotonic() - began < 0.5
        await asyncio.gather(*many)
        await ada.sees(str(BURST + 1))
        assert sorted(int(m.text) for m in ada.messages() if m.from_bot) == list(range(BURST + 2))
        assert sandbox.throttled > 0


async def test_what_the_network_loses_is_sent_again_but_no_picture_that_may_have_arrived(
    sandbox: Sandbox, bot: Bot
) -> None:
    async with await met(sandbox, "Ada") as ada:
        sandbox.trouble.add(trouble.unheard, "sendMessage", times=2)
        await bot.send_message(ada.id, "words")
        sandbox.trouble.add(trouble.unanswered, "sendPhoto")
        with pytest.raises(NetworkError):
            await bot.send_photo(ada.id, photo())
        await ada.sees(lambda message: message.photo)
        assert [bool(message.photo) for message in ada.messages() if message.from_bot] == [False, True]


async def test_who_waits_when_the_bot_stops_waits_no_longer(
    sandbox: Sandbox, bot: Bot, flood: FloodControl
) -> None:
    async with await met(sandbox, "Ada") as ada:
        many = [asyncio.ensure_future(bot.send_message(ada.id, f"{n}")) for n in range(BURST + 20)]
        await ada.sees(str(BURST - 1))
        began = time.monotonic()
        flood.give_up()
        ended = await asyncio.gather(*many, return_exceptions=True)
        assert time.monotonic() - began < 2
        assert any(isinstance(end, NetworkError) for end in ended)
