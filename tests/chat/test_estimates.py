"""People are told when their pictures will be there, and it comes true."""

import re
import time
from pathlib import Path

from tests.people import Person, Seen
from tests.pictures import photo
from tests.studio import Studio, choose, is_result

_READY = re.compile(r"Ready in about (\d+) seconds")


async def order(person: Person) -> None:
    """A photo for the effect that takes its time: two seconds."""
    person.looks_away()
    await person.send_photo(photo())
    await choose(person, "Patient")
    card = await person.sees("The test effect patient.")
    for _second in range(3):
        await person.press("−", on=card)
    await person.press("Start", on=card)


async def promised(person: Person, words: str) -> tuple[Seen, float, float]:
    """The status that says this and when it is ready; in how many seconds; and when that was said."""
    status = await person.sees(lambda message: words in message.text and _READY.search(message.text))
    said = _READY.search(status.text)
    assert said is not None
    return status, float(said[1]), time.monotonic()


async def comes_true(person: Person, status: Seen, seconds: float, said_at: float) -> None:
    """Within a factor of one and a half."""
    await person.sees(lambda message: message.id == status.id and is_result(message), timeout=60)
    assert seconds / 1.5 <= time.monotonic() - said_at <= seconds * 1.5


async def test_who_waits_is_told_when_the_picture_is_there_before_and_after_a_restart(tmp_path: Path) -> None:
    async with Studio(tmp_path) as studio, await studio.join() as ada, await studio.join("Bob") as bob:
        await order(ada)
        await ada.sees(is_result, timeout=60)
        await order(ada)
        await ada.sees("▱")
        await order(ada)
        await ada.sees("1 picture of yours goes first.")
        await order(bob)
        promise = await promised(bob, "2 pictures go before yours.")
        await comes_true(bob, *promise)
        await ada.sees(is_result, timeout=60)

        await studio.stop()
        await studio.start()
        await order(ada)
        await ada.sees("▱", timeout=60)
        await order(bob)
        await order(bob)
        promise = await promised(bob, "2 pictures go before this one.")
        await bob.say("/status")
        assert "Ready in about" in (await bob.sees("1 picture goes before yours.")).text
        await comes_true(bob, *promise)
