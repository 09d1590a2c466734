"""What torch can do here, in JSON: `python -m impasto.doctor.trial [DEVICE]`, run apart by the doctor.

Without DEVICE it tells of torch and tries the CPU. The core itself never imports torch.
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from typing import Any

import psutil
import torch
from torch.nn.functional import conv2d

_SIDE = 256
_RTOL, _ATOL = 1e-3, 1e-4
"""What float32 may differ by from float64, wide enough for every order of summing up."""


def main(device: str | None) -> None:
    """Tell of `device`, or of torch and the CPU."""
    if device is None:
        print(json.dumps(_torch()), flush=True)  # noqa: T201 - read by the doctor
    print(json.dumps(_tried(device or "cpu")), flush=True)  # noqa: T201


def _torch() -> dict[str, Any]:
    fault = None
    devices: dict[str, str] = {}
    if torch.version.cuda is not None:
        try:
            torch.cuda.init()  # type: ignore[no-untyped-call]
            count = torch.cuda.device_count()
            devices = {f"cuda:{number}": torch.cuda.get_device_name(number) for number in range(count)}
        except (RuntimeError, AssertionError) as error:
            fault = str(error)
    return {
        "version": torch.__version__,
        "built_for": torch.version.cuda,
        "driver": _driver_cuda(),
        "devices": devices,
        "fault": fault,
    }


def _tried(device: str) -> dict[str, Any]:
    """The result, the time and the memory of a small convolution; or what torch said instead."""
    try:
        torch.backends.cudnn.allow_tf32 = False
        random = torch.Generator().manual_seed(0)
        picture = torch.rand(1, 3, _SIDE, _SIDE, generator=random)
        kernel = torch.rand(16, 3, 3, 3, generator=random)
        expected = conv2d(picture.double(), kernel.double())
        there = picture.to(device), kernel.to(device)
        conv2d(*there).cpu()  # the first one loads what the device needs
        begin = time.perf_counter()
        found = conv2d(*there).cpu()
        seconds = time.perf_counter() - begin
        right = torch.allclose(found.double(), expected, rtol=_RTOL, atol=_ATOL)
        free, total = _memory(device)
    except (RuntimeError, AssertionError, MemoryError) as error:
        return {"fault": str(error)}
    return {"right": right, "seconds": seconds, "free": free, "total": total}


def _memory(device: str) -> tuple[int, int]:
    if device == "cpu":
        memory = psutil.virtual_memory()
        return memory.available, memory.total
    return torch.cuda.mem_get_info(device)


def _driver_cuda() -> str | None:
    """The latest CUDA that the driver knows: "13.0"; None without a driver."""
    try:
        library = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return None
    version = ctypes.c_int()
    if library.cuDriverGetVersion(ctypes.byref(version)):
        return None
    return f"{version.value // 1000}.{version.value % 1000 // 10}"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
