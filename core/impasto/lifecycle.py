"""How an Impasto is asked to stop: by signal, or by the end of standard input; and its exit codes."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from pathlib import Path
from types import FrameType

EXIT_CONFIGURATION = 78
"""EX_CONFIG of sysexits.h: the configuration is wrong, so a service does not start it again."""

MISCONFIGURED = "The configuration is wrong"
"""What a service manager is told before that end; the reason follows."""


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
        pipe = _input_of_our_own()

        def wait_for_eof() -> None:
            while os.read(pipe, 4096):
                pass
            loop.call_soon_threadsafe(stop.set)

        threading.Thread(target=wait_for_eof, name="eof", daemon=True).start()
    return stop


def _input_of_our_own() -> int:
    """Standard input, which nobody else has from now on: they have an empty one.

    On Windows a process hangs at its start whose standard input another is reading. And a thread that waits
    in `sys.stdin` at the interpreter's end makes that end a crash.
    """
    pipe = os.dup(0)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return pipe
