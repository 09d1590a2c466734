"""How an Impasto is asked to stop: by signal, or by the end of standard input; and its exit codes."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from types import FrameType

EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: the configuration is wrong, so a service does not start it again."""


def stop_event(*, on_eof: bool = False) -> asyncio.Event:
    """An event that is set on SIGINT, SIGTERM or, with `on_eof`, when standard input closes.

    Call it in the main thread with the loop running. Windows' loops know no signal handlers, so plain ones
    hand over.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    if on_eof:

        def wait_for_eof() -> None:
            sys.stdin.buffer.read()
            loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=wait_for_eof, name="eof", daemon=True).start()
    return stop
