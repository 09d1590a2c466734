"""Waiting for what may hang: work in threads that nobody must wait for, things that are found out once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any, Generic, TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """What `work` returns or raises. Its thread is left alone when nobody waits any more.

    Those of `asyncio.to_thread` would keep the program from ending while a disk or name server is silent.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(result)  # type: ignore[arg-type]  # it is what `work` returned
        else:
            done.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as raised:
            error = raised
        except BaseException as raised:  # a plugin that calls sys.exit(), say
            error = RuntimeError(f"it tried to end the program ({type(raised).__name__}: {raised})")
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(settle, result, error)

    Thread(target=run, daemon=True).start()
    return await done


class Once(Generic[T]):
    """Something that several checks want to know, and that is found out once, when the first of them asks."""

    def __init__(self, find_out: Callable[[], Coroutine[Any, Any, T]]) -> None:
        self._find_out = find_out
        self._task: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """What was found out; raises what came in between."""
        if self._task is None:
            self._task = asyncio.create_task(self._find_out())
        return await asyncio.shield(self._task)
