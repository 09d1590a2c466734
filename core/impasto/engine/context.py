"""A running task as its processor sees it: the worker's side of `impasto.effects.JobContext`."""

from __future__ import annotations

import time
from collections.abc import Callable

from PIL import Image

from impasto import imaging
from impasto.effects import Cancelled
from impasto.engine.base import Alive, Progress, Task, TaskEvent
from impasto.engine.details import Details
from impasto.text import Text, as_text

PROGRESS_INTERVAL = 0.25
"""Seconds between two progress events; what comes sooner is left out."""

PREVIEW_INTERVAL = 1.0
"""Seconds between two previews."""

ALIVE_INTERVAL = 1.0
"""Seconds without an event after which a look is one."""


class Context:
    """Thins out progress, carries notes, knows whether to stop; at each look it lets others in."""

    def __init__(
        self,
        task: Task,
        cancelled: Callable[[], bool],
        emit: Callable[[TaskEvent], None],
        let_in: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`let_in` does what can't wait for the end of the task."""
        self._task = task
        self._cancelled, self._emit, self._let_in, self._clock = cancelled, emit, let_in, clock
        self._sequence = 1
        self._fraction = 0.0
        self._heard = self._reported = self._previewed = clock()
        self.notes: list[Text] = []
        self.details = Details()

    @property
    def seed(self) -> int:
        """The task's seed."""
        return self._task.seed

    @property
    def budget(self) -> int | None:
        """Nobody limits it here: see `Ladder`."""
        return None

    def check(self) -> None:
        """Raise `Cancelled` if the task is to stop."""
        if self._cancelled():
            raise Cancelled
        self._let_in()
        if self._clock() - self._heard >= ALIVE_INTERVAL:
            self._say(Alive(task_id=self._task.id, attempt=self._task.attempt, sequence=self._next()))

    def note(self, message: Text | str) -> None:
        """Keep a sentence for the caption, once."""
        if (sentence := as_text(message)) not in self.notes:
            self.notes.append(sentence)

    def record(self, name: str, value: float | str) -> None:
        """Keep it, if the owner wants to know."""
        if self._task.details:
            self.details.record(name, value)

    def progress(self, fraction: float, preview: Image.Image | None = None) -> None:
        """Emit an event if the last is long enough ago."""
        self.check()
        self._fraction = max(self._fraction, min(fraction, 1.0))
        now = self._clock()
        if now - self._reported < PROGRESS_INTERVAL:
            return
        picture = None
        if preview is not None and self._task.preview_side and now - self._previewed >= PREVIEW_INTERVAL:
            picture = imaging.thumbnail_jpeg(preview, self._task.preview_side)
            self._previewed = now
        self._reported = now
        self._say(
            Progress(
                task_id=self._task.id,
                attempt=self._task.attempt,
                sequence=self._next(),
                fraction=self._fraction,
                preview=picture,
            )
        )

    def _say(self, event: TaskEvent) -> None:
        self._heard = self._clock()
        self._emit(event)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence
