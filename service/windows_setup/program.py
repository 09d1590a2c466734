"""The program's files: a copy of the repository, its environment, and what was before an update."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from windows_layout import Layout

from windows_setup import torch_build
from windows_setup.hands import Hands, Refused

VERSIONS = ((3, 11), (3, 12), (3, 13))
GIB_FOR_PROCESSOR = 5
GIB_FOR_CARD = 14

_PARTS = (
    *("core", "plugins", "locales", "service", "docs", "requirements.txt", "constraints.txt"),
    *("pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "install_service.ps1"),
)
_NEEDED = ("core", "plugins", "requirements.txt", "constraints.txt", "service/windows_service.py")
_DATABASE = ("impasto.sqlite3", "impasto.sqlite3-wal", "impasto.sqlite3-shm")


def base_python() -> Path:
    """The system's Python that runs this, not a launcher in an environment."""
    return Path(getattr(sys, "_base_executable", sys.executable))


def python_behind(layout: Layout) -> Path | None:
    """The system's Python that the environment was made with; None where the environment can't run.

    It may be another than that which runs this, and the environment's packages are for that one alone.
    """
    if not layout.python.exists():
        return None
    for line in (layout.environment_folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "executable" and Path(value.strip()).is_file():
            return Path(value.strip())
    return None


def unfit(prefix: str, *, for_all: bool, version: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """Why Impasto cannot be installed with the Python that runs this and lies in `prefix`; None if it can."""
    home = prefix.lower().replace("/", "\\")
    if version not in VERSIONS:
        return f"it is Python {version[0]}.{version[1]}; 3.11, 3.12 or 3.13 is needed"
    if sys.maxsize < 2**32:
        return "it is a 32-bit Python"
    if "\\windowsapps\\" in home:
        return "it comes from the Store, whose programs keep their files where others do not see them"
    if for_all and home[1:].startswith(":\\users\\"):
        return f"it lives in {prefix}, where a service may not look"
    return None


def check_source(clone: Path) -> None:
    """Raises `Refused` where the script is not in a whole copy of the repository."""
    for part in _NEEDED:
        if not (clone / part).exists():
            raise Refused(f"{part} is missing in {clone}: run this script from a complete copy of Impasto")


def check_disk(layout: Layout, gib: int) -> None:
    """Raises `Refused` where the environment would not find room."""
    folder = next(parent for parent in layout.program.parents if parent.exists())
    free = shutil.disk_usage(folder).free // 2**30
    if free < gib:
        raise Refused(f"{free} GiB are free for {layout.program}; {gib} are needed")


def copy_source(hands: Hands, layout: Layout, clone: Path) -> None:
    """A copy where the installer alone writes, since a service must not run what anybody can change.

    Only what is named is taken, so that nothing private beside it comes along.
    """
    hands.make_folder(layout.source)
    for part in _PARTS:
        if (clone / part).exists():
            hands.copy(clone / part, layout.source / part)


def build_environment(hands: Hands, layout: Layout, clone: Path, index: str | None) -> None:
    """Install the packages, torch from `index`. Raises `Refused`."""
    if python_behind(layout) is None:
        hands.remove(layout.environment_folder)
        hands.run([str(base_python()), "-I", "-m", "venv", str(layout.environment_folder)])
    changed = index != torch_build.remembered_in(layout.torch_index)
    torch = torch_build.install_command(layout.python, clone / "constraints.txt", index, changed=changed)
    if torch is not None:
        hands.run(torch, folder=layout.source, shown=True)
        hands.write(layout.torch_index, f"{index or ''}\n")
    extra = str(Path("service", "requirements-windows.txt"))
    pip = [str(layout.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-cache-dir"]
    hands.run([*pip, "-r", "requirements.txt", "-r", extra], folder=layout.source, shown=True)
    # The service may not write here, so compile now what it would compile at each start.
    hands.run([str(layout.python), "-I", "-m", "compileall", "-q", str(layout.source)])


def keep_what_was(hands: Hands, layout: Layout) -> None:
    """Set aside program, environment and database; files of the environment only get a second name each."""
    # The source last: as long as that has not gone, nothing has been changed.
    hands.make_folder(layout.before)
    if layout.torch_index.exists():
        hands.copy(layout.torch_index, layout.before / layout.torch_index.name)
    hands.make_folder(layout.database_before)
    for name in _DATABASE:
        if (layout.data / name).exists():
            hands.copy(layout.data / name, layout.database_before / name)
    if layout.environment_folder.exists():
        hands.link(layout.environment_folder, layout.before / layout.environment_folder.name)
    hands.move(layout.source, layout.before / layout.source.name)


def put_back(hands: Hands, layout: Layout) -> None:
    """Bring back what was set aside. Where this is broken off, doing it again brings back the same."""
    source = layout.before / layout.source.name
    environment = layout.before / layout.environment_folder.name
    index = layout.before / layout.torch_index.name
    if source.exists():
        for name in _DATABASE:
            hands.remove(layout.data / name)
            if (layout.database_before / name).exists():
                hands.copy(layout.database_before / name, layout.data / name)
        hands.remove(layout.torch_index)
        if index.exists():
            hands.copy(index, layout.torch_index)
        if environment.exists():
            hands.remove(layout.environment_folder)
            hands.move(environment, layout.environment_folder)
        hands.remove(layout.source)
        hands.move(source, layout.source)
    forget_what_was(hands, layout)


def forget_what_was(hands: Hands, layout: Layout) -> None:
    """The update has come to its end."""
    hands.remove(layout.before)
    hands.remove(layout.database_before)
