"""An announcement on its way, against the sandbox's Bot API: everybody gets it, and nobody twice."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest
from telegram.ext import AIORateLimiter, ExtBot

from impasto.access import Access, Standing
from impasto.bot.buttons import SendAnnouncement
from impasto.bot.desk.announcing import Announcements
from impasto.bot.desk.faults import FaultBook
from impasto.bot.owner import Owner
from impasto.bot.replies import Card
from impasto.database import open_database
from impasto.i18n import Languages
from impasto.sandbox.rates import Rates
from impasto.sandbox.server import Sandbox
from impasto.users import UserStore
from tests.people import Person


class Town:
    """An owner and people whom the bot has met; the bot does not listen, so it hears of no block."""

    def __init__(self, sandbox: Sandbox, database: sqlite3.Connection) -> None:
        self.sandbox, languages = sandbox, Languages([])
        self.bot = ExtBot(
            sandbox.token,
            sandbox.base_url,
            sandbox.base_file_url,
            rate_limiter=AIORateLimiter(max_retries=3),
        )
        self.users, self.access = UserStore(database), Access(database, owner=sandbox.owner_id)
        owner = Owner(self.bot, sandbox.owner_id, languages, self.users, FaultBook(database))
        self.announcements = Announcements(self.bot, owner, self.users, self.access, languages)
        self.shown: asyncio.Queue[Card] = asyncio.Queue()
        self._people = AsyncExitStack()

    async def people(self, count: int) -> list[Person]:
        """Somebody who has written to the bot, several times."""
        people = [
            await self._people.enter_async_context(await Person.join(self.sandbox.page_url, f"Person {n}"))
            for n in range(count)
        ]
        for person in people:
            await person.say("/start")
            self.users.meet(person.id, "en")
        return people

    async def announce(self, words: str) -> int:
        """Prepare an announcement; the message that is to be sent on."""
        card = await self.announcements.prepare(words=words)
        button = card.rows[0][0].button
        assert isinstance(button, SendAnnouncement)
        return button.message_id

    async def leave(self) -> None:
        """Everybody goes home."""
        await self.announcements.stop_all()
        await self._people.aclose()

    async def ends(self) -> str:
        """Wait until it is sent; what the owner reads then."""
        async with asyncio.timeout(30):
            while (card := await self.shown.get()).rows:
                pass
        return str(card.paragraphs[0])


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = open_database(":memory:")
    yield connection
    connection.close()


@pytest.fixture
def rates() -> Rates:
    return Rates()


@pytest.fixture
async def town(database: sqlite3.Connection, rates: Rates) -> AsyncIterator[Town]:
    sandbox = Sandbox(rates=rates)
    await sandbox.start()
    town = Town(sandbox, database)
    async with town.bot:
        yield town
        await town.leave()
    await sandbox.stop()


def copies(person: Person) -> int:
    return sum(message.from_bot for message in person.messages())


async def test_who_blocked_the_bot_is_counted_as_gone_and_not_written_to_again(town: Town) -> None:
    ada, bob, eve, mallory = await town.people(4)
    await bob.block()
    town.access.decide(mallory.id, Standing.REFUSED)
    message = await town.announce("Hello")
    assert town.announcements.start(message, town.shown.put)
    await ada.sees("Hello")
    await eve.sees("Hello")
    assert await town.ends() == "✅ Done. Sent to 2 of 3 people. 1 person has stopped using me."
    assert bob.id not in town.users.listeners()
    assert copies(mallory) == 0


@pytest.mark.parametrize("rates", [Rates(overall_per_second=4)])
async def test_a_flood_wait_delays_it_and_everybody_gets_it_once(town: Town) -> None:
    people = await town.people(7)
    message = await town.announce("Hello")
    town.announcements.start(message, town.shown.put)
    for person in people:
        await person.sees("Hello")
    assert await town.ends() == "✅ Done. Sent to 7 of 7 people."
    assert town.sandbox.throttled > 0
    assert [copies(person) for person in people] == [1] * 7


async def test_it_can_be_stopped_on_its_way_and_is_never_sent_twice(town: Town) -> None:
    people = await town.people(5)
    message = await town.announce("Hello")
    town.announcements.start(message, town.shown.put)
    assert not town.announcements.start(message, town.shown.put)
    async with asyncio.timeout(10):
        await asyncio.wait(
            [asyncio.create_task(person.sees("Hello")) for person in people],
            return_when=asyncio.FIRST_COMPLETED,
        )
    assert town.announcements.stop(message) is None
    assert (await town.ends()).startswith("Stopped. Sent to ")
    assert not town.announcements.start(message, town.shown.put)
    assert sum(map(copies, people)) < 5


async def test_when_the_message_is_gone_nobody_is_taken_for_gone(town: Town) -> None:
    [ada] = await town.people(1)
    message = await town.announce("Hello")
    await town.bot.delete_message(town.sandbox.owner_id, message)
    town.announcements.start(message, town.shown.put)
    assert "Telegram refuses to send this on." in await town.ends()
    assert town.users.listeners() == [ada.id]


async def test_where_nobody_wants_it_there_is_nothing_to_send(town: Town) -> None:
    card = await town.announcements.prepare(words="Hello")
    assert card.rows == ()
