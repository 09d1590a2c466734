"""The owner looks after the bot from their chat; others play the other side. Through the real bot."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.people import Group, Person, Seen
from tests.pictures import decoded, photo
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNKNOWN = "I don't know this command."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data")) as studio:
        yield studio
        assert studio.sandbox.refusals == []
        assert studio.sandbox.token not in studio.log


async def order(person: Person, effect: str) -> None:
    """Order an effect, at once or with the options as they stand."""
    await person.send_photo(photo())
    await choose(person, effect)
    if effect == "Patient":
        await person.press("Start", on=await person.sees("The test effect patient."))


def number_in(message: Seen, before: str = "") -> str:
    found = re.search(rf"{before}\b(\d+)\b", message.text)
    assert found is not None, message.text
    return found[1]


@pytest.mark.parametrize("command", ["stats", "queue", "pause", "ban 1", "announce Hello", "errors", "log"])
async def test_to_everybody_else_the_owners_commands_are_unknown(ada: Person, command: str) -> None:
    await ada.say(f"/{command}")
    await ada.sees(UNKNOWN)


async def test_stats_before_anything_was_made_says_so(owner: Person) -> None:
    await owner.say("/stats")
    assert (await owner.sees("Nothing yet.")).photo is None


async def test_stats_count_pictures_people_failures_and_show_a_plot(owner: Person, ada: Person) -> None:
    for effect in ("Mirror", "Mirror", "Talkative"):
        await order(ada, effect)
        await ada.sees(is_result, timeout=30)
    await order(ada, "Picky")
    await ada.sees("I only paint cats.", timeout=30)
    await owner.say("/stats")
    await owner.say("/resume")
    at_once = await owner.sees("I am not paused.")
    told = await owner.sees(lambda message: message.photo)
    assert at_once.id < told.id, "the plot keeps nobody waiting"
    today, week = told.text.split("The last seven days")
    for numbers in (today, week):
        assert "Pictures: 3\nPeople: 1\nFailed: 1\nUsual time: 1 second" in numbers
    assert "🟦 🎨 Mirror: 2, today 2" in week
    assert "🟧 🎨 Talkative: 1, today 1" in week
    assert ada.name not in told.text
    plot = decoded(await owner.download(told.photo or ""))
    colours = [colour for _count, colour in plot.convert("RGB").quantize(32).convert("RGB").getcolors() or []]
    assert any(b > 200 and r < 110 for r, _g, b in colours), "the mirror's bar is blue"  # type: ignore[misc]


async def test_the_owner_sees_what_runs_and_waits_and_can_cancel_it(
    owner: Person, ada: Person, studio: Studio
) -> None:
    async with await studio.join("Bob") as bob:
        await order(ada, "Patient")
        await ada.sees("▰▱", timeout=30)
        await bob.send_photo(photo(), "/patient")
        await bob.sees("1 picture goes before yours.")
        await owner.say("/devices")
        devices = await owner.sees("Devices")
        assert re.search(r"CPU: working on picture \d+ \(🎨 Patient\) for \d second", devices.text)
        await owner.say("/queue")
        told = await owner.sees("Running and waiting")
        running, waiting = told.text.splitlines()[-2:]
        assert re.match(r"\d+ · 🎨 Patient · running for \d second", running)
        assert re.match(r"\d+ · 🎨 Patient · waiting since \d+:\d\d", waiting)
        await owner.press(f"✕ Cancel {waiting.split()[0]}", on=told)
        await bob.sees("The owner of this computer had to stop this picture.")
        assert "waiting since" not in (await owner.sees("Running and waiting")).text
        await owner.press(f"✕ Cancel {running.split()[0]}", on=told)
        await ada.sees("The owner of this computer had to stop this picture.")
        await owner.sees("Nothing runs, and nobody waits.")
    await owner.say("/devices")
    await owner.sees("CPU: idle")


async def test_a_pause_outlasts_a_restart_and_people_read_why_they_wait(
    owner: Person, ada: Person, studio: Studio
) -> None:
    await owner.say("/pause")
    await owner.sees("Paused.")
    await order(ada, "Mirror")
    status = await ada.sees("needed for something else just now")
    assert "Your picture is next." in status.text
    await owner.say("/queue")
    assert "Mirror" in (await owner.sees("Paused: nothing new is begun.")).text
    await studio.stop()
    await studio.start()
    status = await ada.sees("I was restarted; nothing is lost.")
    assert "needed for something else just now" in status.text
    await owner.say("/devices")
    await owner.sees("Paused: nothing new is begun.")
    await studio.logs("worker on cpu")
    await owner.say("/resume")
    await owner.sees("I go on: 1 picture.")
    assert (await ada.sees(is_result, timeout=30)).id == status.id
    await owner.say("/resume")
    await owner.sees("I am not paused.")


async def test_what_runs_when_the_owner_pauses_is_finished(owner: Person, ada: Person) -> None:
    await order(ada, "Patient")
    await ada.sees("▰▱", timeout=30)
    await owner.say("/pause")
    await owner.sees("Paused.")
    await ada.sees(is_result, timeout=30)
    await owner.say("/resume")
    await owner.sees("Nobody waits.")


async def test_who_is_banned_reads_one_polite_sentence_and_then_nothing_until_unbanned(
    owner: Person, studio: Studio
) -> None:
    async with await studio.join("Bob") as bob:
        await order(bob, "Patient")
        await bob.sees("▰▱", timeout=30)
        await owner.say("/queue")
        number = number_in(await owner.sees("Patient"))
        await owner.say(f"/ban {number}")
        answer = await owner.sees(f"Whoever ordered picture {number} is not answered any more.")
        assert "1 picture of theirs is stopped." in answer.text
        assert bob.name not in answer.text
        await bob.sees("had to stop this picture")
        await bob.say("/start")
        await bob.sees("has asked me to work for you no longer")
        bob.looks_away()
        await bob.say("/start")
        await bob.send_photo(photo())
        await owner.press("Answer them again", on=answer)
        await owner.sees("is answered again.")
        await bob.say("/help")
        await bob.sees("I repaint")
        assert not any("Hello" in message.text for message in bob.messages())


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("/ban", "/ban 17"),
        ("/ban 999999", "I know no picture with that number."),
        ("/unban Bob", "I know no picture with that number."),
        ("/errors nonsense", "Nothing is kept under this reference."),
        ("/announce", "Write your message after the command"),
    ],
)
async def test_a_command_that_lacks_something_is_explained(owner: Person, command: str, answer: str) -> None:
    await owner.say(command)
    await owner.sees(answer)


async def test_an_announcement_is_shown_first_and_reaches_those_who_want_it(
    owner: Person, ada: Person, studio: Studio
) -> None:
    async with await studio.join("Лев", "ru") as lev, await studio.join("Gone") as gone:
        for person in (ada, lev, gone):
            await person.say("/start")
            await person.sees(lambda message: message.buttons)
        await gone.block()
        await owner.say("/announce Closed on Monday.")
        await owner.sees("Closed on Monday.")
        question = await owner.sees("Shall I send it?")
        assert question.buttons == ["✓ Send", "✕ Don't send"]
        await owner.press("✓ Send", on=question)
        copy = await lev.sees("Closed on Monday.")
        await lev.press(copy.buttons[0], on=copy)
        await lev.sees(lambda message: message.id == copy.id and not message.buttons)
        await ada.sees("Closed on Monday.")
        done = await owner.sees("Done. Sent to", timeout=30)
        assert done.id == question.id
        await owner.send_photo(photo(), caption="/announce A new painting")
        preview = await owner.sees(lambda message: message.photo and message.text == "A new painting")
        assert preview.buttons == ["🔕 No more such messages"]
        await owner.press("✓ Send", on=await owner.sees("Shall I send it?"))
        assert (await ada.sees("A new painting")).photo
        await owner.sees("Done.", timeout=30)
        assert not any(message.text == "A new painting" for message in lev.messages())


async def test_an_announcement_that_is_not_sent_reaches_nobody(owner: Person, ada: Person) -> None:
    await ada.say("/start")
    await ada.sees("Hello")
    words = await owner.say("I should not have said that.")
    await owner.say("/announce", reply_to=words)
    question = await owner.sees("Shall I send it?")
    await owner.press("Don't send", on=question)
    await owner.sees("Not sent.")
    assert not any("should not" in message.text for message in ada.messages())


async def test_faults_come_once_per_kind_and_are_kept_by_their_reference(owner: Person, ada: Person) -> None:
    references = []
    for _time in range(2):
        await order(ada, "Wrong")
        references.append(number_in(await ada.sees("Reference:", timeout=30)))
    first, second = references
    await owner.sees(f"Fault {first}")
    await owner.say("/errors")
    told = await owner.sees("What went wrong")
    for reference in references:
        assert f"{reference}: probe.wrong: internal: ZeroDivisionError" in told.text
    assert not any(f"Fault {second}" in message.text for message in owner.messages())
    await owner.say(f"/errors {second}")
    await owner.sees("ZeroDivisionError: a bug of the plugin")


async def test_the_log_comes_as_a_file_without_the_token_or_people(
    owner: Person, ada: Person, studio: Studio
) -> None:
    await owner.say("/log")
    sent = await owner.sees(lambda message: message.document)
    assert sent.raw["document"]["file_name"] == "impasto.log"
    log = (await owner.download(sent.document or "")).decode()
    assert "probe.wrong accepted" in log
    for secret in (studio.sandbox.token, str(ada.id), ada.name):
        assert secret not in log


async def test_a_private_bot_asks_the_owner_about_strangers_without_saying_who_they_are(
    tmp_path: Path,
) -> None:
    async with (
        Studio(tmp_path / "data", PRIVATE="true") as studio,
        await studio.owner() as owner,
        await studio.join("Eve") as eve,
    ):
        await eve.say("/start")
        number = number_in(await eve.sees("I work only for people whom my owner has let in."), "the number ")
        knock = await owner.sees(f"Their number is {number}")
        assert eve.name not in knock.text
        await eve.send_photo(photo())
        await eve.say("Please!")
        await owner.press("✕ Leave outside", on=knock)
        await owner.press("✓ Let in", on=await owner.sees("stays outside"))
        await eve.sees("My owner has let you in.")
        await order(eve, "Mirror")
        await eve.sees(is_result, timeout=60)
        assert sum("I work only" in message.text for message in eve.messages()) == 1
        assert sum("Their number is" in message.text for message in owner.messages()) == 0
        assert studio.sandbox.refusals == []


async def test_in_a_group_a_private_bot_is_silent_to_strangers(tmp_path: Path) -> None:
    async with (
        Studio(tmp_path / "data", PRIVATE="true") as studio,
        await studio.owner() as owner,
        await studio.join("Eve") as eve,
    ):
        family = await Group.create(studio.sandbox.page_url, "Family", [owner, eve])
        await eve.in_group(family).say("/help")
        await owner.in_group(family).say("/help")
        answer = await owner.in_group(family).sees(lambda message: "reply_to_message" in message.raw)
        assert answer.raw["reply_to_message"]["from"]["id"] == owner.id
        assert not any("I work only" in message.text for message in eve.in_group(family).messages())
        assert not any("Their number is" in message.text for message in owner.messages())


async def test_the_owner_is_told_at_the_start_what_could_not_be_loaded(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "broken_one.py").write_text("import nothing_of_that_name")
    (plugins / "careful_one.py").write_text(
        "import logging\n"
        "from impasto.effects import hookimpl\n"
        "@hookimpl\n"
        "def impasto_effects():\n"
        "    logging.getLogger(__name__).warning('the network x.pth is left out')\n"
        "    return []\n"
    )
    async with Studio(tmp_path / "data", PLUGINS_DIR=str(plugins)) as studio, await studio.owner() as owner:
        told = next(m for m in owner.messages() if "2 things could not be loaded" in m.text)
        assert "• broken_one: ModuleNotFoundError" in told.text
        assert "• careful_one: the network x.pth is left out" in told.text
        await owner.say("/errors broken_one")
        await owner.sees("nothing_of_that_name")
