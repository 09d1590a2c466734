"""What a person chose and sent so far is there after the bot was killed, as if nothing had been."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio
from PIL import Image

from tests.people import Group, Person
from tests.pictures import decoded, encoded, photo
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data"), LIMITS__JOBS_PER_USER="9") as studio:
        yield studio
        assert studio.sandbox.refusals == []


def plain(colour: str) -> bytes:
    return encoded(Image.new("RGB", (60, 40), colour))


def sessions(studio: Studio, user_id: int) -> list[str]:
    """What is kept of a person's conversations."""
    with closing(sqlite3.connect(studio.folder / "impasto.sqlite3")) as database:
        rows = database.execute("SELECT session FROM sessions WHERE user_id = ?", (user_id,))
        return [session for (session,) in rows]


def replace_session(studio: Studio, user_id: int, session: str) -> None:
    with closing(sqlite3.connect(studio.folder / "impasto.sqlite3")) as database, database:
        database.execute("UPDATE sessions SET session = ? WHERE user_id = ?", (session, user_id))


async def test_a_picture_sent_while_the_bot_was_dead_joins_the_one_sent_before(
    studio: Studio, ada: Person
) -> None:
    await ada.send_photo(plain("red"))
    await choose(ada, "Blend")
    await ada.sees("Send the style image.")
    await studio.kill()
    await ada.send_photo(plain("blue"))
    await studio.start()
    result = await ada.sees(is_result, timeout=30)
    red, green, blue = decoded(await ada.download(result.photo or "")).getpixel((30, 20))  # type: ignore[misc]
    assert red > 100
    assert green < 30
    assert blue > 100


async def test_the_buttons_of_a_card_go_on_where_they_stood(studio: Studio, ada: Person) -> None:
    await ada.send_photo(photo(400, 200))
    await choose(ada, "Tint")
    await ada.press("Crop", on=await ada.sees("The test effect tint."))
    await ada.press("1:1", on=await ada.sees(lambda message: message.photo and "1:1" in message.buttons))
    card = await ada.sees(lambda message: "Whole picture" in message.buttons)
    await studio.kill()
    await studio.start()
    await ada.press("Done", on=card)
    card = await ada.sees(lambda message: "▶️ Start" in message.buttons)
    await ada.press("Dark", on=card)
    await ada.press("Start", on=await ada.sees("The test effect tint."))
    result = await ada.sees(is_result, timeout=30)
    assert decoded(await ada.download(result.photo or "")).size == (200, 200)
    assert ada.now(card) is None, "there is no second card"


async def test_everybody_in_a_group_goes_on_with_their_own(studio: Studio, ada: Person, lev: Person) -> None:
    family = await Group.create(studio.sandbox.page_url, "Family", [ada, lev])
    hers, his = ada.in_group(family), lev.in_group(family)
    await hers.sees("/mirror")
    for place, colour in ((hers, "red"), (his, "blue")):
        place.looks_away()
        await place.send_photo(plain(colour), "/effects@impasto_sandbox_bot")
        await choose(place, "Tint")
        card = await place.sees("The test effect tint.")
    await studio.kill()
    await studio.start()
    await his.press("g", on=card)
    result = await his.sees(is_result, timeout=30)
    red, _green, blue = decoded(await his.download(result.photo or "")).getpixel((30, 20))  # type: ignore[misc]
    assert red > 100
    assert blue > 100, "his picture, not hers"


@pytest.mark.parametrize(
    "session",
    [
        '{"effect_id": "gone.effect", "options": {"x": 1}, "pictures": [{"ref": {"file_id": "gone"}}]}',
        '{"effect_id": "probe.tint", "options": {"hue": 7}, "later": [1]}',
        '{"effect_id": ["an", "other"], "shape": "of things"}',
        "no JSON",
    ],
)
async def test_what_another_version_kept_is_no_fault_in_the_chat(
    studio: Studio, ada: Person, owner: Person, session: str
) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Tint")
    card = await ada.sees("The test effect tint.")
    await studio.stop()
    replace_session(studio, ada.id, session)
    await studio.start()
    assert await ada.press("Start", on=card) is not None
    await ada.say("/start")
    await ada.sees("Hello")
    await ada.send_photo(photo(), "/mirror")
    await ada.sees(is_result, timeout=30)
    assert not any("Fault" in message.text for message in owner.messages())


async def test_nobody_can_read_in_the_database_who_was_about_to_report(
    studio: Studio, ada: Person, owner: Person
) -> None:
    await ada.say("/report")
    await ada.sees("✉️")
    assert all("report" not in session for session in sessions(studio, ada.id))
    await studio.kill()
    await studio.start()
    await ada.send_photo(photo())
    await choose(ada, "Mirror")
    await ada.sees(is_result, timeout=30)
    assert not any("Somebody writes" in message.text for message in owner.messages())


@pytest.mark.parametrize("command", ["/reset", "/cancel"])
async def test_who_begins_anew_leaves_nothing_behind(studio: Studio, ada: Person, command: str) -> None:
    await ada.send_photo(photo())
    card = await ada.sees("What shall I do")
    assert len(sessions(studio, ada.id)) == 1
    await ada.say(command)
    await ada.sees_gone(card)
    await ada.sees(lambda message: "Send a photo when" in message.text)
    assert sessions(studio, ada.id) == []


async def test_who_is_forgotten_is_forgotten_in_every_chat(studio: Studio, ada: Person) -> None:
    family = await Group.create(studio.sandbox.page_url, "Family", [ada])
    hers = ada.in_group(family)
    await hers.send_photo(photo(), "/effects@impasto_sandbox_bot")
    await hers.sees("What shall I do")
    await ada.send_photo(photo())
    await ada.sees("What shall I do")
    assert len(sessions(studio, ada.id)) == 2
    await ada.say("/forgetme")
    await ada.press("Delete everything", on=await ada.sees("deletes your settings"))
    await ada.sees("Everything about you is deleted.")
    assert sessions(studio, ada.id) == []
