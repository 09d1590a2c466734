"""The watchdog of an Impasto that nothing else watches: started by hand, at login, or in a container.

It ends a process that hangs, for whoever starts it again. systemd and the Windows service have their own.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from impasto.health import Health

log = logging.getLogger(__name__)

SECONDS = 90.0
"""So long may the event loop stand still, or something vital be wrong."""

_STEPS = 10
_LOG_SECONDS = 10.0
"""For the last words: where the log hangs, so may whoever writes to it."""
_EXIT_CODE = 1


@asynccontextmanager
async def watched(health: Health, stop: asyncio.Event) -> AsyncIterator[None]:
    """End this process when its event loop stands still meanwhile, or `health` finds something vital wrong.

    From `stop` on the loop alone counts, since parts of the bot end then.
    """
    dog = _Watchdog(SECONDS)
    feeding = asyncio.create_task(_feed(dog, health, stop))
    dog.start()
    try:
        yield
    finally:
        feeding.cancel()
        dog.go()


async def _feed(dog: _Watchdog, health: Health, stop: asyncio.Event) -> None:
    hungry = False
    while True:
        report = health.look()
        well = report.alive or stop.is_set()
        if well:
            dog.feed()
        elif not hungry:
            words = "; and ".join(report.troubles)
            log.error("I end in %.0f s, to be started again, unless this passes: %s", dog.seconds, words)
        hungry = not well
        await asyncio.sleep(dog.step)


class _Watchdog:
    """Watches from the first food on, in a thread of its own."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.step = seconds, seconds / _STEPS
        self._fed, self._over = threading.Event(), threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def feed(self) -> None:
        self._fed.set()

    def go(self) -> None:
        """Watch no more."""
        self._over.set()
        self._fed.set()

    def _watch(self) -> None:
        # Steps are counted, not time: a clock may go on while the computer sleeps or this process is halted.
        self._fed.wait()
        hunger = 0
        while not self._over.wait(self.step):
            _end_where_python_stands_still(self.seconds + self.step * (os.cpu_count() or 1))
            hunger = 0 if self._fed.is_set() else hunger + 1
            self._fed.clear()
            if hunger >= _STEPS:
                _end(self.seconds)
        _end_where_python_stands_still(0)


def _end(seconds: float) -> None:
    words = threading.Thread(target=_tell_where_it_hangs, args=(seconds,), daemon=True)
    words.start()
    words.join(_LOG_SECONDS)
    os._exit(_EXIT_CODE)


def _tell_where_it_hangs(seconds: float) -> None:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    stacks = [
        f"Thread {names.get(ident, ident)}:\n{''.join(traceback.format_stack(frame))}"
        for ident, frame in sys._current_frames().items()
        if ident != threading.get_ident()
    ]
    log.critical(
        "I have not been well for %.0f s and end, to be started again. This is where I am:\n%s",
        seconds,
        "\n".join(stacks).rstrip(),
    )


def _end_where_python_stands_still(seconds: float) -> None:
    """Unless this is said again, end the process when it has worked for so many `seconds` more; 0: don't.

    The kernel does that, since no thread gets on while native code keeps the interpreter to itself. It counts
    the work of all threads on all processors, and neither sleep nor a halt.
    """
    if sys.platform != "win32":
        faulthandler.register(signal.SIGPROF, chain=True)  # it tells where each thread is, and goes on to end
        signal.setitimer(signal.ITIMER_PROF, seconds)
