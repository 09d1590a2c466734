"""People in the chat: real HTTP, the bot in its own process, real workers; the test plugin's effects."""

import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.people import Person
from tests.pictures import animated, bomb, decoded, encoded, photo, scene
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data")) as studio:
        yield studio
        assert studio.sandbox.refusals == []
        assert studio.sandbox.token not in studio.log


async def test_somebody_new_is_greeted_by_name_and_shown_the_effects(ada: Person) -> None:
    await ada.say("/start")
    card = await ada.sees("Hello, Ada!")
    assert card.buttons == ["🎨 Paint", "✨ Transform", "🔍 Enlarge", "🧩 More"]
    await ada.press("More", on=card)
    await ada.sees(lambda message: "🎨 Mirror" in message.buttons)


async def test_a_photo_and_a_tap_give_the_picture_in_place_of_the_status(ada: Person) -> None:
    await ada.send_photo(photo())
    card = await choose(ada, "Mirror")
    status = await ada.sees("Mirror")
    result = await ada.sees(is_result, timeout=30)
    assert result.id == status.id
    assert ada.now(card) is None
    made = decoded(await ada.download(result.photo or ""))
    assert made.size == scene().size
    red = [made.getpixel((x, 10))[0] for x in (15, 48)]  # type: ignore[index]
    assert red[0] > red[1] + 50, "the sun has changed sides"


async def test_an_effect_and_then_its_two_pictures_in_an_album(ada: Person) -> None:
    await ada.say("/effects")
    await choose(ada, "Blend")
    await ada.sees("Send the content image.")
    await ada.send_album([photo(), encoded(scene().convert("L"), quality=90)])
    await ada.sees(is_result, timeout=30)


async def test_the_result_comes_as_a_file_in_full_quality_on_request(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Mirror")
    result = await ada.sees(is_result, timeout=30)
    await ada.press("As file", on=result)
    file = await ada.sees(lambda message: message.document, timeout=10)
    assert file.raw["document"]["file_name"].endswith(".png")
    assert decoded(await ada.download(file.document or "")).format == "PNG"


async def test_again_offers_the_same_picture_with_other_options(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Tint")
    await ada.press("Start", on=await ada.sees("The test effect tint."))
    red = decoded(await ada.download((await ada.sees(is_result, timeout=30)).photo or ""))
    await ada.press("Again")
    await ada.press("Tint: Red", on=await ada.sees("The test effect tint."))
    await ada.press("Blue", on=await ada.sees(lambda message: "Blue" in message.buttons))
    await ada.press("Start", on=await ada.sees(lambda message: "Tint: Blue" in message.buttons))
    blue = decoded(await ada.download((await ada.sees(is_result, timeout=30)).photo or ""))
    assert red.getpixel((5, 5))[0] > blue.getpixel((5, 5))[0] + 80  # type: ignore[index]


async def test_what_failed_can_be_tried_again_with_other_options(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Choosy")
    await ada.press("Start", on=await ada.sees("The test effect choosy."))
    failed = await ada.sees("Please choose ×2.", timeout=30)
    await ada.press("Again", on=failed)
    await ada.press("Scale: ×4", on=await ada.sees("The test effect choosy."))
    await ada.press("×2", on=await ada.sees(lambda message: "×2" in message.buttons))
    await ada.press("Start", on=await ada.sees(lambda message: "Scale: ×2" in message.buttons))
    await ada.sees(is_result, timeout=30)


async def test_then_goes_on_with_the_result(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Mirror")
    await ada.press("Then", on=await ada.sees(is_result, timeout=30))
    await choose(ada, "Mirror")
    twice = decoded(await ada.download((await ada.sees(is_result, timeout=30)).photo or ""))
    assert twice.getpixel((48, 10))[0] > twice.getpixel((15, 10))[0] + 50  # type: ignore[index]


async def test_a_long_job_shows_its_progress_a_preview_and_how_long_it_still_takes(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    await ada.press("Start", on=await ada.sees("The test effect patient."))
    status = await ada.sees(lambda message: message.photo and "▰" in message.text, timeout=30)
    assert "left." in status.text
    assert "✕ Cancel" in status.buttons
    assert (await ada.sees(is_result, timeout=30)).id == status.id


async def test_a_second_person_is_answered_at_once_while_the_first_is_painting(
    ada: Person, lev: Person
) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    await ada.press("Start", on=await ada.sees("The test effect patient."))
    await ada.sees("▰", timeout=30)
    before = time.monotonic()
    await lev.send_photo(photo())
    await lev.sees("Что сделать с этой картинкой?")
    assert time.monotonic() - before < 1
    await lev.send_photo(photo(), "/patient")
    await lev.sees("Перед вашей 1 картинка.")
    await ada.sees(is_result, timeout=30)
    await lev.sees(is_result, timeout=30)


async def test_cancel_stops_a_running_job_and_lets_the_next_run(ada: Person, lev: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    card = await ada.sees("The test effect patient.")
    for _second in range(20):
        await ada.press("+", on=card)
    await ada.press("Start", on=card)
    status = await ada.sees("▰", timeout=30)
    await lev.send_photo(photo(), "/patient")
    await ada.press("Cancel", on=status)
    await ada.sees("Cancelled.")
    await lev.sees(is_result, timeout=10)


async def test_reset_forgets_picture_choice_and_work(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    await ada.press("Start", on=await ada.sees("The test effect patient."))
    await ada.sees("▰", timeout=30)
    await ada.say("/reset")
    await ada.sees("Everything here is dropped")
    await ada.sees("Cancelled.")


async def test_nobody_can_cancel_or_fetch_anothers_picture(ada: Person, lev: Person, studio: Studio) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Mirror")
    result = await ada.sees(is_result, timeout=30)
    number = (result.data_of("As file") or "").partition(":")[2]
    await lev.send_photo(photo())
    await choose(lev, "Mirror")
    assert f"f:{number}" not in [b["callback_data"] for r in (await lev.sees(is_result)).rows for b in r]


async def test_a_fault_of_a_plugin_reaches_the_owner_with_the_number_that_the_person_is_told(
    ada: Person, studio: Studio
) -> None:
    async with await studio.owner() as owner:
        await ada.send_photo(photo())
        await choose(ada, "Wrong")
        sentence = await ada.sees("Something went wrong", timeout=30)
        number = sentence.text.rpartition(" ")[2]
        told = await owner.sees(f"Fault {number}")
        assert "a bug of the plugin" in told.text
        assert "bug" not in sentence.text


async def test_a_note_of_the_effect_stands_under_the_result(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Talkative")
    assert "Painted with a plain brush." in (await ada.sees(is_result, timeout=30)).text


async def test_a_job_that_kills_its_worker_twice_is_given_up_and_others_go_on(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Deadly")
    await ada.sees("fall over twice", timeout=60)
    await ada.send_photo(photo())
    await choose(ada, "Mirror")
    await ada.sees(is_result, timeout=30)


async def test_language_is_the_clients_and_can_be_changed(ada: Person, lev: Person) -> None:
    await lev.say("/start")
    await lev.sees("Здравствуйте, Лев!")
    await ada.say("/language")
    await ada.press("Русский", on=await ada.sees("Which language"))
    await ada.sees("Теперь я говорю по-русски.")
    await ada.say("/start")
    await ada.sees("Здравствуйте, Ada!")


@pytest.mark.parametrize(
    ("kind", "data", "name", "answer"),
    [
        ("document", b"%PDF-1.7 a letter", "letter.pdf", "not a picture"),
        ("document", bytes(20_000_001), "huge.png", "over 20 MB"),
        ("voice", b"OggS" + bytes(100), "voice.ogg", "only look"),
        ("video", bytes(100), "film.mp4", "not with films"),
    ],
    ids=["letter", "huge", "voice", "video"],
)
async def test_what_is_not_a_picture_is_refused_kindly(
    ada: Person, kind: str, data: bytes, name: str, answer: str
) -> None:
    await ada.send_as(kind, data, name)
    await ada.sees(answer)


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"I claim to be a picture", "can't read this file"),
        (photo()[:400], "damaged"),
        (bomb(), "far too large"),
    ],
    ids=["text", "truncated", "bomb"],
)
async def test_a_file_that_cannot_be_opened_is_explained_and_the_session_goes_on(
    ada: Person, data: bytes, answer: str
) -> None:
    await ada.send_document(data, "picture.png")
    await choose(ada, "Mirror")
    await ada.sees(answer, timeout=30)
    await ada.send_photo(photo())
    await choose(ada, "Mirror")
    await ada.sees(is_result, timeout=30)


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (encoded(scene(1, 1), "PNG"), (1, 1)),
        (encoded(scene(1, 200), "PNG"), (1, 200)),
        (encoded(scene().convert("L"), "PNG"), (64, 48)),
        (encoded(scene().quantize(16), "PNG"), (64, 48)),
        (animated(), (64, 48)),
    ],
    ids=["1x1", "sliver", "grey", "palette", "animated"],
)
async def test_odd_pictures_are_done_like_any_other(ada: Person, data: bytes, size: tuple[int, int]) -> None:
    await ada.send_document(data, "odd.gif" if data[:3] == b"GIF" else "odd.png")
    await choose(ada, "Mirror")
    result = await ada.sees(is_result, timeout=30)
    made = decoded(await ada.download(result.photo or result.document or ""))
    assert made.size == size
    assert (result.photo is None) == (size == (1, 200)), "Telegram takes no photo as narrow as that"


async def test_a_card_that_is_no_longer_in_force_is_gone_from_the_chat(ada: Person) -> None:
    await ada.send_photo(photo())
    card = await ada.sees("What shall I do")
    await ada.say("/language")
    await ada.sees("Which language")
    assert ada.now(card) is None


async def test_a_tap_that_leads_nowhere_is_answered_over_the_chat_and_nowhere_else(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    card = await ada.sees("The test effect patient.")
    for _second in range(5):
        await ada.press("−", on=card)
    before = len(ada.messages())
    answer = await ada.press("−", on=card)
    assert answer is not None
    assert answer.text == "It goes no further."
    await ada.say("/help")
    await ada.sees("repaint")
    assert len(ada.messages()) == before + 2


async def test_cancel_without_work_says_so(ada: Person) -> None:
    await ada.say("/cancel")
    await ada.sees("There is nothing to cancel.")


async def test_the_core_has_not_loaded_torch_and_is_small(studio: Studio, ada: Person) -> None:
    await ada.say("/help")
    await ada.sees("repaint")
    assert not any("torch" in region.path for region in studio.core.memory_maps())
    assert studio.worker().pid != studio.core.pid
    assert studio.core.memory_info().rss < 100 * 2**20
