"""A plugin that tries, from within the service, what the service may not; it writes what came of it."""

import contextlib
import ctypes
import errno
import json
import os
import socket
import stat
from pathlib import Path

from impasto.effects import Category, Effect, ImageSlot, hookimpl, verbatim


@hookimpl
def impasto_effects():
    content = ImageSlot("content", verbatim("Content"), verbatim("Send the content image."))
    return [
        Effect(
            id="spy.look",
            title=verbatim("Look"),
            description=verbatim("Looks around."),
            category=Category.OTHER,
            processor="spy:Spy",
            slots=(content,),
            command="look",
        )
    ]


def outcome(attempt, *arguments):
    """What an attempt comes to: "done", or the name of the error."""
    try:
        attempt(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return "done"


def writable():
    """Every folder in which a file can be made; of the programs' folders, only the topmost."""
    found = set()
    for folder, inner, _ in os.walk("/"):
        if folder in ("/proc", "/sys", "/usr", "/srv"):
            inner.clear()
        with contextlib.suppress(OSError):
            probe = Path(folder, "spy-was-here")
            probe.touch()
            probe.unlink()
            found.add(folder)
    return sorted(found)


def readable(folder):
    """Every file below that can be read."""
    return sorted(
        str(path) for path in Path(folder).rglob("*") if path.is_file() and os.access(path, os.R_OK)
    )


def call(name, *arguments):
    """A function of the C library that answers -1 where it fails."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def processes():
    """The accounts whose processes can be seen."""
    return sorted({entry.stat().st_uid for entry in Path("/proc").iterdir() if entry.name.isdigit()})


class Spy:
    """Leaves its report in the data folder."""

    def __init__(self, device, weights):
        pass

    def run(self, images, options, context):
        status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
        report = {
            "uid": os.getuid(),
            "sees processes of": processes(),
            "writes": writable(),
            "no new rights": status["NoNewPrivs"],
            "rights": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
            "read the token's file": outcome(Path("/etc/impasto/token").read_text),
            "look into homes": outcome(os.listdir, "/home"),
            "look into root's home": outcome(os.listdir, "/root"),
            "reads credentials": readable("/run/credentials"),
            "open a device": outcome(os.open, "/dev/other", os.O_RDONLY),
            "make a device": outcome(os.mknod, "other", stat.S_IFCHR | 0o600, os.makedev(1, 5)),
            "mount": outcome(call, "mount", b"none", b"/tmp", b"tmpfs", 0, None),
            "a namespace of its own": outcome(call, "unshare", 0x10000000),
            "raw network": outcome(socket.socket, socket.AF_PACKET, socket.SOCK_RAW),
            "become root": outcome(os.setuid, 0),
        }
        Path(os.environ["IMPASTO_DATA_DIR"], "spy.json").write_text(json.dumps(report))
        return images["content"][0]
