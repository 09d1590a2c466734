# ruff: noqa: N802 - pywin32's own names
"""As in pywin32 312: handles of processes, which are their ids here."""

import os
import signal

error = OSError


def GetCurrentProcess():
    return -1


def OpenProcess(rights, inherit, pid):
    return pid


def TerminateProcess(pid, code):
    os.kill(pid, signal.SIGKILL)
