"""Memory: how much of a device's there is, how much a worker holds, and how to tell that it ran out.

Lives in the worker. Imports torch only for a CUDA device.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from pathlib import Path
from typing import Protocol

NO_PRIMITIVE = "could not create a primitive"
"""What oneDNN, torch's library of convolutions on the CPU, says when it gets no memory for its code."""

_NO_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "can't start new thread",
)


LARGE_PIXELS = 4_000_000
"""Pictures of so many pixels leave enough behind for `trim` to be worth its milliseconds."""


def trim() -> None:
    """Give the system back what the C library keeps of memory that nothing uses; Linux with glibc alone."""
    if sys.platform == "linux" and (give_back := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        give_back(0)


class Memory(Protocol):
    """The memory in which a device has networks and pictures; all in bytes."""

    def held(self) -> int:
        """What this process has in use."""

    def free(self) -> int:
        """What it could still take."""

    def total(self) -> int:
        """What it could take in all, were it alone."""

    def allowance(self) -> int | None:
        """What a task should do with from the start; None where nobody limits it."""

    def release(self) -> None:
        """Give back what nothing uses any more."""


class HostMemory:
    """The computer's memory; where there is a `ceiling`, up to that, less what is held from the beginning."""

    def __init__(self, ceiling: int | None = None) -> None:
        self._ceiling = ceiling
        self._basis = self.held()

    def held(self) -> int:
        """See `Memory`."""
        if sys.platform == "win32":
            from impasto.engine import windows

            return windows.committed()
        return _kilobytes("/proc/self/status", "VmData") if sys.platform == "linux" else 0

    def free(self) -> int:
        """See `Memory`."""
        available = _installed()[1]
        return available if self._ceiling is None else max(0, min(available, self._ceiling - self.held()))

    def total(self) -> int:
        """See `Memory`."""
        return _installed()[0] if self._ceiling is None else max(0, self._ceiling - self._basis)

    def allowance(self) -> int | None:
        """See `Memory`: half of what is free, since not all that a task takes is counted by its effect."""
        return None if self._ceiling is None else max(1, self.free() // 2)

    def release(self) -> None:
        """See `Memory`."""
        gc.collect()  # frames of a failed run may hold each other, and its pictures


class CudaMemory:
    """The memory of the one CUDA device that the worker sees."""

    def held(self) -> int:
        """See `Memory`."""
        import torch

        return torch.cuda.memory_allocated()

    def free(self) -> int:
        """See `Memory`."""
        import torch

        free, _total = torch.cuda.mem_get_info()
        return free + torch.cuda.memory_reserved() - torch.cuda.memory_allocated()

    def total(self) -> int:
        """See `Memory`."""
        import torch

        _free, total = torch.cuda.mem_get_info()
        return total

    def allowance(self) -> int | None:
        """See `Memory`."""
        return None

    def release(self) -> None:
        """See `Memory`."""
        import torch

        gc.collect()
        torch.cuda.empty_cache()


def memory_of(device: str, ceiling: int | None) -> Memory:
    """The memory of "cpu", of which the process may take `ceiling` bytes, or of "cuda:0"."""
    return CudaMemory() if device.startswith("cuda") else HostMemory(ceiling)


def limit_host_memory(most: int) -> None:
    """Let this process take `most` bytes of the computer's memory; to ask for more fails. Linux and Windows.

    Call it with torch imported: address space, which a CUDA driver reserves by the terabyte, is not counted.
    """
    if sys.platform == "win32":
        from impasto.engine import windows

        windows.limit_memory(most)
    else:
        import resource

        _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that the device's or the computer's memory did not suffice, and nothing else."""
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    if type(error) is not RuntimeError:
        return False
    said = str(error)
    return said in (NO_PRIMITIVE, "std::bad_alloc") or any(words in said for words in _NO_MEMORY)


def _installed() -> tuple[int, int]:
    """The computer's memory and what of it is available."""
    if sys.platform == "win32":
        from impasto.engine import windows

        return windows.total_and_available()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return total, _kilobytes("/proc/meminfo", "MemAvailable") if sys.platform == "linux" else total


def _kilobytes(file: str, key: str) -> int:
    """The bytes of a line such as "VmData:   5516 kB"."""
    lines = Path(file).read_text("ascii", errors="replace").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{key}:"))
