"""What a crash leaves behind: where in the program it was, in the log; nothing of what it held, anywhere."""

from __future__ import annotations

import faulthandler
import sys
from contextlib import suppress
from pathlib import Path


def leave_no_picture() -> None:
    """Let no core dump hold the memory of this process, or of those that it starts.

    There are people's pictures and the bot's token in it. Where a program takes the dumps, Linux overlooks
    the limit on core files, so the dump is told to be empty as well.
    """
    faulthandler.enable()
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with suppress(OSError):  # a kernel without core dumps has no such file
            Path("/proc/self/coredump_filter").write_text("0")
