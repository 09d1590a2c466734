"""The troubles that tests bring about, as python-telegram-bot meets them."""

from __future__ import annotations

import asyncio
import time
from random import Random

import pytest
import telegram
from telegram.error import BadRequest, ChatMigrated, Conflict, NetworkError, RetryAfter, TelegramError

from impasto.sandbox import Sandbox, trouble
from impasto.sandbox.trouble import Trouble
from tests.people import Group, Person

SEND = "sendMessage"


def words_of(bot: telegram.Bot, ada: Person) -> asyncio.Task[telegram.Message]:
    return asyncio.ensure_future(bot.send_message(ada.id, "hello"))


@pytest.mark.parametrize(
    ("kind", "error", "arrives"),
    [
        (trouble.unheard, NetworkError, False),
        (trouble.unanswered, NetworkError, True),
        (trouble.bad_gateway, NetworkError, False),
        (trouble.internal_error, NetworkError, False),
        (trouble.too_many(3), RetryAfter, False),
        (trouble.conflict, Conflict, False),
        (trouble.expired_file, BadRequest, False),
    ],
)
async def test_a_trouble_is_met_once_and_is_no_mistake_of_the_bot(
    sandbox: Sandbox, bot: telegram.Bot, ada: Person, kind: Trouble, error: type[TelegramError], arrives: bool
) -> None:
    sandbox.trouble.add(kind, "send*")
    with pytest.raises(error):
        await bot.send_message(ada.id, "first")
    await bot.send_message(ada.id, "second")
    await ada.sees("second")
    assert ("first" in [message.text for message in ada.messages()]) is arrives
    assert sandbox.refusals == []
    assert sandbox.trouble.met == {SEND: 1}


async def test_who_repeats_what_may_not_have_arrived_is_not_blamed(
    sandbox: Sandbox, bot: telegram.Bot, ada: Person
) -> None:
    sent = await bot.send_message(ada.id, "before")
    sandbox.trouble.add(trouble.unanswered, "edit*")
    with pytest.raises(NetworkError):
        await sent.edit_text("after")
    with pytest.raises(BadRequest, match="not modified"):
        await sent.edit_text("after")
    assert sandbox.refusals == []


async def test_only_the_methods_that_fit_are_struck_until_it_is_over(
    sandbox: Sandbox, bot: telegram.Bot, ada: Person
) -> None:
    sandbox.trouble.add(trouble.unheard, SEND, times=None)
    for _ in range(3):
        with pytest.raises(NetworkError):
            await bot.send_message(ada.id, "never")
    await bot.get_me()
    sandbox.trouble.clear()
    await bot.send_message(ada.id, "at last")
    await ada.sees("at last")


async def test_an_answer_that_never_ends_ends_with_whoever_waits_for_it(
    sandbox: Sandbox, bot: telegram.Bot, ada: Person
) -> None:
    sandbox.trouble.add(trouble.endless, SEND)
    waiting = words_of(bot, ada)
    await asyncio.wait((waiting,), timeout=1)
    assert not waiting.done()
    waiting.cancel()
    await bot.send_message(ada.id, "the next")


async def test_what_is_slow_is_done_all_the_same(sandbox: Sandbox, bot: telegram.Bot, ada: Person) -> None:
    sandbox.trouble.add(trouble.slow(0.5))
    began = time.monotonic()
    await bot.send_message(ada.id, "hello")
    assert time.monotonic() - began >= 0.5


async def test_a_storm_strikes_about_its_share_and_the_same_with_the_same_seed(
    sandbox: Sandbox, bot: telegram.Bot
) -> None:
    async def struck() -> list[bool]:
        sandbox.trouble.clear()
        sandbox.trouble.storm(Random(5), 0.3, trouble.unheard)
        ended = [await asyncio.gather(bot.get_me(), return_exceptions=True) for _ in range(60)]
        return [isinstance(end[0], NetworkError) for end in ended]

    first = await struck()
    assert 8 <= sum(first) <= 30
    assert await struck() == first


async def test_a_group_that_moved_says_where_to_and_begins_anew(
    sandbox: Sandbox, bot: telegram.Bot, ada: Person
) -> None:
    group = await Group.create(sandbox.page_url, "Family", [ada])
    await bot.send_message(group.id, "here")
    new = sandbox.migrate(group.id)
    with pytest.raises(ChatMigrated) as moved:
        await bot.send_message(group.id, "there?")
    assert moved.value.new_chat_id == new
    await bot.send_message(new, "there")
    told = [update.message for update in await bot.get_updates() if update.message]
    assert [message.migrate_to_chat_id for message in told if message.chat.id == group.id][-1] == new
    assert [message.migrate_from_chat_id for message in told if message.chat.id == new] == [group.id]
