"""Everything that the installer changes goes through here, so that a dry run can tell all of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


class Refused(Exception):
    """It can't be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Does things, or with `dry` tells what would be done."""

    dry: bool = False
    say: Callable[[str], None] = print

    def step(self, text: str) -> None:
        """Say what comes now."""
        self.say(f"* {text}")

    def run(
        self,
        command: Sequence[str],
        *,
        variables: Mapping[str, str] | None = None,
        folder: Path | None = None,
        shown: bool = False,
    ) -> None:
        """Run a program that changes something. Raises `Refused` with what it said, where it fails.

        What it says is `shown` as it comes, or kept for the message.
        """
        if self._told(f"run: {subprocess.list2cmdline(command)}"):
            return
        try:
            done = subprocess.run(
                command,
                env=variables,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=None if shown else subprocess.PIPE,
                stderr=None if shown else subprocess.STDOUT,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise Refused(f"{command[0]} cannot be run: {error}") from error
        if done.returncode != 0:
            said = "above" if shown else (done.stdout or "").strip() or "nothing"
            raise Refused(
                f"{subprocess.list2cmdline(command)} ended with exit code {done.returncode} and said: {said}"
            )

    def make_folder(self, path: Path) -> None:
        """Make a folder, where there is none."""
        if not path.is_dir() and not self._told(f"make the folder {path}"):
            path.mkdir(parents=True)

    def write(self, path: Path, text: str) -> None:
        """Write a file. What it says is not told."""
        if not self._told(f"write {path}"):
            path.write_text(text, encoding="utf-8", newline="\n")

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file, or a folder with all that is of the repository in it."""
        if self._told(f"copy {source} to {target}"):
            return
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", ".*"))
        else:
            shutil.copyfile(source, target)

    def link(self, source: Path, target: Path) -> None:
        """Copy a folder without taking room: its files get a second name each, where the disk allows it."""
        if not self._told(f"keep {source} as {target}"):
            shutil.copytree(source, target, copy_function=_link_or_copy, symlinks=True)

    def move(self, source: Path, target: Path) -> None:
        """Move a file or folder on its disk. Raises `Refused` where something holds it."""
        if self._told(f"move {source} to {target}"):
            return
        try:
            source.replace(target)
        except OSError as error:
            raise Refused(_held(source, error)) from error

    def remove(self, path: Path) -> None:
        """Remove a file or folder, if it is there. Raises `Refused` where something holds it."""
        if not path.exists() or self._told(f"remove {path}"):
            return
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            raise Refused(_held(path, error)) from error

    def _told(self, what: str) -> bool:
        if self.dry:
            self.say(f"    would {what}")
        return self.dry


def asked(command: Sequence[str], variables: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and output of a program that changes nothing; 127 where there is no such program."""
    try:
        done = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        return 127, str(error)
    return done.returncode, done.stdout


def _link_or_copy(source: str, target: str) -> None:
    with suppress(OSError):
        os.link(source, target)
        return
    shutil.copy2(source, target)


def _held(path: Path, error: OSError) -> str:
    return (
        f"{path} cannot be moved or removed ({error.strerror or error}); close what is open in it, such as "
        "an Explorer window, a PowerShell or a log being watched, and run this script again"
    )
