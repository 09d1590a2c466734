"""Who may use the files: access lists by icacls. Accounts go by number, since names are translated."""

from __future__ import annotations

import csv
import hashlib
import struct
from pathlib import Path

from windows_setup.hands import Hands, Refused, asked

SYSTEM = "S-1-5-18"
ADMINISTRATORS = "S-1-5-32-544"


def account_of_service(name: str) -> str:
    """The number of the account that Windows keeps for the service `name`; it is made of the name alone."""
    digest = hashlib.sha1(name.upper().encode("utf-16-le")).digest()
    return "S-1-5-80-" + "-".join(str(part) for part in struct.unpack("<5I", digest))


def account_of_user() -> str:
    """The number of whoever runs this. Raises `Refused`."""
    code, answer = asked(["whoami.exe", "/user", "/fo", "csv", "/nh"])
    for row in csv.reader(answer.splitlines()):
        if code == 0 and row and row[-1].startswith("S-1-"):
            return row[-1]
    raise Refused("whoami.exe does not tell the number of your account")


def restrict(hands: Hands, path: Path, *more: str, folder: bool = False) -> None:
    """Only SYSTEM, administrators and `more` (`SID:rights`, as icacls has it) may use `path`."""
    inherited = "(OI)(CI)" if folder else ""
    grants = [f"{SYSTEM}:{inherited}F", f"{ADMINISTRATORS}:{inherited}F", *more]
    hands.run(
        ["icacls.exe", str(path), "/inheritance:r", "/grant:r", *(f"*{grant}" for grant in grants), "/Q"]
    )


def hand_to_administrators(hands: Hands, path: Path) -> None:
    """Let nobody else own `path`: owners may change its list, and anybody may make folders in ProgramData."""
    hands.run(["icacls.exe", str(path), "/setowner", f"*{ADMINISTRATORS}", "/Q"])
