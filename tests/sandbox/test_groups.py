"""A group of people with the bot in privacy mode: what it hears, what it may do, and who else sees that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import telegram
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import ChatMemberStatus, ChatType
from telegram.error import Forbidden, RetryAfter

from impasto.bot.flood import seconds_of
from impasto.sandbox import Rates, Sandbox
from tests.people import Group, Person, Place
from tests.sandbox.conftest import connect, refused
from tests.sandbox.test_files import picture

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Paint", callback_data="paint")]])


@pytest.fixture
async def lev(sandbox: Sandbox) -> AsyncIterator[Person]:
    async with await Person.join(sandbox.page_url, "Lev", "ru") as lev:
        yield lev


@pytest.fixture
async def family(sandbox: Sandbox, ada: Person, lev: Person) -> Group:
    return await Group.create(sandbox.page_url, "Family", [ada, lev])


@pytest.fixture
def her(ada: Person, family: Group) -> Place:
    return ada.in_group(family)


@pytest.fixture
def his(lev: Person, family: Group) -> Place:
    return lev.in_group(family)


async def heard(bot: telegram.Bot) -> list[telegram.Message]:
    """What the bot has been told by people since the last time."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1)
    told = (update.message for update in updates)
    return [message for message in told if message is not None and not message.new_chat_members]


async def test_the_bot_is_told_that_it_was_added_and_removed(
    bot: telegram.Bot, ada: Person, family: Group
) -> None:
    await family.remove_bot()
    await family.remove_bot()
    with refused("bot was kicked from the supergroup chat", Forbidden):
        await bot.send_message(family.id, "Am I here?")
    await family.add_bot()
    await bot.send_message(family.id, "I am here")
    changes = [update.my_chat_member for update in await bot.get_updates() if update.my_chat_member]
    assert [(c.old_chat_member.status, c.new_chat_member.status) for c in changes] == [
        (ChatMemberStatus.LEFT, ChatMemberStatus.MEMBER),
        (ChatMemberStatus.MEMBER, ChatMemberStatus.BANNED),
        (ChatMemberStatus.BANNED, ChatMemberStatus.MEMBER),
    ]
    assert {c.from_user.id for c in changes} == {ada.id}
    assert {(c.chat.id, c.chat.title, c.chat.type) for c in changes} == {
        (family.id, "Family", ChatType.SUPERGROUP)
    }


async def test_in_privacy_mode_the_bot_hears_only_what_is_meant_for_it(
    bot: telegram.Bot, her: Place, his: Place, family: Group
) -> None:
    said = await bot.send_message(family.id, "I paint pictures")
    question = await his.sees("I paint")
    await his.say("Look what I have found")
    await his.send_photo(picture(30, 20), "my cat")
    await his.say("/paint@another_bot")
    await his.say("ask @another_bot or mail me@impasto_sandbox_bot.example")
    await his.say("well /paint")
    await his.say("/paint@Impasto_Sandbox_Bot")
    await his.say("/paint")
    await her.say("what can you do, @impasto_sandbox_bot?")
    await her.send_photo(picture(30, 20), "@impasto_sandbox_bot as a watercolour")
    await her.send_photo(picture(30, 20), reply_to=question)
    messages = await heard(bot)
    assert [message.text or message.caption for message in messages if message.text != "/start"] == [
        "/paint@Impasto_Sandbox_Bot",
        "/paint",
        "what can you do, @impasto_sandbox_bot?",
        "@impasto_sandbox_bot as a watercolour",
        None,
    ]
    answer = messages[-1].reply_to_message
    assert answer is not None and answer.message_id == said.message_id
    assert [message.from_user and message.from_user.first_name for message in messages[-4:]] == [
        "Lev",
        "Ada",
        "Ada",
        "Ada",
    ]


async def test_a_command_in_reply_brings_the_others_picture_along(
    bot: telegram.Bot, her: Place, his: Place, lev: Person
) -> None:
    photo = await her.send_photo(picture(300, 200))
    await his.say("/upscale@impasto_sandbox_bot", reply_to=photo)
    command = (await heard(bot))[-1]
    assert command.reply_to_message is not None and command.reply_to_message.from_user is not None
    assert command.from_user is not None and command.from_user.id == lev.id
    assert command.reply_to_message.from_user.first_name == "Ada"
    file = await command.reply_to_message.photo[-1].get_file()
    assert file.file_size


async def test_of_an_album_the_bot_hears_only_the_picture_with_its_name(
    bot: telegram.Bot, her: Place
) -> None:
    await her.send_album([picture(30, 20), picture(20, 30)], "@impasto_sandbox_bot, please")
    messages = [message for message in await heard(bot) if message.photo]
    assert [message.caption for message in messages] == ["@impasto_sandbox_bot, please"]


async def test_what_the_bot_does_is_seen_by_everybody_in_the_group_alone(
    bot: telegram.Bot, ada: Person, lev: Person, her: Place, his: Place, family: Group
) -> None:
    hers = await her.send_photo(picture(30, 20), "/paint@impasto_sandbox_bot")
    await bot.set_message_reaction(family.id, hers.id, "👀")
    sent = await bot.send_message(family.id, "Painting", reply_to_message_id=hers.id)
    await bot.edit_message_text("Painted", family.id, sent.message_id)
    for place in (her, his):
        assert (await place.sees("Painting")).raw["reply_to_message"]["caption"].startswith("/paint")
        assert (await place.sees("Painted")).edited
        reacted = place.now(hers)
        assert reacted is not None and reacted.raw["reaction"][0]["emoji"] == "👀"
    await bot.delete_message(family.id, sent.message_id)
    await bot.send_message(family.id, "The end")
    for place in (her, his):
        await place.sees("The end")
        assert "Painted" not in [message.text for message in place.messages()]
    assert lev.messages() == [] and [message.text for message in ada.messages()] == ["/start"]


async def test_a_message_of_a_member_is_not_the_bots_to_delete(
    bot: telegram.Bot, her: Place, family: Group
) -> None:
    hers = await her.say("/paint")
    with refused("message can't be deleted"):
        await bot.delete_message(family.id, hers.id)


async def test_any_member_can_press_a_button_and_is_named(
    bot: telegram.Bot, his: Place, lev: Person, family: Group
) -> None:
    sent = await bot.send_message(family.id, "Which?", reply_markup=KEYBOARD)
    menu = await his.sees("Which?")
    pressing = asyncio.create_task(his.press("Paint", on=menu))
    query = None
    while query is None:
        updates = await bot.get_updates(timeout=5)
        query = updates[-1].callback_query
        await bot.get_updates(offset=updates[-1].update_id + 1)
    assert query.from_user.id == lev.id and query.message is not None
    assert (query.message.chat.id, query.message.message_id) == (family.id, sent.message_id)
    await bot.answer_callback_query(query.id, "Not yours")
    answer = await pressing
    assert answer is not None and answer.text == "Not yours"


async def test_a_group_counts_its_messages_itself(
    bot: telegram.Bot, ada: Person, her: Place, family: Group
) -> None:
    """So a message's number says nothing without its chat."""
    hers = await her.say("/paint")
    assert hers.id == (await ada.say("in private")).id
    await bot.delete_message(ada.id, hers.id)
    assert hers.id in [message.id for message in her.messages()]
    assert (await bot.send_message(family.id, "one")).message_id == hers.id + 1


async def test_the_bot_may_not_write_to_somebody_whom_it_knows_from_a_group_only(
    bot: telegram.Bot, his: Place, lev: Person, family: Group
) -> None:
    with refused("chat not found"):
        await bot.send_message(lev.id, "Hello?")
    await his.say("/paint")
    with refused("bot can't initiate conversation with a user", Forbidden):
        await bot.send_message(lev.id, "Hello?")
    with refused("chat not found"):
        await bot.send_message(-1_001_234_567_890, "Hello?")


async def test_a_group_takes_twenty_messages_a_minute_edits_included() -> None:
    sandbox = Sandbox(rates=Rates(group_per_minute=3))
    await sandbox.start()
    try:
        async with await Person.join(sandbox.page_url) as ada, connect(sandbox) as bot:
            family = await Group.create(sandbox.page_url, "Family", [ada])
            sent = await bot.send_message(family.id, "1")
            await bot.edit_message_text("2", family.id, sent.message_id)
            await bot.send_message(family.id, "3")
            with pytest.raises(RetryAfter) as limited:
                await bot.send_message(family.id, "4")
            assert seconds_of(limited.value) == 20
        assert Rates().group_per_minute == 20
    finally:
        await sandbox.stop()


async def test_a_group_shows_the_commands_for_groups_in_each_members_language(
    bot: telegram.Bot, sandbox: Sandbox, ada: Person, lev: Person, family: Group
) -> None:
    async def menus() -> dict[int, list[str]]:
        [group] = await api(sandbox, "groups")
        return {m["id"]: [c["description"] for c in m["commands"]] for m in group["members"]}

    await bot.set_my_commands([("help", "Anywhere")])
    await bot.set_my_commands([("start", "In private")], scope=telegram.BotCommandScopeAllPrivateChats())
    assert await menus() == {ada.id: ["Anywhere"], lev.id: ["Anywhere"]}
    groups = telegram.BotCommandScopeAllGroupChats()
    await bot.set_my_commands([("paint", "In groups")], scope=groups)
    await bot.set_my_commands([("paint", "В группах")], scope=groups, language_code="ru")
    assert await menus() == {ada.id: ["In groups"], lev.id: ["В группах"]}
    await bot.set_my_commands([("paint", "Here")], scope=telegram.BotCommandScopeChat(family.id))
    assert await menus() == {ada.id: ["Here"], lev.id: ["Here"]}
    users = {user["id"]: user for user in await api(sandbox, "users")}
    assert [c["description"] for c in users[lev.id]["commands"]] == ["In private"]
    await bot.delete_my_commands(scope=telegram.BotCommandScopeChat(family.id))
    assert await menus() == {ada.id: ["In groups"], lev.id: ["В группах"]}


async def api(sandbox: Sandbox, path: str) -> Any:
    async with aiohttp.ClientSession(sandbox.page_url) as http, http.get(f"/sandbox/{path}") as response:
        return await response.json()
