"""How this very program is called, for sentences that say what to type."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

_NAME = "impasto"


def program() -> str:
    """What is typed to call it: by its name where the shell finds it by that, else by its path."""
    folder = Path(sys.executable).parent
    found = shutil.which(_NAME)
    if found is not None and Path(found).resolve().parent == folder.resolve():
        return _NAME
    mine = shutil.which(_NAME, path=str(folder))
    words = [mine] if mine is not None else [sys.executable, "-m", _NAME]
    if sys.platform == "win32":
        return " ".join([f"& '{words[0]}'", *words[1:]])
    return shlex.join(words)
