"""What was accepted is kept, whatever is killed in the middle of it."""

import asyncio
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from impasto.lifecycle import EXIT_CONFIGURATION
from impasto.sandbox import trouble
from tests.people import Person, Seen
from tests.pictures import photo
from tests.studio import Studio, choose, is_result, job_states

UNRULY = Path(__file__).parent.parent / "fixtures" / "unruly"


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    async with Studio(tmp_path / "data") as studio:
        yield studio
        assert studio.sandbox.refusals == []


async def painting(ada: Person) -> Seen:
    """Ada has a job of five seconds running; its status message."""
    await ada.send_photo(photo())
    await choose(ada, "Patient")
    await ada.press("Start", on=await ada.sees("The test effect patient."))
    return await ada.sees("▰▱", timeout=30)


def ends(pid: int) -> bool:
    """Whether the process, which is no child of ours, ends in ten seconds."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def results(ada: Person) -> list[Seen]:
    return [message for message in ada.messages() if message.from_bot and message.photo]


async def test_a_job_whose_worker_is_killed_is_done_by_the_next_and_delivered_once(studio: Studio) -> None:
    async with await studio.join() as ada:
        status = await painting(ada)
        studio.worker().kill()
        await ada.sees("I had to stop, so I begin this picture again.")
        done = await ada.sees(is_result, timeout=40)
        assert done.id == status.id
        assert results(ada) == [done]


@pytest.mark.parametrize("with_preview", [False, True])
async def test_a_job_goes_on_in_the_same_message_after_the_core_was_killed(
    studio: Studio, with_preview: bool
) -> None:
    async with await studio.join() as ada:
        status = await painting(ada)
        if with_preview and not status.photo:
            await ada.sees(lambda message: message.photo and "▰" in message.text, timeout=30)
        worker = studio.worker()
        await studio.kill()
        await asyncio.to_thread(worker.wait, 10)
        await studio.start()
        await ada.sees("I was restarted, so I begin this picture again.", timeout=20)
        done = await ada.sees(is_result, timeout=40)
        assert done.id == status.id
        assert results(ada) == [done]


@pytest.mark.parametrize(("effect", "why"), [("picky", "I only paint cats."), ("deadly", "fall over twice")])
async def test_why_there_is_no_picture_is_told_though_the_core_was_killed_before_it_could(
    studio: Studio, effect: str, why: str
) -> None:
    async with await studio.join() as ada:
        studio.sandbox.trouble.add(trouble.unheard, "edit*", times=None)
        await ada.send_photo(photo(), f"/{effect}")
        status = await ada.sees("Your picture is next.")
        await job_states(studio.folder, until_gone={"queued", "running"})
        await studio.kill()
        studio.sandbox.trouble.clear()
        await studio.start()
        told = await ada.sees(why, timeout=60)
        assert told.id == status.id
        assert set((await job_states(studio.folder)).values()) == {"failed"}


async def test_a_result_that_is_no_longer_in_memory_is_made_again_as_a_file(studio: Studio) -> None:
    async with await studio.join() as ada:
        await ada.send_photo(photo())
        await choose(ada, "Mirror")
        result = await ada.sees(is_result, timeout=30)
        await studio.stop()
        await studio.start()
        answer = await ada.press("As file", on=result)
        assert answer is not None
        assert "once more" in answer.text
        await ada.sees(lambda message: message.document, timeout=30)


async def test_a_second_impasto_on_the_same_data_is_told_so_and_does_no_harm(studio: Studio) -> None:
    second = Studio(studio.folder)
    second.sandbox = studio.sandbox
    with pytest.raises(AssertionError, match="another Impasto is running"):
        await second.start()
    assert await second.ended() == EXIT_CONFIGURATION
    async with await studio.join() as ada:
        await ada.say("/start")
        await ada.sees("Hello")


async def test_a_device_that_is_not_there_is_told_before_anybody_is_answered(tmp_path: Path) -> None:
    studio = Studio(tmp_path, DEVICES="cuda:7")
    await studio.sandbox.start()
    try:
        with pytest.raises(AssertionError, match="torch finds no cuda:7 here"):
            await studio.start()
        assert await studio.ended() == EXIT_CONFIGURATION
        assert "is here" not in studio.log
    finally:
        await studio.sandbox.stop()


async def test_without_a_token_the_owner_is_told_where_to_get_one(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "impasto", "run",
        env={"IMPASTO_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _out, said = await process.communicate()
    assert process.returncode == EXIT_CONFIGURATION
    assert "@BotFather" in said.decode()


async def test_the_bot_ends_when_standard_input_closes_if_told_so(tmp_path: Path) -> None:
    studio = Studio(tmp_path, STOP_ON_EOF="1")
    async with studio:
        studio.close_input()
        assert await studio.ended() == 0


async def test_a_plugin_that_breaks_its_contract_is_told_to_the_owner_in_words(tmp_path: Path) -> None:
    folder = shutil.copytree(UNRULY, tmp_path / "plugins")
    async with (
        Studio(tmp_path / "data", PLUGINS_DIR=str(folder), LIMITS__CANCEL_GRACE="1") as studio,
        await studio.join() as ada,
        await studio.owner() as owner,
    ):
        await ada.send_photo(photo(), "/forgetful")
        await ada.sees("Something went wrong on my side with this effect.", timeout=30)
        await owner.sees("run() of unruly:Forgetful returned None instead of a picture")
        await ada.send_photo(photo(), "/verbose")
        told = await ada.sees("I only paint cats.", timeout=30)
        assert told.text.endswith("…")
        ada.looks_away()
        await ada.send_photo(photo(), "/stubborn")
        status = await ada.sees("▱", timeout=40)
        answer = await ada.press("Cancel", on=status)
        assert answer is not None
        assert answer.text == "It is being stopped."
        await ada.sees("Cancelled.", timeout=20)
        await ada.send_photo(photo(), "/parent")
        await ada.sees("fall over twice", timeout=40)
        child = int((folder / "child.txt").read_text())
        assert await asyncio.to_thread(ends, child), "what a worker starts ends with it"
        assert studio.sandbox.refusals == []


async def test_the_updates_of_another_bot_are_not_taken_for_those_of_the_one_before(tmp_path: Path) -> None:
    for _bot in ("the first", "the second, whose updates are counted from one again"):
        async with Studio(tmp_path / "data") as studio, await studio.join() as ada:
            await ada.send_photo(photo(), "/mirror")
            await ada.sees(is_result, timeout=30)
