"""Choosing in the chat: pictures of what a style looks like, paintings, downloads, details for the owner."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.file_server import FileServer
from tests.people import Person, Seen
from tests.pictures import decoded, encoded, photo, scene
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")

RED = bytes((255, 0, 0)) * 1_000_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server() -> AsyncIterator[FileServer]:
    with FileServer().running() as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory, server: FileServer) -> AsyncIterator[Studio]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "gallery").mkdir()
    for name, colour in (("blue-hour", "blue"), ("green-hour", "green")):
        (folder / "gallery" / f"{name}.png").write_bytes(encoded(scene().point(lambda v: v // 2), "PNG"))
        about = f'title = "{name.title()}"\nartist = "Ada {colour}"\nyear = 1843\n'
        (folder / "gallery" / f"{name}.toml").write_text(about)
    async with Studio(folder, DEVELOPER="true", environment={"PROBE_ADDRESS": server.address}) as studio:
        yield studio
        assert studio.sandbox.refusals == []


async def open_shades(person: Person) -> Seen:
    await person.send_photo(photo())
    await choose(person, "Shades")
    await person.press("Shade: grey 0", on=await person.sees("The test effect shades."))
    return await person.sees(lambda message: message.photo, timeout=20)


async def test_styles_are_shown_as_numbered_pictures_and_chosen_by_number(ada: Person) -> None:
    sheet = await open_shades(ada)
    assert sheet.buttons[:3] == ["✓ 1", "2", "3"]
    assert "9.\N{NO-BREAK SPACE}grey 160" in sheet.text
    picture = decoded(await ada.download(sheet.photo or ""))
    greys = [picture.getpixel((8 + 248 * column + 200, 8 + 200)) for column in range(3)]
    assert [pixel[0] // 10 for pixel in greys] == [0, 2, 4], "each looks as the effect makes it"  # type: ignore[index]

    await ada.press("2 ›", on=sheet)
    second = await ada.sees("12.\N{NO-BREAK SPACE}grey 220")
    assert second.id == sheet.id
    await ada.press("12", on=second)
    card = await ada.sees("The test effect shades.")
    assert "Shade: grey 220" in card.buttons
    assert ada.now(sheet) is None, "the sheet is put away"
    await ada.press("Start", on=card)
    result = decoded(await ada.download((await ada.sees(is_result, timeout=20)).photo or ""))
    assert result.getpixel((5, 5))[0] > 210  # type: ignore[index]


async def test_a_sheet_is_sent_to_telegram_once(ada: Person, studio: Studio) -> None:
    first = await open_shades(ada)
    async with await studio.join("Lev") as lev:
        assert (await open_shades(lev)).photo == first.photo
    await studio.stop()
    await studio.start()
    await ada.say("/reset")
    await ada.sees("is dropped")
    assert (await open_shades(ada)).photo == first.photo


async def test_a_famous_painting_is_a_style_and_named_under_the_result(ada: Person) -> None:
    await ada.send_photo(photo())
    await choose(ada, "Mix")
    await ada.press("famous painting", on=await ada.sees("Send the style image."))
    sheet = await ada.sees("2.\N{NO-BREAK SPACE}Ada green – Green-Hour – 1843")
    assert sheet.photo
    await ada.press("2", on=sheet)
    card = await ada.sees("🖼 Ada green – Green-Hour – 1843")
    await ada.press("Another picture", on=card)
    await ada.send_photo(photo(30, 20))
    card = await ada.sees("🖼 Ada green")
    assert "Share: 50" in card.buttons
    await ada.press("Start", on=card)
    result = await ada.sees(is_result, timeout=20)
    assert "🖼 Ada green – Green-Hour – 1843" in result.text


async def test_the_owner_downloads_an_effect_and_everybody_has_it(
    owner: Person, ada: Person, server: FileServer, studio: Studio
) -> None:
    await owner.say("/start")
    await owner.press("More effects", on=await owner.sees("Hello"))
    await owner.press("Fetched · 3 MB", on=await owner.sees("need a download first"))
    offer = await owner.sees("A download of 3 MB from 127.0.0.1. Licence: MIT.")
    await owner.press("Download", on=offer)
    failed = await owner.sees("It could not be downloaded.", timeout=30)
    assert "the server answers 404" in failed.text

    server.files["/probe.net"] = RED
    await owner.say("/start")
    await owner.press("More effects", on=await owner.sees("Hello"))
    await owner.press("Fetched", on=await owner.sees("need a download first"))
    await owner.press("Download", on=await owner.sees("A download of 3 MB"))
    here = await owner.sees("✅ It is here.", timeout=30)
    assert "Use it" in " ".join(here.buttons)
    await ada.send_photo(photo())
    await choose(ada, "Fetched")
    result = decoded(await ada.download((await ada.sees(is_result, timeout=20)).photo or ""))
    assert result.getpixel((9, 9))[0] > 250  # type: ignore[index]


async def test_the_owner_as_developer_gets_curves_and_facts_and_nobody_else(
    owner: Person, ada: Person
) -> None:
    for person in (owner, ada):
        await open_shades(person)
        await person.press("3")
        await person.press("Start", on=await person.sees("The test effect shades."))
    result = await owner.sees(is_result, timeout=20)
    await owner.press("Details", on=result)
    facts = await owner.sees("network: a brush")
    assert "shade: 40" in facts.text
    assert (await owner.sees(lambda message: message.photo)).photo
    table = await owner.sees(lambda message: message.document)
    assert (await owner.download(table.document or "")).split() == [b"step,loss", b"1,1", b"2,0.5", b"3,0.25"]
    assert "Details" not in " ".join((await ada.sees(is_result, timeout=20)).buttons)
