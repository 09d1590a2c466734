"""A job as a processor sees it, for tests that need no worker."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from impasto.effects import Cancelled, Text
from impasto.text import as_text


class RecordingContext:
    """Keeps what it is told; cancels when `stop` says so of the number of looks so far."""

    seed = 7
    budget = None

    def __init__(self, stop: Callable[[int], bool] = lambda looks: False) -> None:
        self._stop = stop
        self.looks = 0
        self.fractions: list[float] = []
        self.previews: list[Image.Image] = []
        self.notes: list[Text] = []
        self.curves: dict[str, list[float]] = {}
        self.facts: dict[str, str] = {}

    def progress(self, fraction: float, preview: Image.Image | None = None) -> None:
        self.check()
        self.fractions.append(fraction)
        if preview is not None:
            self.previews.append(preview)

    def check(self) -> None:
        self.looks += 1
        if self._stop(self.looks):
            raise Cancelled

    def record(self, name: str, value: float | str) -> None:
        if isinstance(value, str):
            self.facts[name] = value
        else:
            self.curves.setdefault(name, []).append(value)

    def note(self, message: Text | str) -> None:
        self.notes.append(as_text(message))
