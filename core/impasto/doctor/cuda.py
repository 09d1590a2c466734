"""What torch and NVIDIA's driver say when something is wrong, in words that say what to do."""

from __future__ import annotations

import re

from impasto.doctor.finding import Finding, doubtful, wrong

_NEWER_DRIVER = "Install a newer driver (NVIDIA's, from your system's packages or NVIDIA's site) and restart"
_OTHER_TORCH = "PyTorch's start page gives the command for a torch that is built for another CUDA"


def explained(said: str, device: str) -> Finding:
    """Why `device` does not compute, from what torch said."""
    for pattern, detail, advice in _KNOWN:
        if re.search(pattern, said, re.IGNORECASE):
            return wrong(detail.format(device=device), advice)
    return wrong(
        f"A small computation on {device} failed: {_short(said)}.",
        "Restart the computer. If it stays, put this sentence into a search engine, or ask us.",
    )


_KNOWN = (
    (
        r"torch is not installed",
        "torch is not installed, so nothing can be painted.",
        "Install Impasto's packages again, into the same environment: pip install -r requirements.txt",
    ),
    (
        r"no kernel image",
        "This torch has no code for the card {device}: the card is too old for it, or too new.",
        f"{_OTHER_TORCH}: an older one for an old card, the newest for a new card. Until then: "
        'devices = "cpu" in the settings.',
    ),
    (
        r"driver.*(insufficient|too old)|unsupported display driver",
        "The driver of the graphics card is too old for this torch.",
        f"{_NEWER_DRIVER}; or {_OTHER_TORCH}.",
    ),
    (
        r"found no nvidia driver|no cuda-capable device|no cuda gpus",
        "torch finds no graphics card of NVIDIA, or no driver for it.",
        f'{_NEWER_DRIVER}; or write devices = "cpu" into the settings.',
    ),
    (
        r"out of memory|can't allocate memory|not enough memory",
        "{device} has no memory left: another program, such as a game, takes it all.",
        "End that program, or let Impasto wait for it: [guest] programs in the settings.",
    ),
    (
        r"exclusive|busy or unavailable",
        "{device} is kept by another program for itself alone.",
        "End that program, or share the card: sudo nvidia-smi -c DEFAULT",
    ),
    (
        r"unknown error|initialization error|not initialized|not yet initialized",
        "The driver does not answer for {device}, as after standby or an update.",
        "Restart the computer.",
    ),
    (
        r"illegal memory access|launch failure|misaligned|uncorrectable|ecc error|hardware",
        "{device} fails while it computes.",
        "Take back any overclocking, see that the card is cool and sits well, restart. If it stays, the card "
        "is broken.",
    ),
    (
        r"invalid device ordinal",
        "There is no {device} here.",
        "Name one of the devices that are listed here in the settings: devices.",
    ),
    (
        r"libcud|\.so|dll load failed|winerror 126|importerror|modulenotfounderror",
        "torch is there, but can't be loaded: parts of it are missing or of another version.",
        "Install it again, into the same environment: pip install --force-reinstall torch torchvision",
    ),
    (
        r"SIGILL",
        "This torch uses instructions that this computer's processor does not have.",
        f"{_OTHER_TORCH}; an older torch may do.",
    ),
    (
        r"SIGKILL",
        "The system ended the small computation, most likely for want of memory.",
        "Give the computer more free memory: torch alone needs 1 to 2 GB.",
    ),
)


def driver_fault(said: str) -> Finding:
    """What nvidia-smi says in place of the card's state."""
    if "mismatch" in said:
        return wrong(
            "The graphics card's driver was updated while the computer ran: its parts don't fit each other.",
            "Restart the computer.",
        )
    return wrong(
        f"The graphics card's driver does not answer: {_short(said)}.",
        "Restart the computer. If it stays, install the driver again; after an update of the kernel it may "
        "have to be built anew.",
    )


def too_old(driver: str, needed: str) -> bool:
    """Whether a driver for CUDA `driver` is too old for a torch that is built for `needed`.

    Within a major version, every driver does.
    """
    return int(driver.partition(".")[0]) < int(needed.partition(".")[0])


def old_driver(version: str, driver: str, needed: str) -> Finding:
    """A driver that is too old for torch."""
    return wrong(
        f"The driver {version} goes up to CUDA {driver}; torch is built for CUDA {needed}.",
        f"{_NEWER_DRIVER}; or {_OTHER_TORCH}.",
    )


def torch_for_cpu(card: str) -> Finding:
    """A card that torch leaves alone."""
    return doubtful(
        f"torch is built for the CPU alone, so {card} is not used.",
        "PyTorch's start page gives the command for one that is built for CUDA: into the same environment, "
        "the same version.",
    )


def _short(said: str) -> str:
    """The first sentence or so of what was said."""
    return " ".join(said.split()).rstrip(".")[:200]
