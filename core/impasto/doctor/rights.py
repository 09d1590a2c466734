"""What the account that runs Impasto may do with files and folders, and how an owner lets it do more."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path


def account() -> str:
    """The account whose rights count: the one that the doctor has, or took from a service."""
    if sys.platform == "win32":
        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container's may have a number alone
        return str(os.geteuid())


def is_open(folder: Path) -> bool:
    """Whether the account may see what is in the folder."""
    return os.access(folder, os.R_OK | os.X_OK)


def how_to_open(path: Path, data: Path) -> str:
    """What the owner does so that the account may read and write `path`, which is in use by settings.

    Nothing is given away that may hold more than Impasto's own: that lies in the folder `data`.
    """
    if sys.platform == "win32":
        return f"Give {account()} the right to write there: {path}"
    there = nearest(path)
    if not path.is_relative_to(data) or (there != path and not is_open(there)):
        return f"Let the account {account()} into {there}, or name another folder in the settings."
    if there != path:
        return f"Make it: sudo install -d -o {account()} -m 0700 {path}"
    if there.stat().st_uid == os.geteuid():
        return f"Open it: sudo chmod -R u+rwX {path}"
    return f"Give it to the account {account()}: sudo chown -R {account()} {path}"


def nearest(folder: Path) -> Path:
    """`folder`, or the nearest above it that is there. Raises `FileNotFoundError` where nothing is."""
    folder = folder.absolute()
    for path in (folder, *folder.parents):
        try:
            path.stat()
        except OSError:
            continue
        return path
    raise FileNotFoundError(f"nothing of {folder} is there")
