"""How long a picture takes on the CPU while another program computes, by OpenMP's wait policy: one run, all.

Run from the repository root: .venv/bin/python -m benchmarks.busy_neighbour
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.pictures import photo


def painting(folder: Path, number: int, policy: str) -> subprocess.Popen[bytes]:
    """A slow painting by the command line, in a process of its own."""
    picture = folder / "photo.jpg"
    picture.write_bytes(photo(384, 288))
    command = [sys.executable, "-m", "impasto", "apply", "nst.gatys", str(picture), str(picture)]
    environment = os.environ | {"IMPASTO_DEVICES": "cpu", "OMP_WAIT_POLICY": policy}
    target = str(folder / f"{policy}{number}.png")
    return subprocess.Popen([*command, "-o", target], env=environment, stdout=subprocess.DEVNULL)


def seconds(count: int, policy: str) -> float:
    """How long `count` paintings at the same time take."""
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        for process in [painting(Path(folder), number, policy) for number in range(count)]:
            process.wait()
        return time.perf_counter() - begin


if __name__ == "__main__":
    for count in (1, 2):
        active, passive = seconds(count, "ACTIVE"), seconds(count, "PASSIVE")
        print(
            f"{count} at once: ACTIVE {active:.1f} s, PASSIVE {passive:.1f} s, ratio {active / passive:.2f}"
        )
