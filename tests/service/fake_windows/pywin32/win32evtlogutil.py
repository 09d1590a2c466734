# ruff: noqa: N802 - pywin32's own names
"""As in pywin32 312: sources of events."""

import os
from pathlib import Path

SOURCES = Path(os.environ["FAKE_WINDOWS"]) / "sources"


def AddSourceToRegistry(name, dll):
    SOURCES.write_text(name)


def RemoveSourceFromRegistry(name):
    SOURCES.unlink()
