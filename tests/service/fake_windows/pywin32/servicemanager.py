# ruff: noqa: N802 - pywin32's own names
"""As in pywin32 312: hosts one service; a stop from Windows is SIGTERM here."""

import signal
import sys

hosted = []


def LogErrorMsg(text):
    print(text, flush=True)


def Initialize(name, dll):
    pass


def PrepareToHostSingle(service):
    hosted.append(service)


def StartServiceCtrlDispatcher():
    service = hosted[0](["Impasto"])
    signal.signal(signal.SIGTERM, lambda *_: service.SvcStop())
    try:
        service.SvcRun()
    except Exception as error:  # Windows sees a failed service
        sys.exit(f"{type(error).__name__}: {error}")
