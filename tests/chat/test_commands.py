"""Commands, settings and crops in the chat: real HTTP, the real bot, real workers."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio

from tests.people import Person
from tests.pictures import decoded, encoded, photo, scene
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data"), LIMITS__MEGAPIXELS_PER_DAY="2") as studio:
        yield studio
        assert studio.sandbox.refusals == []


async def test_a_command_under_a_photo_is_done_without_another_word(ada: Person) -> None:
    sent = await ada.send_photo(photo(), "/mirror")
    result = await ada.sees(is_result, timeout=30)
    assert result.raw["reply_to_message"]["message_id"] == sent.id


async def test_a_command_under_an_album_is_done_with_each_of_its_photos(ada: Person) -> None:
    await ada.send_album([photo(), photo(50, 60), photo(70, 30)], "/mirror")
    made = [await ada.sees(is_result, timeout=30) for _ in range(3)]
    sizes = {decoded(await ada.download(result.photo or "")).size for result in made}
    assert sizes == {(64, 48), (50, 60), (70, 30)}


async def test_a_forwarded_photo_is_a_photo(ada: Person) -> None:
    first = await ada.send_photo(photo(), "/mirror")
    await ada.sees(is_result, timeout=30)
    (forwarded,) = await ada.forward(first)
    assert "forward_origin" in forwarded.raw
    await choose(ada, "Mirror")
    await ada.sees(is_result, timeout=30)


async def test_what_was_accepted_is_marked_on_the_photo(ada: Person) -> None:
    sent = await ada.send_photo(photo(), "/mirror")
    await ada.sees(is_result, timeout=30)
    now = ada.now(sent)
    assert now is not None
    assert "👀" in str(now.raw)


async def test_the_status_tells_of_ones_own_pictures_alone(ada: Person, studio: Studio) -> None:
    async with await studio.join("Bob") as bob:
        await bob.send_photo(photo(), "/mirror")
        await bob.sees(is_result, timeout=30)
        await ada.send_photo(photo())
        await choose(ada, "Patient")
        await ada.press("Start", on=await ada.sees("The test effect patient."))
        await ada.sees("▰", timeout=20)
        ada.looks_away()
        await ada.say("/status")
        status = await ada.sees(lambda message: not message.edited and "Patient" in message.text)
        assert status.buttons == [], "the message that goes on has the button"
        await bob.say("/status")
        await bob.sees("Nothing of yours is waiting")
        await ada.say("/cancel")
        await ada.sees("Cancelled.")


async def test_results_come_as_jpeg_files_to_who_wants_them_so(ada: Person) -> None:
    await ada.say("/settings")
    card = await ada.sees("Settings")
    await ada.press("Results: photos", on=card)
    await ada.press("Files: PNG", on=await ada.sees(lambda m: "Results: files in full size" in m.buttons))
    await ada.press("Done", on=await ada.sees(lambda m: any("JPEG" in label for label in m.buttons)))
    await ada.send_photo(photo(), "/mirror")
    result = await ada.sees(is_result, timeout=30)
    assert decoded(await ada.download(result.document or "")).format == "JPEG"


async def test_a_link_leads_to_an_effect(ada: Person) -> None:
    await ada.open_link("https://t.me/impasto_sandbox_bot?start=probe_mirror")
    await ada.sees("Send the content image.")
    await ada.send_photo(photo())
    await ada.sees(is_result, timeout=30)


async def test_a_part_of_the_picture_is_taken_and_shown_beforehand(ada: Person) -> None:
    await ada.send_photo(photo(640, 480))
    await choose(ada, "Tint")
    await ada.press("Crop", on=await ada.sees("The test effect tint."))
    preview = await ada.sees(lambda message: message.photo and "1:1" in message.buttons)
    whole = decoded(await ada.download(preview.photo or ""))
    await ada.press("1:1", on=preview)
    square = await ada.sees(lambda message: message.photo and "Whole picture" in message.buttons)
    cut = decoded(await ada.download(square.photo or ""))
    corner, middle = (5, cut.height // 2), (cut.width // 2, cut.height // 2)
    assert sum(cut.getpixel(corner)) < 0.7 * sum(whole.getpixel(corner))  # type: ignore[arg-type]
    assert abs(sum(cut.getpixel(middle)) - sum(whole.getpixel(middle))) < 40  # type: ignore[arg-type]
    await ada.press("Done", on=square)
    await ada.press("Start", on=await ada.sees(lambda message: "▶️ Start" in message.buttons))
    result = await ada.sees(is_result, timeout=30)
    assert decoded(await ada.download(result.photo or "")).size == (480, 480)


async def test_a_picture_sent_as_a_file_can_be_cropped_too(ada: Person) -> None:
    await ada.send_document(encoded(scene(400, 200), "PNG"), "scene.png")
    await choose(ada, "Tint")
    await ada.press("Crop", on=await ada.sees("The test effect tint."))
    await ada.press("1:1", on=await ada.sees(lambda message: message.photo and "1:1" in message.buttons))
    await ada.press("Done", on=await ada.sees(lambda message: "Whole picture" in message.buttons))
    await ada.press("Start", on=await ada.sees(lambda message: "▶️ Start" in message.buttons))
    result = await ada.sees(is_result, timeout=30)
    assert decoded(await ada.download(result.photo or "")).size == (200, 200)


async def test_a_days_share_is_explained_when_it_is_used_up(ada: Person) -> None:
    await ada.send_photo(photo(1200, 1000), "/mirror")
    await ada.sees(is_result, timeout=30)
    await ada.send_photo(photo(1200, 1000), "/mirror")
    await ada.sees("2 megapixels in 24 hours")
    await ada.send_photo(photo(), "/mirror")
    await ada.sees(is_result, timeout=30)


async def test_who_wants_to_be_forgotten_leaves_no_row_behind(ada: Person, studio: Studio) -> None:
    def rows() -> int:
        with closing(sqlite3.connect(studio.folder / "impasto.sqlite3")) as database:
            counted = (
                "SELECT (SELECT count(*) FROM users WHERE user_id = :id)"
                " + (SELECT count(*) FROM jobs WHERE user_id = :id)"
            )
            return int(database.execute(counted, {"id": ada.id}).fetchone()[0])

    await ada.send_photo(photo(), "/mirror")
    await ada.sees(is_result, timeout=30)
    assert rows() == 2
    await ada.say("/forgetme")
    card = await ada.sees("deletes your settings")
    assert rows() == 2
    await ada.press("Delete everything", on=card)
    await ada.sees("Everything about you is deleted.")
    assert rows() == 0


@pytest.mark.parametrize("kind", ["location", "venue", "contact", "poll", "dice"])
async def test_what_is_no_picture_is_answered_kindly(ada: Person, kind: str) -> None:
    await ada.send_other(kind)
    await ada.sees("Send me a photo")


async def test_the_bot_is_silent_about_edits_and_its_menus_outlive_deleted_messages(ada: Person) -> None:
    said = await ada.say("hello")
    await ada.sees("Send me a photo")
    await ada.edit(said, "goodbye")
    await ada.say("/effects")
    menu = await ada.sees("What shall I do")
    await ada.delete(menu)
    await ada.press("🧩 More", on=menu)
    await ada.sees(lambda message: "🎨 Mirror" in message.buttons)


async def test_impatient_taps_bring_one_file(ada: Person) -> None:
    await ada.send_photo(photo(), "/mirror")
    result = await ada.sees(is_result, timeout=30)
    for _tap in range(3):
        await ada.press("As file", on=result)
    await ada.say("/help")
    await ada.sees("/effects")
    assert len([message for message in ada.messages() if message.document]) == 1
