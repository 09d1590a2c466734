"""Which build of torch: the one that pip installs on Windows works on the processor only."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from windows_setup.hands import Refused, asked
from windows_setup.questions import Console

USUAL = "default"
"""What -TorchIndex takes for the usual one."""

_ADDRESS = re.compile(r"https?://[^\s\"']+")
_CUDA = re.compile(r"CUDA Version:\s*([0-9.]+)")


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card with NVIDIA's driver, which knows CUDA up to `cuda`."""

    name: str
    driver: str
    cuda: str


def card_here() -> Card | None:
    """The first card that the driver tells of; None without card or driver."""
    program = "nvidia-smi.exe"
    code, answer = asked([program, "--query-gpu=name,driver_version", "--format=csv,noheader"])
    name, comma, driver = answer.partition("\n")[0].partition(",")
    if code != 0 or not comma:
        return None
    cuda = _CUDA.search(asked([program])[1])
    return Card(name.strip(), driver.strip(), cuda[1] if cuda else "an unknown version")


def address(
    given: str | None, remembered: str | None, card: Card | None, console: Console, say: Callable[[str], None]
) -> str | None:
    """Where torch shall come from; None for the usual place. Raises `Refused` for what is no address."""
    if given == USUAL:
        return None
    if given is not None:
        return _address_in(given)
    if remembered is not None:
        say(f"torch comes from {remembered}, as before; -TorchIndex changes that.")
        return remembered
    if card is None:
        say("There is no NVIDIA card with a driver here: Impasto will work on the processor, which is slow.")
        return None
    say(
        f"There is an {card.name} here; its driver {card.driver} knows CUDA up to {card.cuda}.\n"
        "What pip installs on Windows works on the processor only. For the card, open PyTorch's start page\n"
        f"in a browser, choose Windows, Pip and a CUDA up to {card.cuda}, and copy the command that it shows."
    )
    if not console.attended:
        say("Going on without the card; -TorchIndex ADDRESS (what follows --index-url there) uses it.")
        return None
    while said := console.ask("Paste that command or its address (Enter for the processor only): ").strip():
        try:
            return _address_in(said)
        except Refused as refusal:
            say(f"{refusal}.")
    return None


def _address_in(said: str) -> str:
    found = _ADDRESS.search(said)
    if found is None:
        raise Refused("-TorchIndex needs an address that begins with https://, as on PyTorch's start page")
    return found[0]


def remembered_in(path: Path) -> str | None:
    """The address of the last installation."""
    return path.read_text(encoding="utf-8").strip() or None if path.is_file() else None


def install_command(python: Path, constraints: Path, index: str | None, *, changed: bool) -> list[str] | None:
    """How to get torch and torchvision from `index`; None where the usual way brings them.

    Alone, since such an index has few other packages, and in other versions.
    """
    if index is None and not changed:
        return None
    names = [
        line
        for line in constraints.read_text(encoding="utf-8").split()
        if line.startswith(("torch==", "torchvision=="))
    ]
    return [
        *(str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir", "--no-deps"),
        *(["--index-url", index] if index else []),
        *(["--force-reinstall"] if changed else []),
        *names,
    ]
