"""What the engine asks of Windows itself, by ctypes: job objects, priority, memory. Imported there alone."""

from __future__ import annotations

import ctypes
import sys
from ctypes import POINTER, Structure, byref, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, sizeof
from functools import cache

assert sys.platform == "win32"

_KILL_ON_JOB_CLOSE = 0x2000
_PROCESS_MEMORY = 0x0100
_EXTENDED_LIMITS = 9
_TERMINATE_AND_SET_QUOTA = 0x0001 | 0x0100
_BELOW_NORMAL = 0x4000


class _BasicLimits(Structure):
    _fields_ = (
        ("per_process_user_time", c_int64),
        ("per_job_user_time", c_int64),
        ("flags", c_uint32),
        ("minimum_working_set", c_size_t),
        ("maximum_working_set", c_size_t),
        ("active_processes", c_uint32),
        ("affinity", c_size_t),
        ("priority_class", c_uint32),
        ("scheduling_class", c_uint32),
    )


class _ExtendedLimits(Structure):
    _fields_ = (
        ("basic", _BasicLimits),
        ("io_counters", c_uint64 * 6),
        ("process_memory", c_size_t),
        ("job_memory", c_size_t),
        ("peak_process_memory", c_size_t),
        ("peak_job_memory", c_size_t),
    )


class _ProcessMemory(Structure):
    _fields_ = (
        ("size", c_uint32),
        ("page_faults", c_uint32),
        *((f"field_{place}", c_size_t) for place in range(8)),
        ("private", c_size_t),
    )


class _SystemMemory(Structure):
    _fields_ = (
        ("size", c_uint32),
        ("load", c_uint32),
        ("total", c_uint64),
        ("available", c_uint64),
        ("total_committable", c_uint64),
        ("committable", c_uint64),
        *((f"field_{place}", c_uint64) for place in range(3)),
    )


_kernel = ctypes.WinDLL("kernel32", use_last_error=True)
for _name, _result, _arguments in (
    ("CreateJobObjectW", c_void_p, (c_void_p, c_void_p)),
    ("SetInformationJobObject", c_int, (c_void_p, c_int, c_void_p, c_uint32)),
    ("AssignProcessToJobObject", c_int, (c_void_p, c_void_p)),
    ("OpenProcess", c_void_p, (c_uint32, c_int, c_uint32)),
    ("CloseHandle", c_int, (c_void_p,)),
    ("GetCurrentProcess", c_void_p, ()),
    ("SetPriorityClass", c_int, (c_void_p, c_uint32)),
    ("K32GetProcessMemoryInfo", c_int, (c_void_p, POINTER(_ProcessMemory), c_uint32)),
    ("GlobalMemoryStatusEx", c_int, (POINTER(_SystemMemory),)),
):
    getattr(_kernel, _name).restype = _result
    getattr(_kernel, _name).argtypes = _arguments


def end_with_this_process(pid: int) -> None:
    """See to it that the process `pid` ends when this one does, however that happens. Raises `OSError`."""
    process = _checked(_kernel.OpenProcess(_TERMINATE_AND_SET_QUOTA, False, pid))
    try:
        _checked(_kernel.AssignProcessToJobObject(_job_of_children(), process))
    finally:
        _kernel.CloseHandle(process)


def limit_memory(most: int) -> None:
    """Let this process commit `most` bytes and no more. Raises `OSError`."""
    limits = _ExtendedLimits(basic=_BasicLimits(flags=_PROCESS_MEMORY), process_memory=most)
    job = _job(limits)
    try:
        _checked(_kernel.AssignProcessToJobObject(job, _kernel.GetCurrentProcess()))
    finally:
        _kernel.CloseHandle(job)  # it lasts as long as the process that is in it


def go_below_normal() -> None:
    """Give way to programs of normal priority. Raises `OSError`."""
    _checked(_kernel.SetPriorityClass(_kernel.GetCurrentProcess(), _BELOW_NORMAL))


def committed() -> int:
    """Bytes that this process has committed. Raises `OSError`."""
    memory = _ProcessMemory(size=sizeof(_ProcessMemory))
    _checked(_kernel.K32GetProcessMemoryInfo(_kernel.GetCurrentProcess(), byref(memory), sizeof(memory)))
    return int(memory.private)


def total_and_available() -> tuple[int, int]:
    """The computer's memory, and what can still be committed, in bytes. Raises `OSError`."""
    memory = _SystemMemory(size=sizeof(_SystemMemory))
    _checked(_kernel.GlobalMemoryStatusEx(byref(memory)))
    return int(memory.total), int(memory.committable)


@cache
def _job_of_children() -> int:
    """Never closed by this process, so Windows closes it, and ends what is in it, at this process's end."""
    return _job(_ExtendedLimits(basic=_BasicLimits(flags=_KILL_ON_JOB_CLOSE)))


def _job(limits: _ExtendedLimits) -> int:
    job = _checked(_kernel.CreateJobObjectW(None, None))
    _checked(_kernel.SetInformationJobObject(job, _EXTENDED_LIMITS, byref(limits), sizeof(limits)))
    return job


def _checked(result: int | None) -> int:
    if not result:
        raise ctypes.WinError(ctypes.get_last_error())
    return result
