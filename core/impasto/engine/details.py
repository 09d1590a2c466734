"""What a processor recorded while it ran, for the owner: facts, and curves as a table and a plot."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from itertools import zip_longest

from impasto.engine.base import Attachment


@dataclass(slots=True)
class Details:
    """Curves and facts by name."""

    curves: dict[str, list[float]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)

    def record(self, name: str, value: float | str) -> None:
        """Keep a word as a fact, a number as the next point of a curve."""
        if isinstance(value, str):
            self.facts[name] = value
        else:
            self.curves.setdefault(name, []).append(float(value))

    def attachments(self) -> tuple[Attachment, ...]:
        """The curves as details.csv and details.png, where there are any."""
        if not self.curves:
            return ()
        return Attachment("details.png", self.plot()), Attachment("details.csv", self.table())

    def table(self) -> bytes:
        """A line for each step, a column for each curve; CSV in UTF-8."""
        file = StringIO()
        writer = csv.writer(file)
        writer.writerow(("step", *self.curves))
        for step, row in enumerate(zip_longest(*self.curves.values()), start=1):
            writer.writerow((step, *("" if value is None else f"{value:.6g}" for value in row)))
        return file.getvalue().encode()

    def plot(self) -> bytes:
        """The curves over the steps, on a logarithmic axis where all are above zero; a PNG."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 5), dpi=120, layout="constrained")
        axes = figure.subplots()
        for name, values in self.curves.items():
            axes.plot(range(1, len(values) + 1), values, label=name)
        if all(value > 0 for values in self.curves.values() for value in values):
            axes.set_yscale("log")
        axes.set_xlabel("step")
        axes.legend()
        axes.grid(alpha=0.3)
        file = BytesIO()
        figure.savefig(file, format="png")
        return file.getvalue()
