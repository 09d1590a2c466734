"""Machines of their own, booted by the tests, and the sandbox that is their Telegram."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from impasto.sandbox.server import Sandbox
from tests.people import Person
from tests.service.booted.machine import Machine, why_not
from tests.service.conftest import IN_CI


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def telegram() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def machine(tmp_path_factory: pytest.TempPathFactory, telegram: Sandbox) -> AsyncIterator[Machine]:
    if reason := why_not():
        if IN_CI and reason.startswith("not installed"):
            pytest.fail(reason)
        pytest.skip(reason)
    folder: Path = tmp_path_factory.mktemp("machine")
    environment = {
        "IMPASTO_TELEGRAM__BASE_URL": telegram.base_url,
        "IMPASTO_TELEGRAM__BASE_FILE_URL": telegram.base_file_url,
        "IMPASTO_WELCOME_PICTURE": "false",
    }
    machine = Machine(folder / "root", environment)
    try:
        await machine.boot()
        yield machine
    finally:
        await machine.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ada(telegram: Sandbox) -> AsyncIterator[Person]:
    """Somebody whose chat outlasts whatever happens to the machine."""
    async with await Person.join(telegram.page_url) as ada:
        yield ada


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def journal(machine: Machine) -> AsyncIterator[None]:
    """What pytest shows of a test that fails."""
    begin = await machine.told("date '+%F %T'")
    yield
    print(await machine.told(f"journalctl --no-pager --since='{begin}' | grep -i impasto | tail --lines=100"))
