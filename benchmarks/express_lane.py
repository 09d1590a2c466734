"""How soon an express picture is made on an idle device, and while a slow painting runs on it: one run, both.

Run from the repository root: .venv/bin/python -m benchmarks.express_lane [PICTURES] [DEVICE]
A step of the slow painting is the median time between two of its reports; promised is the idle latency and a
step.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import time
from pathlib import Path

from impasto.bot.limits import outputs
from impasto.engine.base import (
    CapacityChanged,
    EngineEvent,
    Failed,
    Finished,
    InputPicture,
    Progress,
    Task,
    WorkerLost,
)
from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from impasto.jobs.model import JobOrder
from tests.pictures import photo

NOWHERE = Path("/nonexistent")


class Device:
    """An engine with one device, whose events can be waited for."""

    def __init__(self, device: str) -> None:
        self.engine = LocalEngine(
            device, lambda name: WorkerSettings(name, NOWHERE, NOWHERE, RunnerSettings(50_000_000))
        )
        self._numbers = itertools.count(1)
        self._ends: dict[str, asyncio.Future[float]] = {}
        self._ready = asyncio.Condition()
        self.looks: list[float] = []
        """When a running task reported progress."""

    async def listen(self) -> None:
        """Take what the engine says."""
        async for event in self.engine.events():
            self._hear(event)
            async with self._ready:
                self._ready.notify_all()

    def _hear(self, event: EngineEvent) -> None:
        match event:
            case Progress():
                self.looks.append(time.perf_counter())
            case Finished():
                self._ends[event.task_id].set_result(time.perf_counter())
            case Failed() | WorkerLost():
                raise RuntimeError(event)
            case CapacityChanged():
                pass

    async def start(self, effect: str, *, express: bool = False) -> str:
        """Hand a task over as soon as it is taken; its id."""
        async with self._ready:
            await self._ready.wait_for(
                lambda: any(d.express if express else d.ready for d in self.engine.capacity())
            )
        order = JobOrder(1, 1, effect, {}, {}, "en")
        pictures = {"content": (InputPicture(photo(512, 384)),), "style": (InputPicture(photo(512, 384)),)}
        task = Task(str(next(self._numbers)), 1, effect, {}, pictures, outputs(order), express=express)
        self._ends[task.id] = asyncio.get_running_loop().create_future()
        await self.engine.submit(task)
        return task.id

    async def latency(self) -> float:
        """Seconds from handing an express task over until its files are here."""
        began = time.perf_counter()
        return await self._ends[await self.start("nst.learnt", express=True)] - began

    async def first_look(self) -> None:
        """Wait until the running task reports progress."""
        self.looks.clear()
        async with self._ready:
            await self._ready.wait_for(lambda: len(self.looks) > 8)


async def main(pictures: int, name: str) -> None:
    """Print both latencies, and what the second is over the first and one step."""
    device = Device(name)
    await device.engine.start()
    listening = asyncio.create_task(device.listen())
    await device.latency()  # loads the network
    idle = [await device.latency() for _picture in range(pictures)]
    long = await device.start("nst.gatys")
    await device.first_look()
    step = statistics.median(after - before for before, after in itertools.pairwise(device.looks))
    busy = []
    for _picture in range(pictures):
        busy.append(await device.latency())
        await device.first_look()
    await device.engine.cancel(long)
    listening.cancel()
    await device.engine.stop(0.1)
    for words, values in (("idle", idle), ("while a slow painting runs", busy)):
        print(f"express picture, {words}: median {statistics.median(values):.2f} s, most {max(values):.2f} s")
    promised = statistics.median(idle) + step
    print(f"one step of the slow painting: {step:.2f} s")
    print(f"ratio of the busy latency to the idle one and a step: {statistics.median(busy) / promised:.2f}")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    asyncio.run(main(count, sys.argv[2] if len(sys.argv) > 2 else "cpu"))
