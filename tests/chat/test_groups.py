"""In groups: the bot hears what is meant for it, answers in the thread, and keeps to itself otherwise."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.people import Group, Person
from tests.pictures import decoded, photo, scene
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOT = "@impasto_sandbox_bot"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data")) as studio:
        yield studio
        assert studio.sandbox.refusals == []


@pytest_asyncio.fixture(loop_scope="module")
async def group(studio: Studio, ada: Person, lev: Person) -> Group:
    return await Group.create(studio.sandbox.page_url, "Family", [ada, lev])


async def test_it_says_how_to_ask_when_it_is_taken_in(ada: Person, group: Group) -> None:
    hello = await ada.in_group(group).sees("Answer a picture here")
    assert "/mirror" in hello.text


async def test_a_command_in_answer_to_anothers_picture_is_done_there(
    ada: Person, lev: Person, group: Group
) -> None:
    here, there = ada.in_group(group), lev.in_group(group)
    picture = await there.send_photo(photo())
    await here.say(f"/mirror{BOT}", reply_to=picture)
    result = await here.sees(is_result, timeout=30)
    assert result.raw["reply_to_message"]["message_id"] == picture.id
    assert decoded(await here.download(result.photo or "")).size == scene().size
    assert await there.sees(is_result)


async def test_a_mention_in_answer_to_a_picture_opens_a_menu_for_who_asked_alone(
    ada: Person, lev: Person, group: Group
) -> None:
    here, there = ada.in_group(group), lev.in_group(group)
    picture = await here.send_photo(photo())
    await here.say(f"{BOT} please", reply_to=picture)
    menu = await there.sees("What shall I do")
    answer = await there.press("🧩 More", on=menu)
    assert answer is not None
    assert "Меню" in answer.text or "меню" in answer.text
    await choose(here, "Mirror")
    await here.sees(is_result, timeout=30)


async def test_a_picture_that_the_bot_asked_for_is_taken_in_answer_to_it(ada: Person, group: Group) -> None:
    here = ada.in_group(group)
    await here.send_photo(photo(), f"/blend{BOT}")
    card = await here.sees("Send the style image.")
    await here.send_photo(photo(50, 60), reply_to=card)
    await here.sees(is_result, timeout=30)


async def test_what_people_say_to_each_other_is_none_of_its_business(
    ada: Person, lev: Person, group: Group, studio: Studio
) -> None:
    here, there = ada.in_group(group), lev.in_group(group)
    await here.sees("Answer a picture here")
    mine = await here.send_photo(photo(), "Look, the sea!")
    await there.say("Beautiful!", reply_to=mine)
    await there.say("/mirror@another_bot", reply_to=mine)
    await here.say(f"/help{BOT}")
    answer = await here.sees(lambda message: True)
    assert answer.raw["reply_to_message"]["text"] == f"/help{BOT}"


async def test_what_is_personal_is_answered_by_a_way_into_the_private_chat(ada: Person, group: Group) -> None:
    here = ada.in_group(group)
    await here.say(f"/settings{BOT}")
    answer = await here.sees("in private")
    ((button,),) = answer.rows
    await ada.open_link(button["url"])
    await ada.sees("Settings")


async def test_the_one_who_asked_reads_their_own_language(lev: Person, group: Group) -> None:
    there = lev.in_group(group)
    await there.say(f"/status{BOT}")
    answer = await there.sees(lambda message: "reply_to_message" in message.raw)
    assert "Пришлите" in answer.text


async def test_what_is_made_for_somebody_is_theirs_to_ask_for_again(
    ada: Person, lev: Person, group: Group
) -> None:
    here, there = ada.in_group(group), lev.in_group(group)
    picture = await here.send_photo(photo())
    await here.say(f"/mirror{BOT}", reply_to=picture)
    result = await there.sees(is_result, timeout=30)
    before = len(there.messages())
    for button in ("Again", "As file"):
        answer = await there.press(button, on=result)
        assert answer is not None
        assert answer.text == "Это не ваша картинка."
    assert len(there.messages()) == before
