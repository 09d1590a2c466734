"""News comes at the pace that Telegram allows, per chat and in all."""

import asyncio
from itertools import chain, pairwise

import pytest

from impasto.bot.pace import Pace

pytestmark = pytest.mark.asyncio


async def turns(pace: Pace, chat_id: int, count: int) -> list[float]:
    times = []
    for _ in range(count):
        await pace.turn(chat_id)
        times.append(asyncio.get_running_loop().time())
    return times


async def test_several_jobs_of_one_chat_share_its_pace() -> None:
    pace = Pace(private=0.05, group=0.1, all_chats=0.0)
    times = sorted(chain(*await asyncio.gather(*(turns(pace, 7, 3) for _job in range(3)))))
    assert all(later - sooner >= 0.049 for sooner, later in pairwise(times))


async def test_a_group_is_told_less_often() -> None:
    pace = Pace(private=0.01, group=0.1, all_chats=0.0)
    group, private = await asyncio.gather(turns(pace, -7, 3), turns(pace, 7, 3))
    assert group[-1] - group[0] >= 0.19
    assert private[-1] - private[0] < 0.15


async def test_all_chats_together_are_told_no_faster_than_telegram_takes() -> None:
    pace = Pace(private=0.0, group=0.0, all_chats=0.01)
    times = sorted(chain(*await asyncio.gather(*(turns(pace, chat, 2) for chat in range(1, 11)))))
    assert all(later - sooner >= 0.0095 for sooner, later in pairwise(times))


async def test_who_waits_no_longer_takes_no_turn() -> None:
    pace = Pace(private=0.2, group=0.2, all_chats=0.0)
    await pace.turn(7)
    waiting = asyncio.ensure_future(pace.turn(7))
    await asyncio.sleep(0)
    waiting.cancel()
    began = asyncio.get_running_loop().time()
    await pace.turn(7)
    assert asyncio.get_running_loop().time() - began < 0.3
