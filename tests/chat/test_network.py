"""Whatever the network does between the bot and Telegram: one picture, one message, and sentences."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio
from telegram.error import Conflict

from impasto.bot import reach
from impasto.lifecycle import EXIT_CONFIGURATION
from impasto.sandbox import trouble
from impasto.sandbox.trouble import DOWNLOAD
from tests.people import Group, Person, Place, Seen
from tests.pictures import photo
from tests.sandbox.conftest import connect
from tests.studio import Studio, choose, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")

SILENCE = 5


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data"), TELEGRAM__SILENCE=str(SILENCE)) as studio:
        yield studio


@pytest_asyncio.fixture(loop_scope="module")
async def studio(running: Studio) -> AsyncIterator[Studio]:
    yield running
    running.sandbox.trouble.clear()
    assert running.sandbox.refusals == []


async def painted(place: Place, effect: str = "mirror") -> Seen:
    """The result of an effect that was asked for just now."""
    await place.send_photo(photo(), f"/{effect}@impasto_sandbox_bot")
    return await place.sees(is_result, timeout=40)


async def at_work(place: Place) -> Seen:
    """The status message of a job of five seconds that is running."""
    await place.send_photo(photo(), "/patient@impasto_sandbox_bot")
    return await place.sees("▰▱", timeout=30)


def of_bot(place: Place) -> list[Seen]:
    return [message for message in place.messages() if message.from_bot]


def results(place: Place) -> list[Seen]:
    return [message for message in place.messages() if is_result(message)]


def states(studio: Studio, user_id: int) -> list[str]:
    with closing(sqlite3.connect(studio.folder / "impasto.sqlite3")) as database:
        rows = database.execute("SELECT state FROM jobs WHERE user_id = ? ORDER BY id", (user_id,))
        return [state for (state,) in rows]


async def test_a_result_waits_for_telegram_and_goes_into_its_message_when_it_is_back(studio: Studio) -> None:
    async with await studio.join() as ada:
        status = await at_work(ada)
    begin = len(studio.log)
    await studio.sandbox.stop()
    await studio.logs(r"probe.patient took(.|\n)*Telegram does not answer", since=begin)
    await studio.sandbox.start()
    async with await Person.meet(studio.sandbox.page_url, ada.id) as ada:
        if not results(ada):
            await ada.sees(is_result, timeout=30)
        assert [message.id for message in of_bot(ada)] == [status.id]
        await ada.say("/help")
        await ada.sees("repaint", timeout=40)


async def test_a_picture_that_cannot_be_fetched_yet_waits_and_can_be_cancelled_at_once(
    studio: Studio, ada: Person, lev: Person
) -> None:
    begin = len(studio.log)
    for method in ("getFile", DOWNLOAD):
        studio.sandbox.trouble.add(trouble.unheard, method, times=None)
    await ada.send_photo(photo(), "/mirror")
    status = await ada.sees("next")
    await studio.logs(r"fetching a picture failed", since=begin)
    await ada.press("Cancel", on=status)
    await ada.sees("Cancelled.", timeout=3)
    await lev.send_photo(photo(), "/mirror")
    await lev.sees("Mirror")
    studio.sandbox.trouble.clear()
    await lev.sees(is_result, timeout=20)
    assert (len(of_bot(ada)), len(of_bot(lev))) == (1, 1)


async def test_slowness_is_borne(studio: Studio, ada: Person) -> None:
    studio.sandbox.trouble.add(trouble.slow(1), times=None)
    done = await painted(ada)
    assert of_bot(ada) == [done]


async def test_a_result_that_comes_while_a_preview_is_on_its_way_is_not_overlooked(
    studio: Studio, ada: Person
) -> None:
    studio.sandbox.trouble.add(trouble.slow(5.5), "sendChatAction", times=None)
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    card = await ada.sees("The test effect patient.")
    for _second in range(3):
        await ada.press("+", on=card)
    await ada.press("Start", on=card)
    await ada.sees(is_result, timeout=25)


async def test_of_every_three_requests_one_is_lost_and_no_picture(studio: Studio, ada: Person) -> None:
    studio.sandbox.trouble.storm(Random(3), 0.3, trouble.unheard, trouble.unanswered)
    for _ in range(4):
        await ada.send_photo(photo(), "/mirror")
    while len(results(ada)) < 4:  # one whose arrival was not confirmed is seen twice
        await ada.sees(is_result, timeout=60)
    studio.sandbox.trouble.clear()
    assert len({message.data_of("Again") for message in results(ada)}) == len(results(ada)) == 4
    assert set(states(studio, ada.id)) <= {"finished", "delivered"}


async def test_a_result_whose_arrival_is_not_confirmed_is_not_sent_again(studio: Studio, ada: Person) -> None:
    studio.sandbox.trouble.add(trouble.unanswered, "editMessageMedia", times=2)
    done = await painted(ada)
    await ada.say("/status")
    await ada.sees("Nothing of yours is waiting", timeout=20)
    assert results(ada) == [done]


async def test_even_without_a_status_message_a_picture_comes_once(studio: Studio, ada: Person) -> None:
    status = await at_work(ada)
    await ada.delete(status)
    studio.sandbox.trouble.add(trouble.unanswered, "send*")
    studio.sandbox.trouble.add(trouble.unanswered, "edit*")
    await ada.sees(is_result, timeout=30)
    await ada.say("/status")
    await ada.sees("Nothing of yours is waiting", timeout=20)
    assert len(results(ada)) == 1


async def test_words_that_came_twice_are_taken_away_by_a_tap(studio: Studio, ada: Person) -> None:
    studio.sandbox.trouble.add(trouble.unanswered, "sendMessage")
    await ada.send_photo(photo(), "/patient")
    orphan, status = await ada.sees("Patient"), await ada.sees("Patient")
    await ada.press("Cancel", on=orphan)
    await ada.sees("Cancelled.")
    await ada.sees_gone(orphan)
    assert [message.id for message in of_bot(ada)] == [status.id]


async def test_a_chat_that_must_wait_gets_its_picture_and_holds_up_nobody(
    studio: Studio, ada: Person, lev: Person
) -> None:
    studio.sandbox.trouble.add(trouble.too_many(4), "editMessageMedia")
    await ada.send_photo(photo(), "/mirror")
    await studio.logs(r"a chat takes no more for 4\.1 s")
    await painted(lev)
    assert results(ada) == []
    await ada.sees(is_result, timeout=10)


async def test_a_broken_gateway_is_only_a_delay(studio: Studio, ada: Person) -> None:
    studio.sandbox.trouble.add(trouble.bad_gateway, times=12)
    done = await painted(ada)
    assert results(ada) == [done]


async def test_a_second_program_with_the_token_is_told_to_the_owner_once_and_does_no_damage(
    studio: Studio, ada: Person, owner: Person
) -> None:
    await painted(ada)
    async with connect(studio.sandbox) as second:
        for _ in range(3):
            with suppress(Conflict):  # else it has heard what was meant for both
                await second.get_updates(timeout=20)
    await owner.sees("Another program uses my token")
    await painted(ada)
    assert len([message for message in of_bot(owner) if "Another program" in message.text]) == 1


@pytest.mark.parametrize("told", [True, False], ids=["told", "found out"])
async def test_a_group_that_moves_in_mid_job_gets_its_picture_in_its_new_chat(
    studio: Studio, ada: Person, *, told: bool
) -> None:
    group = await Group.create(studio.sandbox.page_url, "Family", [ada])
    before = ada.in_group(group)
    await before.send_photo(photo(), "/patient@impasto_sandbox_bot")
    await before.sees("Patient")
    moved = Group(studio.sandbox.page_url, {"id": studio.sandbox.migrate(group.id, told=told), "title": ""})
    after = ada.in_group(moved)
    done = await after.sees(is_result, timeout=30)
    assert of_bot(after) == [done]
    assert results(before) == []


async def test_who_blocks_the_bot_has_nothing_made_any_more_and_no_fault_is_seen_in_it(
    studio: Studio, ada: Person, lev: Person, owner: Person
) -> None:
    begin = len(studio.log)
    await at_work(ada)
    await ada.send_photo(photo(), "/patient")
    await ada.sees("next")
    await ada.block()
    await painted(lev)
    assert states(studio, ada.id) == ["cancelled", "cancelled"]
    assert "probe.patient took" not in studio.log[begin:]
    assert not [message for message in of_bot(owner) if "Fault" in message.text]


async def test_a_block_that_was_not_told_is_noticed_by_the_next_message(
    studio: Studio, ada: Person, lev: Person
) -> None:
    begin = len(studio.log)
    studio.sandbox.trouble.add(trouble.refused(403, "Forbidden: user is deactivated"), "edit*", times=None)
    await ada.send_photo(photo(), "/patient")
    await studio.logs(r"its chat is closed to me", since=begin)
    studio.sandbox.trouble.clear()
    await painted(lev)
    assert states(studio, ada.id) == ["cancelled"]


async def test_a_file_that_telegram_has_dropped_is_asked_for_again_and_the_next_is_made(
    studio: Studio, ada: Person
) -> None:
    studio.sandbox.trouble.add(trouble.expired_file, "getFile")
    await ada.send_photo(photo(), "/mirror")
    await ada.sees("Telegram no longer has your picture. Please send it again.")
    await painted(ada)


async def test_a_result_that_telegram_refuses_ends_in_a_sentence(
    studio: Studio, ada: Person, owner: Person
) -> None:
    studio.sandbox.trouble.add(trouble.refused(400, "Bad Request: IMAGE_PROCESS_FAILED"), "editMessageMedia")
    await ada.send_photo(photo(), "/mirror")
    await ada.sees("Something went wrong on my side.")
    await owner.sees("Image_process_failed")
    assert states(studio, ada.id) == ["failed"]


async def test_a_poll_that_stalls_is_noticed_and_begun_anew(
    studio: Studio, ada: Person, owner: Person
) -> None:
    begin = len(studio.log)
    studio.sandbox.trouble.add(trouble.endless, "getUpdates")
    await studio.logs(r"nothing heard from Telegram for 5 s; connecting anew", since=begin)
    await ada.say("/help")
    await ada.sees("repaint", timeout=10)
    await owner.say("/errors")
    await owner.sees("nothing heard from Telegram")


async def test_a_bot_that_stops_while_telegram_is_away_stops_soon_and_delivers_when_it_starts_again(
    studio: Studio, ada: Person
) -> None:
    status = await at_work(ada)
    studio.sandbox.trouble.add(trouble.unheard, times=None)
    await studio.logs(r"job \d+: probe.patient took")
    async with asyncio.timeout(12):
        assert await studio.stop() == 0
    studio.sandbox.trouble.clear()
    await studio.start()
    done = await ada.sees(is_result, timeout=40)
    assert done.id == status.id
    assert of_bot(ada) == [done]


async def test_a_token_that_is_revoked_ends_the_bot_which_says_why(tmp_path: Path) -> None:
    studio = Studio(tmp_path, TELEGRAM__SILENCE="3")
    await studio.sandbox.start()
    await studio.start()
    studio.sandbox.trouble.add(trouble.refused(401, "Unauthorized"), times=None)
    assert await studio.ended() == EXIT_CONFIGURATION
    assert "no longer knows this bot token" in studio.log
    await studio.sandbox.stop()


async def test_no_further_picture_is_fetched_while_too_many_results_are_stuck() -> None:
    telegram = reach.Reach()
    with ExitStack() as results:
        for _ in range(4):
            await telegram.room()
            results.enter_context(telegram.stuck())
        waiting = asyncio.ensure_future(telegram.room())
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 1)


async def test_an_absence_is_news_when_it_was_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "LONG_SECONDS", 0.2)
    telegram = reach.Reach()
    telegram.answered(200)
    telegram.missed()
    returned = asyncio.ensure_future(telegram.back(within=5))
    await asyncio.sleep(0.1)
    telegram.answered(200)
    assert telegram.news.empty()
    await asyncio.wait_for(returned, 1)
    await asyncio.sleep(0.3)
    telegram.answered(502)
    assert telegram.news.empty()
    telegram.answered(200)
    news = telegram.news.get_nowait()
    assert isinstance(news, reach.Absence)
    assert 0.3 < news.seconds < 1
