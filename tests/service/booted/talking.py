"""What a person does in the chat to see that the bot is there."""

from __future__ import annotations

from tests.people import Person, Seen
from tests.pictures import photo
from tests.studio import is_result

PATIENCE = 180.0
"""Seconds; a machine that does other things meanwhile may need most of a minute for a worker to start."""


async def answers(person: Person) -> None:
    """The bot says what it can do."""
    person.looks_away()
    await person.say("/help")
    await person.sees("/effects", PATIENCE)


async def paints(person: Person, command: str) -> Seen:
    """A photo comes back, changed by that effect."""
    person.looks_away()
    await person.send_photo(photo(), command)
    return await person.sees(is_result, PATIENCE)
