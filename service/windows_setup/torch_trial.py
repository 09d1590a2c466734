"""Whether torch can be loaded here: it needs a library of Microsoft's that a fresh Windows does not have."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

from windows_setup.hands import Refused, asked

LIBRARY = "msvcp140.dll"

_REDISTRIBUTABLE = (
    "Install the newest Visual C++ Redistributable of Microsoft (it asks for an administrator):\n"
    "  winget install --exact --id Microsoft.VCRedist.2015+.x64\n"
    "then run this script again."
)
_UNSIGNED = (
    "Windows lets no program load it that is not signed, and parts of torch are not. Where that is Smart App "
    "Control\n(Windows Security, App & browser control), turn that off, as it knows no exceptions; elsewhere "
    "ask who manages\nthis computer. Then run this script again."
)
_NOT_FOUND = re.compile(r"WinError (126|127|1114)\b|DLL load failed")
"""A library is missing, or older than that which torch was built with."""

_FORBIDDEN = re.compile(r"WinError (4551|1260)\b|Application Control policy", re.IGNORECASE)
"""By Smart App Control, or by a policy of an administrator."""

_TRIAL = """
import sys
try:
    import torch
except Exception as error:
    print(f"{type(error).__name__}:", *str(error).split())
    sys.exit(1)
"""


def check_library() -> None:
    """Raises `Refused` where it is missing, before gigabytes come that would be of no use."""
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        raise Refused(
            f"{LIBRARY} is missing, without which torch can't be loaded. {_REDISTRIBUTABLE}"
        ) from None


def fault(python: Path) -> str | None:
    """Why `python` can't load torch, and what to do; None where it can. Takes some seconds."""
    code, said = asked([str(python), "-I", "-X", "utf8", "-c", _TRIAL])
    if code == 0:
        return None
    words = (said.strip().splitlines() or [f"its process ended with exit code {code:#x}"])[-1]
    advice = ""
    if _FORBIDDEN.search(words):
        advice = f"\n{_UNSIGNED}"
    elif _NOT_FOUND.search(words):
        advice = f"\n{_REDISTRIBUTABLE}"
    return f"torch, which does the painting, can't be loaded: {words}{advice}"
