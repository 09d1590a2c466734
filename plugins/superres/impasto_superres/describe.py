"""Says what networks files hold, in a process of its own: `python -m impasto_superres.describe FILE…`.

Writes a line of JSON for each file, in their order, as soon as it is known: {"scale": 4, "obstacle": null}.
The core calls it, since it must not import torch itself.
"""

from __future__ import annotations

import contextlib
import json
import sys
from importlib.metadata import version
from pathlib import Path
from pickle import UnpicklingError

from spandrel import UnsupportedModelError

from impasto_superres.dropped import obstacle, read_descriptor


def describe(path: Path) -> dict[str, int | str | None]:
    """The scale of the network in the file at `path`, and why it can't be used, if so."""
    try:
        descriptor = read_descriptor(path)
    except UnsupportedModelError:
        reason = f"spandrel {version('spandrel')} knows no network with such parameters"
    except UnpicklingError:  # its own words advise to read the file unsafely
        reason = "it is damaged, or holds more than parameters, which is not safe to read"
    except Exception as error:  # whatever a stranger's file makes the readers raise
        reason = f"it can't be read as a network ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
    else:
        return {"scale": descriptor.scale, "obstacle": obstacle(descriptor)}
    return {"scale": 1, "obstacle": reason}


def main(paths: list[str]) -> None:
    """Describe each file on standard output, where nothing else may write meanwhile."""
    lines = sys.stdout
    with contextlib.redirect_stdout(sys.stderr):
        for path in paths:
            lines.write(json.dumps(describe(Path(path))) + "\n")
            lines.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
