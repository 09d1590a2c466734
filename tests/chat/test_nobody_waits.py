"""Nobody waits for somebody else's long picture, nor for one that never comes to an end."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.people import Person, Seen
from tests.pictures import photo
from tests.studio import Studio, choose, is_result


async def painting(person: Person, effect: str, seconds: int = 0) -> Seen:
    """A person has a long job running; its status message."""
    await person.send_photo(photo())
    await choose(person, effect)
    card = await person.sees(f"The test effect {effect.lower()}.")
    for _more in range(seconds - 5):
        await person.press("+", on=card)
    await person.press("Start", on=card)
    return await person.sees("▱", timeout=30)


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    limits = {"LIMITS__MINUTES_BY_EFFECT": '{"probe.patient": 0.2}', "LIMITS__SILENT_SECONDS": "4"}
    async with Studio(tmp_path / "data", **limits) as studio:
        yield studio
        assert studio.sandbox.refusals == []


async def test_a_quick_picture_is_made_while_a_long_one_is_being_painted(studio: Studio) -> None:
    async with await studio.join() as ada, await studio.join("Bob") as bob:
        status = await painting(ada, "Patient")
        await bob.send_photo(photo(), "/mirror")
        await bob.sees(is_result)
        now = ada.now(status)
        assert now is not None
        assert "▱" in now.text, "Ada's picture is not done yet"
        await ada.sees(is_result, timeout=30)


async def test_a_job_that_takes_longer_than_allowed_is_ended_with_a_sentence(studio: Studio) -> None:
    async with await studio.join() as ada:
        status = await painting(ada, "Patient", seconds=14)
        told = await ada.sees("takes longer than the owner of this computer allows", timeout=20)
        assert told.id == status.id
        await ada.send_photo(photo(), "/mirror")
        await ada.sees(is_result)


async def test_a_job_that_would_take_far_longer_than_allowed_is_ended_early(studio: Studio) -> None:
    async with await studio.join() as ada:
        await painting(ada, "Patient", seconds=60)
        before = time.monotonic()
        await ada.sees("takes longer than the owner of this computer allows", timeout=20)
        assert time.monotonic() - before < 10, "a tenth tells enough"


async def test_a_device_that_hangs_is_noticed_and_the_owner_is_told(studio: Studio) -> None:
    async with await studio.join() as ada, await studio.owner() as owner:
        status = await painting(ada, "Deaf")
        told = await ada.sees("fall over twice", timeout=40)
        assert told.id == status.id
        await owner.sees("it hung", timeout=20)
        await ada.send_photo(photo(), "/mirror")
        await ada.sees(is_result, timeout=20)


async def test_the_owner_is_told_once_of_a_device_that_falls_over_again_and_again(studio: Studio) -> None:
    async with await studio.join() as ada, await studio.owner() as owner:
        for _picture in range(2):
            await ada.send_photo(photo(), "/deadly")
            await ada.sees("fall over twice", timeout=40)
        told = await owner.sees("What paints on CPU has ended 3 times in a row (exit code -9)", timeout=20)
        assert "The last time it was at “Deadly” (probe.deadly)." in told.text
