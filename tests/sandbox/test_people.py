"""What people do beside writing: forward, edit, delete, follow links, send things that are no pictures."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, MessageOriginUser

from impasto.sandbox import Sandbox
from tests.people import Group, Person
from tests.sandbox.conftest import refused
from tests.sandbox.test_files import picture

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Cancel", callback_data="cancel")]])


async def last(bot: telegram.Bot, kind: str = "message") -> Any:
    updates = await bot.get_updates()
    return next(getattr(u, kind) for u in reversed(updates) if getattr(u, kind) is not None)


async def test_a_forwarded_message_tells_where_it_comes_from(
    bot: telegram.Bot, ada: Person, sandbox: Sandbox
) -> None:
    async with await Person.join(sandbox.page_url, "Lev") as lev:
        family = await Group.create(sandbox.page_url, "Family", [lev, ada])
        his = await lev.in_group(family).send_photo(picture(30, 20), "sunset")
        [forwarded] = await ada.forward(his)
        with pytest.raises(AssertionError, match="not in that chat"):
            await lev.forward(forwarded)
        message = await last(bot)
        assert message.chat.id == ada.id and message.from_user.id == ada.id
        assert message.caption == "sunset" and message.photo[-1].width == 30
        assert isinstance(message.forward_origin, MessageOriginUser)
        assert message.forward_origin.sender_user.id == lev.id
        assert message.api_kwargs["forward_date"] == his.raw["date"]
        # Whoever forwards it again does not become its author.
        await lev.in_group(family).forward(await lev.say("/start"))
        await ada.in_group(family).forward(forwarded)
        assert ada.in_group(family).messages()[-1].raw["forward_origin"] == forwarded.raw["forward_origin"]


async def test_an_album_and_a_message_of_the_bot_can_be_forwarded(bot: telegram.Bot, ada: Person) -> None:
    album = await ada.send_album([picture(30, 20), picture(20, 30)])
    again = await ada.forward(*album)
    assert len({message.raw["media_group_id"] for message in (*album, *again)}) == 2
    await bot.send_message(ada.id, "Working", reply_markup=KEYBOARD)
    [forwarded] = await ada.forward(await ada.sees("Working"))
    assert forwarded.raw["forward_origin"]["sender_user"]["is_bot"] and forwarded.buttons == []
    await bot.send_message(ada.id, "Secret", protect_content=True)
    with pytest.raises(AssertionError, match="protected"):
        await ada.forward(await ada.sees("Secret"))


async def test_a_copy_of_what_was_forwarded_has_no_origin(bot: telegram.Bot, ada: Person) -> None:
    [forwarded] = await ada.forward(await ada.say("hers"))
    copy = await bot.copy_message(ada.id, ada.id, forwarded.id)
    seen = await ada.sees("hers")
    assert seen.id == copy.message_id and "forward_origin" not in seen.raw


async def test_what_a_client_marks_in_a_text_arrives(bot: telegram.Bot, ada: Person) -> None:
    await ada.say(
        "👋 Ada says bold /help",
        entities=[
            {"type": "text_mention", "offset": 3, "length": 3, "user": {"id": ada.id}},
            {"type": "bold", "offset": 12, "length": 4},
            {"type": "custom_emoji", "offset": 0, "length": 2, "custom_emoji_id": "5368324170671202286"},
            {"type": "bot_command", "offset": 17, "length": 5},  # Telegram finds it by itself, once
        ],
    )
    message = await last(bot)
    assert {entity.type: words for entity, words in message.parse_entities().items()} == {
        "custom_emoji": "👋",
        "text_mention": "Ada",
        "bold": "bold",
        "bot_command": "/help",
    }
    assert len(message.entities) == 4
    [mentioned] = message.parse_entities(["text_mention"])
    assert (mentioned.user.id, mentioned.user.first_name) == (ada.id, "Ada")


async def test_an_edit_of_a_person_is_an_update_of_its_own(bot: telegram.Bot, ada: Person) -> None:
    said = await ada.say("/strat")
    await ada.edit(said, "/start")
    edited = await last(bot, "edited_message")
    assert (edited.message_id, edited.text) == (said.id, "/start") and edited.edit_date is not None
    photo = await ada.send_photo(picture(30, 20), "cta")
    await ada.edit(photo, "cat")
    edited = await last(bot, "edited_message")
    assert edited.caption == "cat" and edited.photo
    await bot.send_message(ada.id, "mine")
    with pytest.raises(AssertionError, match="wrote themselves"):
        await ada.edit(await ada.sees("mine"), "yours")


async def test_links_to_the_bot_start_it_with_their_payload(bot: telegram.Bot, ada: Person) -> None:
    for link in (
        "https://t.me/impasto_sandbox_bot?start=superres_photo-x4",
        "http://telegram.me/Impasto_Sandbox_Bot?start=superres_photo-x4",
        "tg://resolve?domain=impasto_sandbox_bot&start=superres_photo-x4",
    ):
        await ada.open_link(link)
        message = await last(bot)
        assert message.text == "/start superres_photo-x4" and message.entities[0].length == 6
    count = len(ada.messages())
    await ada.open_link("https://t.me/impasto_sandbox_bot")
    for link, reason in (
        ("https://t.me/impasto_sandbox_bot?start=superres.photo-x4", "START_PARAM_INVALID"),
        (f"https://t.me/impasto_sandbox_bot?start={'x' * 65}", "START_PARAM_INVALID"),
        ("https://t.me/impasto_sandbox_bot?start=", "START_PARAM_INVALID"),
        ("https://t.me/another_bot?start=x", "does not lead to the bot"),
        ("https://evil.example/impasto_sandbox_bot?start=x", "does not lead to the bot"),
    ):
        with pytest.raises(AssertionError, match=reason):
            await ada.open_link(link)
    assert len(ada.messages()) == count


@pytest.mark.parametrize("kind", ["location", "venue", "contact", "poll", "dice"])
async def test_other_things_than_pictures_reach_the_bot(bot: telegram.Bot, ada: Person, kind: str) -> None:
    await ada.send_other(kind)
    assert getattr(await last(bot), kind) is not None


async def test_moving_stickers_and_long_recordings_are_told_apart(bot: telegram.Bot, ada: Person) -> None:
    await ada.send_as("sticker", b"\x1f\x8b" + bytes(20), "dance.tgs")
    sticker = (await last(bot)).sticker
    assert sticker.is_animated and not sticker.is_video
    await ada.send_as("sticker", b"\x1a\x45\xdf\xa3" + bytes(20), "dance.webm")
    assert (await last(bot)).sticker.is_video
    await ada.send_as("voice", b"OggS", "voice.ogg", duration=83)
    assert (await last(bot)).voice.to_dict()["duration"] == 83
    await ada.send_as("video_note", b"....ftyp", "round.mp4")
    assert (await last(bot)).video_note.length == 240


async def test_a_button_of_a_deleted_message_leads_to_an_inaccessible_one(
    bot: telegram.Bot, ada: Person, sandbox: Sandbox
) -> None:
    sent = await bot.send_message(ada.id, "Working", reply_markup=KEYBOARD)
    working = await ada.sees("Working")
    await ada.delete(working)
    pressing = asyncio.create_task(ada.press("Cancel", on=working, patience=5))
    while (query := (await bot.get_updates(timeout=5))[-1].callback_query) is None:
        pass
    assert query.message is not None and not query.message.is_accessible
    await bot.answer_callback_query(query.id)
    assert await pressing is not None
    for attempt in (
        bot.edit_message_text("Done", ada.id, sent.message_id),
        bot.delete_message(ada.id, sent.message_id),
        bot.send_message(ada.id, "Done", reply_to_message_id=sent.message_id),
    ):
        with refused("not found"):
            await attempt
    assert sandbox.refusals == [], "the bot could not know"


async def test_a_tap_answered_too_late_is_the_same_as_never(
    bot: telegram.Bot, ada: Person, sandbox: Sandbox
) -> None:
    await bot.send_message(ada.id, "Working", reply_markup=KEYBOARD)
    assert await ada.press("Cancel", on=await ada.sees("Working"), patience=0.05) is None
    query = await last(bot, "callback_query")
    with refused("query is too old"):
        await bot.answer_callback_query(query.id)
    assert sandbox.refusals == []
    with refused("query is too old"):
        await bot.answer_callback_query("1234567890")
    assert [refusal.method for refusal in sandbox.refusals] == ["answerCallbackQuery"]
