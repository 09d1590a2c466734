"""How the bot hears of things: the long poll, its offsets, and two instances that fight."""

from __future__ import annotations

import asyncio
import time

import telegram
from telegram.error import Conflict, InvalidToken
from telegram.ext import Application, CallbackQueryHandler, CommandHandler

from impasto.sandbox import Sandbox
from tests.people import Person
from tests.sandbox.conftest import connect, refused


async def test_a_long_poll_is_answered_when_somebody_writes(bot: telegram.Bot, sandbox: Sandbox) -> None:
    async with await Person.join(sandbox.page_url, "Лев", "ru") as lev:
        poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        assert not poll.done()
        begin = time.monotonic()
        await lev.say("/start now")
        [update] = await poll
    assert time.monotonic() - begin < 1
    assert update.message is not None and update.message.from_user is not None
    assert update.message.from_user.language_code == "ru"
    assert update.message.parse_entities(["bot_command"]) == {update.message.entities[0]: "/start"}


async def test_updates_come_again_until_an_offset_confirms_them(bot: telegram.Bot, ada: Person) -> None:
    await ada.say("one")
    first = await bot.get_updates()
    assert [update.update_id for update in await bot.get_updates()] == [u.update_id for u in first]
    assert len(await bot.get_updates(limit=1)) == 1
    await ada.say("two")
    [last] = await bot.get_updates(offset=first[-1].update_id + 1)
    assert last.message is not None and last.message.text == "two"
    assert await bot.get_updates(offset=last.update_id + 1) == ()


async def test_a_second_poller_ends_the_first_with_conflict(bot: telegram.Bot, sandbox: Sandbox) -> None:
    async with connect(sandbox) as second:
        first_poll = asyncio.create_task(bot.get_updates(timeout=20))
        await asyncio.sleep(0.1)
        second_poll = asyncio.create_task(second.get_updates(timeout=20))
        with refused("terminated by other getUpdates request", Conflict):
            await first_poll
        assert not second_poll.done()
        await sandbox.stop()
        assert await second_poll == ()


async def test_kinds_that_the_bot_did_not_ask_for_are_left_out(bot: telegram.Bot, ada: Person) -> None:
    await bot.get_updates(offset=-1, allowed_updates=["my_chat_member"])
    await ada.say("not wanted")
    await ada.block()
    updates = await bot.get_updates()
    assert [update.message is None for update in updates] == [False, True]  # /start was there before


async def test_a_foreign_token_is_unauthorized_and_a_malformed_one_not_found(sandbox: Sandbox) -> None:
    with refused("Unauthorized", InvalidToken):
        await connect(sandbox, f"1234567890:{'A' * 35}").get_me()
    with refused("Not Found", InvalidToken):
        await connect(sandbox, "12:malformed").get_me()


async def test_an_application_polls_answers_and_stops_without_a_refusal(
    sandbox: Sandbox, ada: Person
) -> None:
    async def start(update: telegram.Update, _context: object) -> None:
        assert update.effective_message is not None and update.effective_user is not None
        button = telegram.InlineKeyboardButton("Paint", callback_data="paint")
        await update.effective_message.reply_html(
            f"<b>Hello</b> {update.effective_user.mention_html()}",
            reply_markup=telegram.InlineKeyboardMarkup.from_button(button),
        )

    async def pressed(update: telegram.Update, _context: object) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("Painting…")
        await update.callback_query.edit_message_text("Painted")

    builder = Application.builder().token(sandbox.token)
    app = builder.base_url(sandbox.base_url).base_file_url(sandbox.base_file_url).build()
    app.add_handlers([CommandHandler("start", start), CallbackQueryHandler(pressed)])
    async with app:
        assert app.updater is not None
        await app.updater.start_polling()
        await app.start()
        hello = await ada.sees("Hello Ada")
        answer = await ada.press("Paint", on=hello)
        assert answer is not None and (answer.text, answer.alert) == ("Painting…", False)
        painted = await ada.sees("Painted")
        assert painted.id == hello.id and painted.edited and painted.buttons == []
        await app.updater.stop()
        await app.stop()
    assert sandbox.refusals == []
