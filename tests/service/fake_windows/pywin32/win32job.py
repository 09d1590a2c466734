# ruff: noqa: N802 - pywin32's own names
"""As in pywin32 312: a job, in which all children of this process are."""

import os
from pathlib import Path

JobObjectExtendedLimitInformation = "limits"
JobObjectBasicProcessIdList = "members"
JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000


class CreateJobObject:
    def __init__(self, attributes, name):
        pass

    def Detach(self):
        return 1


def QueryInformationJobObject(job, what):
    if what == "limits":
        return {"BasicLimitInformation": {"LimitFlags": 0}}
    return [os.getpid(), *_below(os.getpid())]


def SetInformationJobObject(job, what, limits):
    assert limits["BasicLimitInformation"]["LimitFlags"] & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE


def AssignProcessToJobObject(job, process):
    assert process == -1


def _below(pid):
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (thread / "children").read_text().split()):
            yield child
            yield from _below(child)
