"""How fast people are answered while every device is busy, against the same with idle devices. One run, both.

Run from the repository root: .venv/bin/python -m benchmarks.answers_while_busy [ROUNDS]
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.people import Person
from tests.pictures import photo
from tests.studio import Studio, choose


async def answer_seconds(studio: Studio, number: int) -> float:
    """How long somebody new waits for the answer to /start."""
    await asyncio.sleep(0.05)  # at most 20 a second: Telegram takes 30 messages
    async with await studio.join(f"Guest {number}") as guest:
        before = time.perf_counter()
        await guest.say("/start")
        await guest.sees("Hello")
        return time.perf_counter() - before


async def keep_busy(ada: Person) -> None:
    """Ada has a real network painting for minutes."""
    await ada.send_album([photo(1024, 768), photo(256, 256)])
    await choose(ada, "Slow painting", "paint")
    await ada.press("Finish", on=await ada.sees(lambda message: message.data_of("Start")))
    await ada.press("A masterpiece", on=await ada.sees(lambda message: message.data_of("masterpiece")))
    await ada.press("Start", on=await ada.sees(lambda message: message.data_of("A masterpiece")))
    await ada.sees("▱", timeout=60)


async def main(rounds: int) -> None:
    """Print the medians, the 99th percentiles, and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        async with Studio(Path(folder)) as studio, await studio.join() as ada:
            idle = [await answer_seconds(studio, number) for number in range(rounds)]
            await keep_busy(ada)
            busy = [await answer_seconds(studio, number) for number in range(rounds)]
            await ada.say("/reset")
            await ada.sees("Cancelled.", timeout=60)
    for name, value in (("median", statistics.median), ("p99", lambda v: statistics.quantiles(v, n=100)[98])):
        ratio = value(busy) / value(idle)
        print(
            f"{name}: idle {value(idle) * 1000:.1f} ms, busy {value(busy) * 1000:.1f} ms, ratio {ratio:.2f}"
        )


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
