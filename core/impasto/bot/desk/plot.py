"""A plot for the owner: bars per day, stacked by colour. No words in it, so it needs no alphabet.

Drawn in a process of its own, since matplotlib is large: python -m impasto.bot.desk.plot takes JSON
{"days": [label…], "bars": [{"colour": "#…", "counts": [number…]}…]} and writes a PNG to standard output.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

from impasto.apart import done_apart


@dataclass(frozen=True, slots=True)
class Bars:
    """One colour's share of each day."""

    colour: str
    counts: tuple[int, ...]


async def plot(days: Sequence[str], bars: Sequence[Bars]) -> bytes:
    """The PNG. Raises `ChildProcessError` where the process fails."""
    told = json.dumps({"days": list(days), "bars": [asdict(part) for part in bars]})
    return await done_apart(__name__, data=told.encode())


def draw(days: list[str], bars: list[dict[str, Any]]) -> bytes:
    """The same, here and now."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.5), dpi=120, layout="constrained")
    axes = figure.subplots()
    below = [0] * len(days)
    for part in bars:
        axes.bar(days, part["counts"], bottom=below, color=part["colour"], width=0.7)
        below = [low + count for low, count in zip(below, part["counts"], strict=True)]
    for place, total in enumerate(below):
        if total:
            axes.annotate(
                str(total), (place, total), (0, 4), textcoords="offset points", ha="center", weight="bold"
            )
    axes.margins(y=0.12)
    axes.set_ylim(bottom=0, top=None if any(below) else 1)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    axes.tick_params(length=0, labelsize=11)
    axes.grid(axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(draw(**json.load(sys.stdin)))
