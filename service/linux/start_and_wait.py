"""Starts a program on its own and waits until it says READY=1, as systemd does for a service.

Arguments: the seconds to wait at most, a file for what it writes, the program's words. Exit code: 0 when it
is ready, 124 where it runs but Telegram has not answered it yet, or the program's own where it ended.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOT_READY = 124
LOOK_SECONDS = 0.5


def main() -> int:
    """The exit code."""
    limit, output, words = float(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    end = time.monotonic() + limit
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as news:
        news.bind(f"{folder}/notify")
        news.settimeout(LOOK_SECONDS)
        with output.open("wb") as log:
            program = subprocess.Popen(
                words,
                env={**os.environ, "NOTIFY_SOCKET": f"{folder}/notify"},
                cwd=Path.home(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077,
            )
        while time.monotonic() < end:
            try:
                told = news.recv(4096).decode(errors="replace").splitlines()
            except TimeoutError:
                if (code := program.poll()) is not None:
                    return code if 0 < code < NOT_READY else 1
                continue
            if "READY=1" in told:
                return NOT_READY if any(line.startswith("STATUS=Starting") for line in told) else 0
    return NOT_READY


if __name__ == "__main__":
    sys.exit(main())
