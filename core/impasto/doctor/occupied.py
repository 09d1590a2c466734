"""Whether an Impasto runs on a data folder, found out without getting into its way."""

from __future__ import annotations

import sys
from pathlib import Path

from filelock import FileLock, Timeout


def is_running_on(data: Path) -> bool:
    """Whether the lock of this data folder is held. Raises `OSError` where the folder is closed.

    A try of the lock would turn away an Impasto that starts in that very moment; Linux tells without.
    """
    lock = data / "impasto.lock"
    if not lock.exists():
        return False
    return _is_locked(lock)


if sys.platform == "linux":

    def _is_locked(lock: Path) -> bool:
        inode = str(lock.stat().st_ino)
        held = (line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines())
        return any("FLOCK" in words and words[-3].endswith(f":{inode}") for words in held)

else:

    def _is_locked(lock: Path) -> bool:
        try:
            with FileLock(lock, timeout=0):
                return False
        except Timeout:
            return True
