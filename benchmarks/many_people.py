"""Many people chat with idle devices, then with every device busy: how fast they are answered, at what cost.

Run from the repository root: .venv/bin/python -m benchmarks.many_people [PEOPLE]
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.people import Person
from tests.pictures import photo
from tests.studio import Studio, choose, is_result

THINKING = 10.0, 30.0
"""Seconds between what one of them does: 200 do ten things a second, and Telegram takes 30 messages."""

SECONDS = 60.0
"""The longest that an answer may take."""

PAINTERS = ("Ada", "Lev", "Mia")
"""They keep the devices busy one after another."""

PHOTO = photo(640, 480)

DEEDS: tuple[Callable[[Person], Awaitable[object]], ...] = (
    lambda person: person.say("/start"),
    lambda person: person.send_photo(PHOTO),
    lambda person: person.press("y:paint"),
    lambda person: person.say("/help"),
    lambda person: person.say("/settings"),
    lambda person: person.say("What a day"),
)


async def chat(person: Person, chance: random.Random) -> list[float]:
    """One deed after another; the seconds until the first answer to each."""
    waited = []
    await asyncio.sleep(chance.uniform(0, THINKING[1]))
    for deed in DEEDS:
        person.looks_away()
        before = time.perf_counter()
        await deed(person)
        await person.sees(lambda message: True, SECONDS)
        waited.append(time.perf_counter() - before)
        await asyncio.sleep(chance.uniform(*THINKING))
    return waited


async def paint(person: Person) -> None:
    """Order a real painting, of two minutes."""
    await person.send_album([photo(1024, 768), photo(256, 256)])
    await choose(person, "Slow painting", "paint")
    await person.press("Finish", on=await person.sees(lambda message: message.data_of("Start")))
    await person.press("A masterpiece", on=await person.sees(lambda message: message.data_of("masterpiece")))
    await person.press("Start", on=await person.sees(lambda message: message.data_of("A masterpiece")))


async def crowd(people: list[Person], seed: int) -> list[float]:
    """All of them at a time."""
    chances = [random.Random(f"{seed} {number}") for number in range(len(people))]
    waited = await asyncio.gather(*map(chat, people, chances))
    return [seconds for one in waited for seconds in one]


def cost(studio: Studio, moment: str) -> float:
    """Print what the core holds; the CPU seconds that it has used."""
    core = studio.core
    spent = core.cpu_times()
    used: float = spent.user + spent.system
    print(f"{moment}: core {core.memory_info().rss / 1e6:.1f} MB, {used:.1f} s of CPU", flush=True)
    return used


async def main(count: int) -> None:
    """Print the median, the 99th percentile, and the core's memory and CPU seconds."""
    with tempfile.TemporaryDirectory() as folder:
        async with Studio(Path(folder)) as studio:
            start = cost(studio, "start")
            people = [await studio.join(f"Guest {number}") for number in range(count)]
            idle = await crowd(people, 1)
            middle = cost(studio, "after idle devices")
            painters = [await studio.join(name) for name in PAINTERS]
            for painter in painters:
                await paint(painter)
            await painters[0].sees("▱", timeout=60)
            begun = cost(studio, "devices busy")
            busy = await crowd(people, 1)
            end = cost(studio, "after busy devices")
            all_painted = any(map(is_result, painters[-1].messages()))
            throttled = studio.sandbox.throttled
            for person in (*people, *painters):
                await person.leave()
    for name, value in (("median", statistics.median), ("p99", lambda v: statistics.quantiles(v, n=100)[98])):
        ratio = value(busy) / value(idle)
        print(
            f"{name}: idle {value(idle) * 1000:.1f} ms, busy {value(busy) * 1000:.1f} ms, ratio {ratio:.2f}"
        )
    print(f"{len(idle)} deeds each time, {1000 * (middle - start) / len(idle):.1f} ms of CPU for one", end="")
    print(f", {1000 * (end - begun) / len(busy):.1f} ms with busy devices; refused for flood: {throttled}")
    if all_painted:
        print("the devices were idle before the end: more people must paint")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
