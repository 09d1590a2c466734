"""A job object of Windows: processes that end together."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import win32api
import win32job

if TYPE_CHECKING:
    from supervise import Child

PROCESS_TERMINATE = 0x0001


class Job:
    """This process and all that come from it; they end with it, however it ends.

    Windows ends no process with its parent, and a child left over would hold the data folder's lock.
    """

    def __init__(self) -> None:
        # Detached, since closing it would end this process too, before it has told Windows of its stop.
        self._handle: int = win32job.CreateJobObject(None, "").Detach()
        limits = win32job.QueryInformationJobObject(self._handle, win32job.JobObjectExtendedLimitInformation)
        limits["BasicLimitInformation"]["LimitFlags"] |= win32job.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
        win32job.SetInformationJobObject(self._handle, win32job.JobObjectExtendedLimitInformation, limits)
        win32job.AssignProcessToJobObject(self._handle, win32api.GetCurrentProcess())

    def kill_others(self, _child: Child) -> None:
        """End every process but this one."""
        for pid in win32job.QueryInformationJobObject(self._handle, win32job.JobObjectBasicProcessIdList):
            if pid == os.getpid():
                continue
            try:
                process = win32api.OpenProcess(PROCESS_TERMINATE, False, pid)
                win32api.TerminateProcess(process, 1)
            except win32api.error:
                continue  # it ended in the meantime
