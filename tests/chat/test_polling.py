"""A poll confirms what came before it, so it waits until that is handled."""

import asyncio

from impasto.bot.reach import PollRequest, Reach
from impasto.sandbox.server import Sandbox


async def test_what_came_is_confirmed_once_it_is_handled_or_takes_long() -> None:
    sandbox, updates = Sandbox(), asyncio.Queue[object]()
    await sandbox.start()
    try:
        async with PollRequest(Reach(), updates) as request:

            async def poll() -> None:
                await request.do_request(f"{sandbox.base_url}{sandbox.token}/getMe", "POST")

            updates.put_nowait("an update")
            confirming = asyncio.create_task(poll())
            assert updates.get_nowait()
            assert not confirming.done()
            updates.task_done()
            await confirming
            updates.put_nowait("one that takes long")
            async with asyncio.timeout(5):
                await poll()
    finally:
        await sandbox.stop()
