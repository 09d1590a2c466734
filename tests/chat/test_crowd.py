"""A crowd that taps and sends whatever comes to mind: nothing is lost, doubled or refused by Telegram."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.people import Group, Person, Place
from tests.pictures import photo
from tests.studio import Studio, job_states, made

ACTS, ACTS_IN_GROUP = 22, 6
"""How often each person does something; in a group Telegram takes 20 messages a minute."""

WORDS = ("/start", "/effects", "/help", "/examples", "/settings", "/status", "/cancel", "/reset", "/privacy")
LEFT_ALONE = (
    "x:",
    "Shades",
    "Patient",
    "Deaf",
    "Deadly",
    "Wrong",
    "Fetched",
    "Learnt",
    "Enlarge",
    "Slow",
    "Vintage",
)
"""Buttons that are left alone: they end jobs, run for minutes or are there to fail."""


async def test_a_crowd_leaves_nothing_lost_doubled_or_refused(tmp_path: Path) -> None:
    async with Studio(tmp_path, LIMITS__JOBS_PER_USER="50") as studio:
        people = [await studio.join(f"P{n}", code) for n, code in enumerate(("en", "ru", "ar", "de"))]
        group = await Group.create(studio.sandbox.page_url, "Family", people[:2])
        places: list[Place] = [*people, people[0].in_group(group)]
        acts = [*(ACTS for _person in people), ACTS_IN_GROUP]
        await asyncio.gather(*(wander(place, random.Random(n), acts[n]) for n, place in enumerate(places)))
        await asyncio.gather(*(settled(person) for person in people))
        jobs = await job_states(studio.folder)
        results = Counter(job for place in places for message in place.messages() for job in made(message))
        delivered = {job for job, state in jobs.items() if state == "delivered"}
        assert len(delivered) >= 8
        assert {job: results[job] for job in delivered} == dict.fromkeys(delivered, 1)
        assert set(jobs.values()) <= {"delivered", "cancelled"}, studio.log
        assert studio.sandbox.refusals == []
        assert "fault" not in studio.log
        for person in people:
            await person.leave()


async def wander(place: Place, chance: random.Random, acts: int) -> None:
    """Do one thing after another, without waiting for what comes of it."""
    for _ in range(acts):
        keys = [
            (message, key)
            for message in place.messages()
            for row in message.rows
            for key in row
            if "callback_data" in key and not any(word in str(key) for word in LEFT_ALONE)
        ]
        match chance.choices(("tap", "photo", "command", "album", "word"), (12, 7, 3, 2, 1))[0]:
            case "tap" if keys:
                message, key = chance.choice(keys[-12:])
                try:
                    await place.press(key["callback_data"], on=message)
                except AssertionError:
                    # Only what was taken away meanwhile can't be pressed; the news of it may be on its way.
                    await place.sees_gone(message)
            case "photo":
                await place.send_photo(photo(), chance.choice(("", "/mirror", "/tint", "/blend")))
            case "album":
                await place.send_album([photo(), photo(40, 60)], chance.choice(("", "/mirror")))
            case "command":
                await place.say(chance.choice(WORDS))
            case _:
                await place.say("hello")


async def settled(person: Person) -> None:
    """Whatever went before, after /reset the person is at the start."""
    person.looks_away()
    await person.say("/reset")
    await person.send_photo(photo())
    await person.sees(lambda message: message.data_of("y:other"), timeout=60)


pytestmark = pytest.mark.asyncio
