"""Impasto is a guest on somebody's desktop: it makes room for them and says so. Through the real bot."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest_asyncio

from tests.chat.test_nobody_waits import painting
from tests.pictures import photo
from tests.studio import Studio, is_result


@pytest_asyncio.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    """A computer on which the owner sometimes plays."""
    programs = '["Impasto-Game.EXE"]'
    async with Studio(tmp_path / "data", GUEST__PROGRAMS=programs, GUEST__LOOK_SECONDS="0.2") as studio:
        yield studio
        assert studio.sandbox.refusals == []


@asynccontextmanager
async def game(folder: Path) -> AsyncIterator[None]:
    """The owner plays."""
    executable = shutil.copy(shutil.which("sleep") or "", folder / "impasto-game")
    playing = await asyncio.create_subprocess_exec(executable, "600")
    try:
        yield
    finally:
        playing.kill()
        await playing.wait()


async def test_while_the_owner_plays_what_runs_is_put_back_and_the_memory_is_given_back(
    studio: Studio, tmp_path: Path
) -> None:
    async with await studio.join() as ada, await studio.join("Bob") as bob, await studio.owner() as owner:
        status = await painting(ada, "Patient", seconds=20)
        worker = studio.worker()
        async with game(tmp_path):
            told = await ada.sees("I begin your picture again by myself as soon as the computer is free.")
            assert told.id == status.id
            assert "Your picture is next." in told.text
            await studio.logs("worker on cpu ended: its memory is given back")
            await bob.send_photo(photo(), "/mirror")
            told = await bob.sees("The owner is using this computer just now.")
            assert "game" not in told.text.lower(), "what the owner plays is nobody's business"
            for command, words in (("/queue", "Patient · waiting since"), ("/devices", "CPU: idle")):
                await owner.say(command)
                held = await owner.sees("Impasto-Game.EXE is running: nothing is begun until it has ended.")
                assert words in held.text
            assert not worker.is_running(), "its memory is given back"
        assert (await bob.sees(is_result, timeout=30)).id == told.id
        assert (await ada.sees("▱", timeout=30)).id == status.id
        assert "lost its worker" not in studio.log
        await ada.press("Cancel", on=status)
        await ada.sees("Cancelled.")


async def test_what_is_nearly_done_is_finished_first(studio: Studio, tmp_path: Path) -> None:
    async with await studio.join() as ada:
        await painting(ada, "Patient")
        await ada.sees("left", timeout=10)
        async with game(tmp_path):
            await ada.sees(is_result, timeout=30)
        assert "is put back" not in studio.log


async def test_the_owner_lets_work_go_on_while_they_play(studio: Studio, tmp_path: Path) -> None:
    async with await studio.join() as ada, await studio.owner() as owner:
        async with game(tmp_path):
            await studio.logs("Impasto-Game.EXE runs")
            await ada.send_photo(photo(), "/mirror")
            await ada.sees("The owner is using this computer just now.")
            await owner.say("/resume")
            told = await owner.sees("I go on: 1 picture.")
            assert "when it is started the next time, I hold off again" in told.text
            await ada.sees(is_result, timeout=30)
        await studio.logs("Impasto-Game.EXE has ended")
        async with game(tmp_path):
            await studio.logs("Impasto-Game.EXE runs", since=studio.log.index("has ended"))
            await ada.send_photo(photo(), "/mirror")
            await ada.sees("The owner is using this computer just now.")


async def test_in_quiet_hours_people_read_when_it_goes_on(tmp_path: Path) -> None:
    now = datetime.now()
    begin, end = now - timedelta(hours=1), now + timedelta(hours=2)
    async with Studio(tmp_path / "data", GUEST__QUIET_HOURS=f'["{begin:%H:%M}-{end:%H:%M}"]') as studio:
        at = rf"{end.hour % 12 or 12}:{end:%M}\s{end:%p}"
        async with await studio.join() as ada, await studio.owner() as owner:
            await ada.send_photo(photo(), "/mirror")
            status = await ada.sees("I rest at this time of day.")
            assert re.search(f"I go on at {at}, by the clock of the owner's computer", status.text)
            await owner.say("/queue")
            assert re.search(f"Quiet hours until {at}", (await owner.sees("Running and waiting")).text)
            await owner.say("/resume")
            told = await owner.sees("I go on: 1 picture.")
            assert re.search(f"work through the quiet hours until {at}", told.text)
            assert (await ada.sees(is_result, timeout=30)).id == status.id
