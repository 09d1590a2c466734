"""Weights on this machine: where they are, and bringing, checking and removing those of the owner's folder.

Imports no torch; a plugin's `convert` may, so fetching is done by a process of its own.
"""

from __future__ import annotations

import base64
import json
import pkgutil
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import files, packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from impasto.effects import Weights

if TYPE_CHECKING:
    from impasto.downloads import Report

_RECORDS = ".fetched.json"
_DOWNLOADS = ".downloads"
_SPARE_BYTES = 100 * 2**20


class WeightsFault(Exception):
    """What was asked of the weights can't be done; the message says why, for the owner."""


class Soundness(StrEnum):
    """What a check of a file found."""

    SOUND = "sound"
    CHANGED = "changed"
    UNKNOWN = "no checksum known"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class WeightsFolder:
    """The owner's folder of weights; it need not exist."""

    path: Path

    def locate(self, weights: Weights) -> Path | None:
        """The first of the sources of `weights` that is on this machine, or None.

        Files of packages are found without importing the package.
        """
        for source in weights.sources:
            scheme, _, name = source.partition(":")
            if scheme == "package":
                found = _in_package(name)
            elif scheme == "file":
                found = self.path / name
            else:
                continue
            if found is not None and found.is_file():
                return found
        return None

    def fetch(self, weights: Weights, report: Report) -> Path:
        """Download `weights`, convert them where they say so, and keep them; whole or not at all.

        Raises `WeightsFault` where there is no address, no room on the disk, or no server that has them.
        """
        from impasto.downloads import DownloadFailed, download

        if not weights.addresses or weights.file is None:
            raise WeightsFault(f"{weights.name} can't be downloaded: no address of them is known")
        downloaded = self.path / _DOWNLOADS / weights.name
        kept = self.path / weights.file
        kept.parent.mkdir(parents=True, exist_ok=True)
        self._check_room(weights)
        try:
            address = download(weights.addresses, downloaded, weights.sha256, report)
        except DownloadFailed as error:
            raise WeightsFault(f"{weights.name} could not be downloaded:\n{error}") from error
        self._keep(weights, downloaded, kept)
        self._record(weights, kept, address)
        return kept

    def check(self, weights: Weights) -> Soundness:
        """Whether the file that would be used is the one that was published or fetched."""
        from impasto.downloads import checksum

        path = self.locate(weights)
        if path is None:
            return Soundness.MISSING
        expected = self._expected(weights, path)
        if expected is None:
            return Soundness.UNKNOWN
        return Soundness.SOUND if checksum(path).startswith(expected) else Soundness.CHANGED

    def remove(self, weights: Weights) -> Path:
        """Delete what was fetched of `weights`. Raises `WeightsFault` where nothing was."""
        records = self._records()
        record = records.pop(weights.name, None)
        if record is None:
            where = self.locate(weights)
            raise WeightsFault(
                f"{weights.name} were not downloaded, so they are not removed: "
                + (f"they are {where}" if where else "they are not here")
            )
        path = self.path / record["file"]
        path.unlink(missing_ok=True)
        self._write_records(records)
        return path

    def _expected(self, weights: Weights, path: Path) -> str | None:
        """The SHA-256 that `path` should have: as it was when fetched, as its package says, as published."""
        record = self._records().get(weights.name)
        if record is not None and path == self.path / record["file"]:
            return record["sha256"]
        if not path.is_relative_to(self.path):
            return _installed_checksum(path, weights)
        return weights.sha256 if weights.convert is None else None

    def _check_room(self, weights: Weights) -> None:
        free = shutil.disk_usage(self.path).free
        if free < 2 * weights.size + _SPARE_BYTES:
            raise WeightsFault(
                f"{weights.name} need {2 * weights.size / 1e6:.0f} MB while they are fetched, "
                f"and the disk of {self.path} has {free / 1e6:.0f} MB left"
            )

    def _keep(self, weights: Weights, downloaded: Path, kept: Path) -> None:
        if weights.convert is None:
            downloaded.replace(kept)
            return
        made = downloaded.with_name(downloaded.name + ".made" + kept.suffix)
        try:
            pkgutil.resolve_name(weights.convert)(downloaded, made)
        except Exception as error:  # a plugin is a stranger's code
            made.unlink(missing_ok=True)
            raise WeightsFault(
                f"{weights.name} were downloaded, but are not what the plugin expects: {error}"
            ) from error
        finally:
            downloaded.unlink(missing_ok=True)
        made.replace(kept)

    def _record(self, weights: Weights, kept: Path, address: str) -> None:
        from impasto.downloads import checksum

        record = {"file": weights.file or "", "sha256": checksum(kept), "from": address}
        self._write_records({**self._records(), weights.name: record})

    def _records(self) -> dict[str, dict[str, str]]:
        try:
            records: dict[str, dict[str, str]] = json.loads(
                (self.path / _RECORDS).read_text(encoding="utf-8")
            )
        except (OSError, ValueError):
            return {}
        return records

    def _write_records(self, records: Mapping[str, Mapping[str, str]]) -> None:
        fresh = self.path / (_RECORDS + ".new")
        fresh.write_text(json.dumps(records, indent=1), encoding="utf-8")
        fresh.replace(self.path / _RECORDS)


def _installed_checksum(path: Path, weights: Weights) -> str | None:
    """What the package that `path` is in noted of it when it was built."""
    packages = (source.removeprefix("package:").partition("/")[0] for source in weights.sources)
    for distribution in {name for package in packages for name in packages_distributions().get(package, ())}:
        for file in files(distribution) or ():
            if file.hash is not None and file.hash.mode == "sha256" and Path(str(file.locate())) == path:
                value = file.hash.value
                return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
    return None


def _in_package(name: str) -> Path | None:
    package, _, inside = name.partition("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / inside
