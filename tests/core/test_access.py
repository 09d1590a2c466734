"""Whom the bot answers, and what is kept of that."""

import sqlite3
from collections.abc import Iterator

import pytest

from impasto.access import Access, Standing, number_of
from impasto.database import open_database

OWNER, FRIEND, STRANGER = 1, 2, 3


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = open_database(":memory:")
    yield connection
    connection.close()


@pytest.fixture(params=[False, True], ids=["public", "private"])
def access(request: pytest.FixtureRequest, database: sqlite3.Connection) -> Access:
    return Access(database, owner=OWNER, private=request.param, allowed=[FRIEND])


def test_a_public_bot_answers_everybody_and_a_private_one_whom_it_knows(database: sqlite3.Connection) -> None:
    public = Access(database, owner=OWNER)
    private = Access(database, owner=OWNER, private=True, allowed=[FRIEND])
    assert [public.admits(person) for person in (OWNER, FRIEND, STRANGER)] == [True, True, True]
    assert [private.admits(person) for person in (OWNER, FRIEND, STRANGER)] == [True, True, False]


@pytest.mark.parametrize("person", [FRIEND, STRANGER])
def test_a_refusal_goes_before_the_rule_and_taken_back_lets_in(access: Access, person: int) -> None:
    for refusal in (Standing.REFUSED, Standing.REFUSED_AND_TOLD):
        access.decide(person, refusal)
        assert not access.admits(person)
    access.readmit(person)
    assert access.admits(person)


def test_a_refusal_that_is_taken_back_leaves_no_trace_where_the_rule_admits(
    database: sqlite3.Connection,
) -> None:
    public = Access(database, owner=OWNER)
    public.decide(STRANGER, Standing.REFUSED)
    public.readmit(STRANGER)
    assert not Access(database, owner=OWNER, private=True).admits(STRANGER)


def test_the_owner_cannot_lock_themselves_out(access: Access) -> None:
    access.decide(OWNER, Standing.REFUSED)
    assert access.admits(OWNER)


def test_to_be_forgotten_ends_a_welcome_and_no_refusal(access: Access) -> None:
    for standing in (Standing.REFUSED, Standing.REFUSED_AND_TOLD):
        access.decide(STRANGER, standing)
        access.forget(STRANGER)
        assert access.standing(STRANGER) is standing
    access.decide(STRANGER, Standing.WELCOME)
    access.forget(STRANGER)
    assert access.standing(STRANGER) is None


def test_a_strangers_number_is_short_the_same_each_time_and_not_their_id() -> None:
    numbers = {number_of(user) for user in range(7_000_000_000, 7_000_000_100)}
    assert all(len(number) == 4 and number.isdecimal() for number in numbers)
    assert len(numbers) > 90
    assert number_of(7_000_000_000) == number_of(7_000_000_000)
