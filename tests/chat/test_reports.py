"""Reports: what the owner sees, and all that they, the log and the database do not. Both sides are played."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from PIL import Image

from tests.people import Person, Seen
from tests.pictures import decoded, encoded, photo, scene
from tests.studio import Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "Ada-Secretova"
WORDS = "The sky is too blue, says nobody."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data"), LOG_LEVEL="DEBUG") as studio:
        yield studio
        assert studio.sandbox.refusals == []


@pytest_asyncio.fixture(loop_scope="module")
async def ada(studio: Studio) -> AsyncIterator[Person]:
    async with await studio.join(NAME, "de") as ada:
        yield ada


def signed() -> bytes:
    """A JPEG that says who took it."""
    exif = Image.Exif()
    exif[0x013B] = NAME
    return encoded(scene(), exif=exif, comment=NAME.encode())


async def report(ada: Person, owner: Person, act: Callable[[], Awaitable[object]], kind: str) -> Seen:
    """Let Ada report by `act`; what the owner gets after the announcement."""
    owner.looks_away()
    await ada.say("/report")
    await ada.sees(lambda message: "✉️" in message.text)
    await act()
    await owner.sees("Somebody writes to you")
    return await owner.sees(lambda message: kind in message.raw)


async def test_words_come_without_their_author_and_leave_no_trace(
    ada: Person, owner: Person, studio: Studio
) -> None:
    begin = len(studio.log)
    link = {"type": "text_mention", "offset": 0, "length": 3, "user": {"id": ada.id, "first_name": NAME}}
    copy = await report(ada, owner, lambda: ada.say(WORDS, entities=[link]), "text")
    assert copy.text == WORDS
    everything = str(copy.raw)
    for secret in (NAME, str(ada.id), "forward", "via_bot", "reply_to", "text_mention"):
        assert secret not in everything
    logged, kept = (
        studio.log[begin:],
        b"".join(p.read_bytes() for p in studio.folder.glob("impasto.sqlite3*")),
    )
    for secret in (NAME, str(ada.id), WORDS, WORDS[:12]):
        assert secret not in logged
    assert WORDS[:12].encode() not in kept
    assert NAME.encode() not in kept


async def test_the_next_message_is_for_the_bot_again(ada: Person, owner: Person) -> None:
    await report(ada, owner, lambda: ada.say("one"), "text")
    owner.looks_away()
    await ada.say("two")
    await ada.say("/help")
    await ada.sees(lambda message: "/effects" in message.text)
    assert "two" not in str([message.raw for message in owner.messages()])


@pytest.mark.parametrize("as_file", [False, True], ids=["photo", "file"])
async def test_a_photo_comes_without_what_its_file_says(ada: Person, owner: Person, as_file: bool) -> None:
    async def act() -> None:
        if as_file:
            await ada.send_document(signed(), f"{NAME}.jpg", "Look here.")
        else:
            await ada.send_photo(signed(), "Look here.")

    copy = await report(ada, owner, act, "photo")
    assert copy.text == "Look here."
    data = await owner.download(copy.photo or "")
    assert NAME.encode() not in data
    assert not decoded(data).getexif()
    assert decoded(data).size == scene().size
    assert NAME not in str(copy.raw)


async def test_an_album_comes_whole(ada: Person, owner: Person) -> None:
    await report(ada, owner, lambda: ada.send_album([photo(), photo(50, 40)], "Two of them."), "photo")
    await owner.sees(lambda message: message.photo)
    assert len([message for message in owner.messages() if message.text.startswith("✉️")]) >= 1
    await ada.send_photo(photo())
    await ada.sees(lambda message: message.buttons)


async def test_a_voice_message_comes_as_one(ada: Person, owner: Person) -> None:
    copy = await report(ada, owner, lambda: ada.send_as("voice", b"OggS" + bytes(99), "a.ogg"), "voice")
    assert NAME not in str(copy.raw)


async def test_a_sticker_comes_as_a_picture_since_its_set_may_name_its_author(
    ada: Person, owner: Person
) -> None:
    copy = await report(
        ada, owner, lambda: ada.send_as("sticker", encoded(scene(), "WEBP"), "a.webp"), "photo"
    )
    assert "sticker" not in copy.raw


async def test_what_cannot_be_passed_on_can_be_replaced_by_something_else(ada: Person, owner: Person) -> None:
    owner.looks_away()
    await ada.say("/report")
    await ada.sees(lambda message: "✉️" in message.text)
    await ada.send_as("video", b"film", "film.mp4")
    sentence = await ada.sees(lambda message: not message.buttons)
    assert "✉️" not in sentence.text
    await ada.say("Then in words.")
    await owner.sees("Then in words.")


@pytest.mark.parametrize("undo", ["/cancel", "/reset"])
async def test_a_report_that_was_begun_can_be_undone(ada: Person, owner: Person, undo: str) -> None:
    await ada.say("/report")
    await ada.sees(lambda message: "✉️" in message.text)
    await ada.say(undo)
    await ada.sees(lambda message: not message.buttons)
    await ada.say("Only to you.")
    await ada.say("/help")
    await ada.sees(lambda message: "/effects" in message.text)
    assert "Only to you." not in str([message.raw for message in owner.messages()])


async def test_who_writes_very_often_is_asked_to_wait(ada: Person, owner: Person, studio: Studio) -> None:
    for number in range(10):
        await report(ada, owner, lambda n=number: ada.say(f"number {n}"), "text")
    ada.looks_away()
    await ada.say("/report")
    await ada.sees(lambda message: "✉️" in message.text)
    await ada.say("number 10")
    await ada.sees(lambda message: not message.buttons)
    async with await studio.join("Bob") as bob:
        await report(bob, owner, lambda: bob.say("I may."), "text")
    assert "number 10" not in str([message.raw for message in owner.messages()])
