"""Texts, edits, replies, copies and reactions, and what Telegram answers when they are wrong."""

from __future__ import annotations

import asyncio

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, ReplyKeyboardMarkup
from telegram.error import Forbidden

from impasto.sandbox import Sandbox
from tests.people import Person
from tests.sandbox.conftest import refused

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Cancel", callback_data="cancel")]])


async def test_an_edit_without_keyboard_takes_the_keyboard_away(bot: telegram.Bot, ada: Person) -> None:
    sent = await bot.send_message(ada.id, "Working", reply_markup=KEYBOARD)
    assert (await ada.sees("Working")).buttons == ["Cancel"]
    edited = await bot.edit_message_text("Done", ada.id, sent.message_id)
    assert isinstance(edited, telegram.Message) and edited.edit_date is not None
    assert (await ada.sees("Done")).buttons == []


async def test_an_edit_that_changes_nothing_is_refused(bot: telegram.Bot, ada: Person) -> None:
    sent = await bot.send_message(ada.id, "Working", reply_markup=KEYBOARD)
    with refused("message is not modified: specified new message content"):
        await bot.edit_message_text("Working", ada.id, sent.message_id, reply_markup=KEYBOARD)
    with refused("message is not modified"):
        await bot.edit_message_reply_markup(ada.id, sent.message_id, reply_markup=KEYBOARD)
    await bot.edit_message_reply_markup(ada.id, sent.message_id)


async def test_what_cannot_be_edited_is_refused(bot: telegram.Bot, ada: Person) -> None:
    hers = await ada.say("mine")
    with refused("message can't be edited"):
        await bot.edit_message_text("yours", ada.id, hers.id)
    with refused("message to edit not found"):
        await bot.edit_message_text("nobody's", ada.id, 10_000)
    asked = await bot.send_message(ada.id, "Which?", reply_markup=ReplyKeyboardMarkup([["This", "That"]]))
    with refused("message can't be edited"):
        await bot.edit_message_text("Never mind", ada.id, asked.message_id)
    text = await bot.send_message(ada.id, "text")
    with refused("no caption in the message to edit"):
        await bot.edit_message_caption(ada.id, text.message_id, caption="caption")
    with refused("inline keyboard expected"):
        keys = ReplyKeyboardMarkup([["This"]])
        await bot.edit_message_text("text", ada.id, text.message_id, reply_markup=keys)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "reason"), [("", "essage text is empty"), (" \n", "text is empty"), ("x" * 4097, "is too long")]
)
async def test_a_text_has_one_to_4096_characters(
    bot: telegram.Bot, ada: Person, text: str, reason: str
) -> None:
    with refused(reason):
        await bot.send_message(ada.id, text)


async def test_callback_data_is_counted_in_bytes(bot: telegram.Bot, ada: Person, sandbox: Sandbox) -> None:
    def keyboard(data: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup.from_button(InlineKeyboardButton("Go", callback_data=data))

    await bot.send_message(ada.id, "fits", reply_markup=keyboard("ж" * 32))
    with refused("BUTTON_DATA_INVALID"):
        await bot.send_message(ada.id, "does not", reply_markup=keyboard("ж" * 32 + "x"))
    assert [(r.method, r.reason) for r in sandbox.refusals] == [
        ("sendMessage", "Bad Request: BUTTON_DATA_INVALID")
    ]
    assert "text" in sandbox.refusals[0].parameters


@pytest.mark.parametrize(
    "url", ["ftp://impasto.example", "javascript:alert(1)", "impasto", "mailto:a@b.example"]
)
async def test_a_link_on_a_button_is_http_or_tg(bot: telegram.Bot, ada: Person, url: str) -> None:
    def keyboard(url: str) -> InlineKeyboardMarkup:
        return InlineKeyboardMarkup.from_button(InlineKeyboardButton("Go", url=url))

    await bot.send_message(ada.id, "fits", reply_markup=keyboard("https://t.me/impasto_sandbox_bot?start=x"))
    with refused("URL"):
        await bot.send_message(ada.id, "does not", reply_markup=keyboard(url))


async def test_a_button_needs_an_action(bot: telegram.Bot, ada: Person) -> None:
    with refused("Text buttons are unallowed in the inline keyboard"):
        button = InlineKeyboardButton("Go")
        await bot.send_message(ada.id, "x", reply_markup=InlineKeyboardMarkup.from_button(button))


async def test_a_pressed_button_is_answered_once_and_briefly(bot: telegram.Bot, ada: Person) -> None:
    await bot.send_message(ada.id, "Working", reply_markup=KEYBOARD)
    await bot.get_updates(offset=-1)
    message = await ada.sees("Working")

    async def answered() -> str:
        query = None
        while query is None:
            updates = await bot.get_updates(timeout=5)
            query = updates[-1].callback_query
            await bot.get_updates(offset=updates[-1].update_id + 1)
        assert query.data == "cancel"
        with refused("MESSAGE_TOO_LONG"):
            await bot.answer_callback_query(query.id, "x" * 201)
        await bot.answer_callback_query(query.id, "Stopped", show_alert=True)
        return query.id

    answer, query_id = await asyncio.gather(ada.press("Cancel", on=message), answered())
    assert answer is not None and (answer.text, answer.alert) == ("Stopped", True)
    with refused("query is too old and response timeout expired or query id is invalid"):
        await bot.answer_callback_query(query_id)


async def test_nobody_can_press_a_button_that_is_not_there(bot: telegram.Bot, ada: Person) -> None:
    sent = await bot.send_message(ada.id, "Working", reply_markup=KEYBOARD)
    seen = await ada.sees("Working")
    await bot.edit_message_text("Done", ada.id, sent.message_id)
    await ada.sees("Done")
    with pytest.raises(AssertionError, match="finds no button"):
        await ada.press("Cancel", on=seen)


async def test_the_bot_may_not_write_first_nor_to_those_who_blocked_it(
    bot: telegram.Bot, ada: Person, sandbox: Sandbox
) -> None:
    async with await Person.join(sandbox.page_url, "Shy") as shy:
        with refused("chat not found"):
            await bot.send_message(shy.id, "Hello?")
    await ada.block()
    with refused("bot was blocked by the user", Forbidden):
        await bot.send_message(ada.id, "Hello?")
    await ada.block(False)
    await bot.send_message(ada.id, "Hello again")


async def test_the_owner_can_be_written_to_from_the_start(bot: telegram.Bot, sandbox: Sandbox) -> None:
    async with await Person.meet(sandbox.page_url, sandbox.owner_id) as owner:
        await bot.send_message(sandbox.owner_id, "A report")
        await owner.sees("A report")


async def test_a_copy_has_no_trace_of_its_author(bot: telegram.Bot, ada: Person, sandbox: Sandbox) -> None:
    hers = await ada.say("It does not work")
    async with await Person.meet(sandbox.page_url, sandbox.owner_id) as owner:
        await bot.copy_message(sandbox.owner_id, ada.id, hers.id)
        copy = await owner.sees("does not work")
    assert str(ada.id) not in str(copy.raw) and "Ada" not in str(copy.raw)


async def test_replies_find_their_message_or_are_refused(bot: telegram.Bot, ada: Person) -> None:
    hers = await ada.say("question")
    await bot.send_message(ada.id, "answer", reply_to_message_id=hers.id)
    assert (await ada.sees("answer")).raw["reply_to_message"]["text"] == "question"
    with refused("message to be replied not found"):
        await bot.send_message(ada.id, "answer", reply_to_message_id=9999)
    await bot.send_message(ada.id, "anyway", reply_to_message_id=9999, allow_sending_without_reply=True)


async def test_reactions_deletions_and_actions_reach_the_chat(bot: telegram.Bot, ada: Person) -> None:
    hers = await ada.say("a picture")
    await bot.send_chat_action(ada.id, "upload_photo")
    await bot.set_message_reaction(ada.id, hers.id, "👀")
    with refused("REACTION_INVALID"):
        await bot.set_message_reaction(ada.id, hers.id, "🪑")
    with refused("wrong parameter action"):
        await bot.send_chat_action(ada.id, "dancing")
    sent = await bot.send_message(ada.id, "soon gone")
    await ada.sees("soon gone")
    reacted = ada.now(hers)
    assert reacted is not None and reacted.raw["reaction"] == [{"type": "emoji", "emoji": "👀"}]
    await bot.delete_message(ada.id, sent.message_id)
    with refused("message to delete not found"):
        await bot.delete_message(ada.id, sent.message_id)
    await bot.send_message(ada.id, "last")
    await ada.sees("last")
    assert "soon gone" not in [message.text for message in ada.messages()]


async def test_get_chat_tells_what_a_bot_may_know(bot: telegram.Bot, ada: Person) -> None:
    chat = await bot.get_chat(ada.id)
    assert (chat.type, chat.first_name) == ("private", "Ada")
