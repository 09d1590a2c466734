"""Work with pictures in a process of its own, so that the core stays small whatever they are."""

from __future__ import annotations

import asyncio
import sys


async def done_apart(module: str, *words: str, data: bytes = b"") -> bytes:
    """What `python -m module words…` writes to standard output when it is given `data`.

    Raises `ChildProcessError` where it fails.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    done, errors = await process.communicate(data)
    if process.returncode:
        raise ChildProcessError(f"{module} failed: {errors.decode(errors='replace')[-500:]}")
    return done
