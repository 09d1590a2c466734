"""Work with pictures in a process of its own, so that the core stays small whatever they are."""

from __future__ import annotations

import asyncio
import sys

_MOST_SECONDS = 60.0


async def done_apart(module: str, *words: str, data: bytes = b"") -> bytes:
    """What `python -m module words…` writes to standard output when it is given `data`.

    Raises `ChildProcessError` where it fails, or takes over a minute.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *words,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            done, errors = await process.communicate(data)
    except TimeoutError as error:
        raise ChildProcessError(f"{module} came to no end") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ChildProcessError(f"{module} failed: {errors.decode(errors='replace')[-500:]}")
    return done
