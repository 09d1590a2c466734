"""A storm: people send pictures while workers and core are killed, the network fails and the disk is full.

Run a long one from the repository root: .venv/bin/python -m tests.chaos.storm --minutes 30 --seed 1
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.people import Person
from tests.pictures import photo
from tests.studio import Studio, job_states, made

PEOPLE = (("Ada", "en"), ("Лев", "ru"), ("Noor", "ar"))
WISHES = ("/mirror", "/mirror", "/tint", "/twice", "/patient")
PATIENCE = 20.0
"""Seconds after which somebody asks again."""

CALM_SECONDS = 150.0
"""In which everything that was accepted must have come to its end, once nothing fails any more."""


@dataclass
class Counts:
    """What was done to Impasto, and what became of the pictures."""

    worker_kills: int = 0
    core_kills: int = 0
    network_failures: int = 0
    full_disks: int = 0
    states: Counter[str] = field(default_factory=Counter)
    lost: list[int] = field(default_factory=list)
    """Jobs that neither came to a picture in the chat nor to a word that says why."""
    doubled: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    """Processes that outlived the core that they belonged to."""
    unsound: str = ""
    """What the database's integrity check has to say, if it is not sound."""
    descriptors: tuple[int, int] = 0, 0
    """Of the core, when it had just started, and at the end."""
    megabytes: float = 0.0
    """Resident, of the core at the end."""
    answers: list[float] = field(default_factory=list)
    """Seconds until somebody who only asked a question was answered, perhaps not the first time."""
    unanswered: int = 0
    """How often they had to ask again, since the core was killed over the question or the answer got lost."""

    def __str__(self) -> str:
        jobs = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        p99 = statistics.quantiles(self.answers, n=100)[98] if len(self.answers) > 1 else float("nan")
        return (
            f"kills: {self.worker_kills} of workers, {self.core_kills} of the core; "
            f"{self.network_failures} requests failed, the disk was full {self.full_disks} times\n"
            f"jobs: {sum(self.states.values())} ({jobs}); lost {self.lost}, doubled {self.doubled}\n"
            f"left behind: {self.left}; descriptors {self.descriptors[0]} at the start, "
            f"{self.descriptors[1]} at the end; core {self.megabytes:.0f} MB; "
            f"database {self.unsound or 'sound'}\n"
            f"first answers: {len(self.answers)}, asked again {self.unanswered} times, "
            f"p50 {statistics.median(self.answers or [0]):.2f} s, "
            f"p99 {p99:.2f} s"
        )


class Storm:
    """Lasts `seconds`, then calm until everything is settled. The same `seed` makes the same plans."""

    def __init__(self, folder: Path, seconds: float, seed: int) -> None:
        self._folder, self._seconds, self._chance = folder, seconds, random.Random(seed)
        self._over = asyncio.Event()
        self._workers: set[psutil.Process] = set()
        self._studio: Studio | None = None
        self.counts = Counts()

    @property
    def log(self) -> str:
        """What the bot said, over all its lives."""
        return self._studio.log if self._studio is not None else ""

    async def rage(self) -> Counts:
        """Let it happen, and count."""
        async with Studio(self._folder, LIMITS__SILENT_SECONDS="20") as studio:
            self._studio = studio
            self.counts.descriptors = studio.core.num_fds(), 0
            people = [await studio.join(name, code) for name, code in PEOPLE]
            asking = await studio.join("Asker")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(asking))
                for number, person in enumerate(people):
                    group.create_task(self._wish(person, random.Random(self._chance.random() + number)))
                group.create_task(self._harm(studio))
                await asyncio.sleep(self._seconds)
                self._over.set()
            await self._calm(studio, people)
            for person in (*people, asking):
                await person.leave()
        self.counts.left = [worker.pid for worker in self._workers if _lives(worker)]
        return self.counts

    async def _wish(self, person: Person, chance: random.Random) -> None:
        """Send pictures one after another, and now and then think better of it."""
        while not await self._over_after(chance.uniform(0.5, 2.0)):
            match chance.choices(("photo", "album", "cancel", "reset"), (40, 6, 2, 1))[0]:
                case "photo":
                    await person.send_photo(photo(), chance.choice(WISHES))
                case "album":
                    await person.send_album([photo(), photo(40, 60)], "/blend")
                case word:
                    await person.say(f"/{word}")

    async def _ask(self, person: Person) -> None:
        """Ask a question, wait for the answer, ask again; as people do, also where none comes."""
        while not await self._over_after(0.5):
            asked = time.monotonic()
            while not await self._is_answered(person):
                self.counts.unanswered += 1
            self.counts.answers.append(time.monotonic() - asked)

    @staticmethod
    async def _is_answered(person: Person) -> bool:
        await person.say("/id")
        try:
            await person.sees(str(person.id), timeout=PATIENCE)
        except AssertionError:
            return False
        return True

    async def _harm(self, studio: Studio) -> None:
        """One mischief after another."""
        harms: tuple[Callable[[Studio], Awaitable[None]], ...] = (
            self._kill_worker,
            self._kill_core,
            self._break_network,
            self._fill_disk,
        )
        while not await self._over_after(self._chance.uniform(2.0, 5.0)):
            await self._chance.choices(harms, (5, 2, 3, 2))[0](studio)

    async def _kill_worker(self, studio: Studio) -> None:
        for worker in _workers(studio):
            worker.kill()
            self.counts.worker_kills += 1

    async def _kill_core(self, studio: Studio) -> None:
        self._workers.update(_workers(studio))
        await studio.kill()
        self.counts.core_kills += 1
        await self._over_after(self._chance.uniform(0.0, 2.0))
        await studio.start()

    async def _break_network(self, studio: Studio) -> None:
        trouble = studio.sandbox.trouble
        before = trouble.met.total()
        trouble.storm(self._chance, 0.4)
        await self._over_after(self._chance.uniform(2.0, 6.0))
        trouble.clear()
        self.counts.network_failures += trouble.met.total() - before

    async def _fill_disk(self, studio: Studio) -> None:
        """No file of the core grows for a while."""
        core = studio.core
        _soft, hard = core.rlimit(psutil.RLIMIT_FSIZE)
        core.rlimit(psutil.RLIMIT_FSIZE, (4096, hard))
        self.counts.full_disks += 1
        await self._over_after(self._chance.uniform(1.0, 4.0))
        core.rlimit(psutil.RLIMIT_FSIZE, (hard, hard))

    async def _over_after(self, seconds: float) -> bool:
        """Wait so long, or until the storm is over. Whether it is."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    async def _calm(self, studio: Studio, people: list[Person]) -> None:
        """Nothing fails any more: wait for the end of every job, and look what became of it."""
        states = await job_states(studio.folder, timeout=CALM_SECONDS)
        for person in people:  # whatever is answered now came after all the rest
            assert await self._is_answered(person)
        messages = [message for person in people for message in person.messages() if message.from_bot]
        pictures = Counter(job for message in messages for job in made(message))
        told = {job for message in messages for job in made(message, succeeded=False)}
        counts = self.counts
        counts.states = Counter(states.values())
        counts.doubled = [job for job, count in pictures.items() if count > 1]
        counts.lost = [
            job
            for job, state in states.items()
            if (state == "delivered" and job not in pictures) or (state == "failed" and job not in told)
        ]
        counts.descriptors = counts.descriptors[0], studio.core.num_fds()
        counts.megabytes = studio.core.memory_info().rss / 1e6
        with closing(sqlite3.connect(studio.folder / "impasto.sqlite3")) as database:
            (said,) = database.execute("PRAGMA integrity_check").fetchone()
            counts.unsound = "" if said == "ok" else said


def _workers(studio: Studio) -> list[psutil.Process]:
    """The core's workers, those that only just start among them."""
    return [child for child in studio.core.children() if "spawn_main" in " ".join(child.cmdline())]


def _lives(process: psutil.Process) -> bool:
    try:
        process.wait(10)
    except psutil.TimeoutExpired:
        return True
    except psutil.NoSuchProcess:
        pass
    return False


def main() -> None:
    """Print the counts of a storm that lasts as long as one likes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(f"seed {given.seed}", flush=True)
        storm = Storm(Path(folder), given.minutes * 60, given.seed)
        try:
            print(asyncio.run(storm.rage()))
        finally:
            Path("storm.log").write_text(storm.log, "utf-8")


if __name__ == "__main__":
    main()
