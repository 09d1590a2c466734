"""People in the chat of the `studio` that a module of tests starts for itself."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.people import Person
from tests.studio import Studio


@pytest_asyncio.fixture(loop_scope="module")
async def ada(studio: Studio) -> AsyncIterator[Person]:
    """Somebody who reads English."""
    async with await studio.join("Ada") as ada:
        yield ada


@pytest_asyncio.fixture(loop_scope="module")
async def lev(studio: Studio) -> AsyncIterator[Person]:
    """Somebody who reads Russian."""
    async with await studio.join("Лев", "ru") as lev:
        yield lev


@pytest_asyncio.fixture(loop_scope="module")
async def owner(studio: Studio) -> AsyncIterator[Person]:
    """The owner."""
    async with await studio.owner() as owner:
        yield owner
