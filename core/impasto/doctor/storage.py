"""Checks of what is on the disk: room, the right to write, and the database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from impasto.database import MIGRATIONS
from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, State, doubtful, good, together, wrong
from impasto.doctor.occupied import is_running_on
from impasto.doctor.rights import account, how_to_open, is_open, nearest
from impasto.doctor.waiting import in_thread

_GIGA = 1e9
_FULL, _SCARCE = 0.1 * _GIGA, 1 * _GIGA
_JOURNAL = Path("/var/log")


async def disk(case: Case) -> Finding:
    """Whether there is room for the database, weights and logs."""
    settings = case.settings
    folders = {
        "data": settings.data_dir,
        "weights": settings.weights_folder,
        "samples": settings.samples_folder,
        "logs": _JOURNAL if sys.platform == "linux" else settings.data_dir,
    }
    return await in_thread(lambda: _room(folders))


def _room(folders: dict[str, Path]) -> Finding:
    disks: dict[int, tuple[Path, list[str]]] = {}
    for name, folder in folders.items():
        there = nearest(folder)
        disks.setdefault(there.stat().st_dev, (there, []))[1].append(name)
    findings, facts = [], []
    for folder, names in disks.values():
        free = shutil.disk_usage(folder).free
        amount = _amount(free)
        what = _listed(names)
        facts.append(f"{amount} free for {what}")
        if free < _SCARCE:
            advice = f"Make room on the disk of {folder}: a gigabyte or two."
            kind = wrong if free < _FULL else doubtful
            findings.append(kind(f"Only {amount} are free for {what}.", advice))
    return together(findings, "; ".join(facts))


async def folders(case: Case) -> Finding:
    """Whether Impasto may write where it writes, and read where it reads."""
    return await in_thread(lambda: _rights(case))


def _rights(case: Case) -> Finding:
    settings = case.settings
    own = settings.data_dir
    data = _folder("data", own, own, needed=True)
    others = [
        _folder("weights", settings.weights_folder, own),
        _folder("gallery", settings.gallery_folder, own),
        _folder("samples", settings.samples_folder, own),
        _folder("plugins", settings.plugins_folder, own, writing=False),
    ]
    if data.state is not State.OK:  # the others usually lie in it
        return data
    return together(others, f"{own} can be written")


def _folder(name: str, folder: Path, data: Path, *, needed: bool = False, writing: bool = True) -> Finding:
    kind = wrong if needed else doubtful
    there = nearest(folder)
    if not there.is_dir():
        return wrong(f"{there} is a file, where the folder for {name} should be.", f"Move it away: {there}")
    if not is_open(there):
        reason = f"{'it' if there == folder else there} is closed to the account {account()}"
    elif not writing:
        return good("")
    elif there == folder:
        try:
            with tempfile.TemporaryFile(dir=folder):
                return good("")
        except OSError as error:
            reason = str(error.strerror)
    elif os.access(there, os.W_OK | os.X_OK):
        return good("")
    else:
        reason = f"it is not there, and the account {account()} may not make it"
    use = "written" if writing else "read"
    return kind(f"The folder for {name}, {folder}, can't be {use}: {reason}.", how_to_open(folder, data))


async def database(case: Case) -> Finding:
    """Whether the database is whole, and of a version that this Impasto knows."""
    return await in_thread(lambda: _database(case.settings.data_dir))


def _database(folder: Path) -> Finding:
    path = folder / "impasto.sqlite3"
    if not path.is_file():
        return good("not there yet; Impasto makes it when it starts")
    running = "; Impasto is running on it" if is_running_on(folder) else ""
    # Who opens it for reading alone would leave a log behind, of an account that may not be the bot's. Where
    # there is no log, the file is all there is, and is taken for unchangeable.
    mode = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
    advice = (
        f"Stop Impasto, bring a copy of {path} back, or move it away: Impasto begins a new one, and forgets "
        "people's settings and the jobs that wait."
    )
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (said,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        return wrong(f"The database {path} can't be read: {error}.", how_to_open(path, folder))
    except sqlite3.DatabaseError as error:
        return wrong(f"The database {path} is damaged: {error}.", advice)
    if said != "ok":
        return wrong(f"The database {path} is damaged: {said.splitlines()[-1]}.", advice)
    if version > len(MIGRATIONS):
        return wrong(
            f"A later Impasto made the database (version {version}; this one knows {len(MIGRATIONS)}).",
            f"Update Impasto; or {advice[0].lower()}{advice[1:]}",
        )
    size = _amount(path.stat().st_size)
    if version < len(MIGRATIONS):
        return good(
            f"whole, {size}; brought from version {version} to {len(MIGRATIONS)} at the next start{running}"
        )
    return good(f"whole, {size}, version {version}{running}")


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _amount(size: int) -> str:
    """So many bytes, in a unit that goes with them."""
    factor, unit = next(
        ((factor, unit) for factor, unit in ((_GIGA, "GB"), (1e6, "MB")) if size >= factor), (1e3, "kB")
    )
    return f"{size / factor:.3g} {unit}"
