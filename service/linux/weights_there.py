"""Tells the installer which effects and weights can be downloaded.

Arguments: a file with what `impasto effects --json` says, one with what `impasto weights list --json` says,
and names. Without names it writes a line for each effect that lacks weights and for what makes one finer;
with names, those that are of no effect and of no weights.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Rows = list[dict[str, Any]]


def on_offer(effects: Rows, weights: Rows) -> Iterator[str]:
    """Each line has a name, the size of the download, and what it is for."""
    to_come = {row["name"]: row for row in weights if row["addresses"] and not row["file"]}
    needed = set()
    for effect in effects:
        missing = effect["missing_weights"]
        if missing and to_come.keys() >= set(missing):
            needed |= set(missing)
            yield _line(effect["id"], sum(to_come[name]["size"] for name in missing), effect["title"])
    titles = {effect["id"]: effect["title"] for effect in effects if not effect["missing_weights"]}
    for name, row in to_come.items():
        finer = [titles[effect] for effect in row["effects"] if effect in titles]
        if name not in needed and finer:
            yield _line(name, row["size"], f"{', '.join(finer)}, which works already, gets finer")


def unknown(effects: Rows, weights: Rows, names: Iterable[str]) -> list[str]:
    """Those of `names` that `impasto weights fetch` would refuse."""
    known = {effect["id"] for effect in effects} | {row["name"] for row in weights}
    return [name for name in names if name not in known]


def _line(name: str, size: int, purpose: str) -> str:
    return f"  {name:28} {size / 1e6:>7.1f} MB  {purpose}"


def main() -> None:
    """Write the lines, or the names."""
    effects, weights = (json.loads(Path(path).read_text(encoding="utf-8")) for path in sys.argv[1:3])
    if names := sys.argv[3:]:
        sys.stdout.write(", ".join(unknown(effects, weights, names)))
    else:
        sys.stdout.writelines(f"{line}\n" for line in on_offer(effects, weights))


if __name__ == "__main__":
    main()
