"""A worker is a guest on somebody's desktop: it gives way to all other programs, and falls first."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

_NICE = 10
_OOM_SCORE = 500


def give_way() -> None:
    """Run this process below normal priority, and let it be the one that the kernel ends for want of memory.

    Threads that exist already keep their priority on Linux.
    """
    if sys.platform == "win32":
        from impasto.engine import windows

        with suppress(OSError):
            windows.go_below_normal()
    else:
        os.nice(_NICE)
    if sys.platform == "linux":
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE))
        # Desktop kernels share the processor among sessions, and look at nice values only within each.
        with suppress(OSError):
            os.setsid()
            Path("/proc/self/autogroup").write_text(str(_NICE))
