"""The tie of a worker to the core: it ends when the core ends, however that happens.

The worker's own threads watch for it too, but can't while native code hangs without letting go of the
interpreter; so the kernel is asked.
"""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
from contextlib import suppress
from multiprocessing.process import BaseProcess

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """In the worker, first of all: on Linux, be killed when the parent ends.

    More exactly when the thread ends that started this process; that is the core's main thread.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0):
            log.error("the worker may outlive the bot: %s", os.strerror(ctypes.get_errno()))
        parent = multiprocessing.parent_process()
        if parent is not None and parent.pid != os.getppid():  # it ended before the kernel was asked
            os._exit(0)


def end_children_of(worker: BaseProcess) -> None:
    """In the core, of a worker that has ended: on POSIX, kill what plugins started in it and left behind."""
    if sys.platform != "win32" and worker.pid is not None:  # there the job object does it
        with suppress(ProcessLookupError):  # as nearly always: its group, which `priority` made, has gone too
            os.killpg(worker.pid, signal.SIGKILL)


def end_with_this_process(pid: int) -> None:
    """In the core, of each worker: on Windows, have it killed when this process ends."""
    if sys.platform == "win32":
        from impasto.engine import windows

        try:
            windows.end_with_this_process(pid)
        except OSError as error:
            log.error("the worker may outlive the bot: %s", error)
