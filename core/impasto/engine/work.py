"""Work: one attempt at a task on its way through the worker, stage by stage."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PIL import Image

from impasto import imaging
from impasto.engine.base import Attachment, Failed, Finished, Task, TaskEvent
from impasto.engine.context import Context
from impasto.engine.runner import EffectRunner
from impasto.log_lines import about

MOST_HOSTED, HOSTED_AT_ONCE = 3.0, 10.0
"""A task lets others in for so many times its own seconds, and so many more."""


class Work:
    """One attempt at a task, in three stages, so that one device can decode, compute and encode at once.

    Whatever goes wrong in a stage becomes the outcome; the later stages do nothing then.
    """

    def __init__(
        self,
        runner: EffectRunner,
        task: Task,
        cancelled: Callable[[], bool],
        emit: Callable[[TaskEvent], None],
        let_in: Callable[[], None] = lambda: None,
    ) -> None:
        """`let_in` does at the effect's progress points what can't wait for its end."""
        self.task = task
        self.failed: Failed | None = None
        self._runner, self._let_in = runner, let_in
        self._context = Context(task, cancelled, emit, self._host)
        self._slots: dict[str, list[imaging.Picture]] = {}
        self._result: Image.Image | None = None
        self._seconds = self._hosted = 0.0
        self._computing_since: float | None = None

    @property
    def pixels(self) -> int:
        """Of the pictures that are open, each as far as it is wanted."""
        return sum(p.image.width * p.image.height for slot in self._slots.values() for p in slot)

    def decode(self) -> None:
        """Open the pictures."""
        with self._stage():
            self._slots = self._runner.decoded(self.task, self._context)

    def compute(self) -> None:
        """Apply the effect."""
        if self.failed is not None:
            return
        self._computing_since = time.monotonic()
        with self._stage():
            self._result = self._runner.applied(self.task, self._slots, self._context)
        self._computing_since = None

    def encode(self) -> Finished | Failed:
        """Make the files; the terminal event."""
        pictures: tuple[imaging.EncodedPicture, ...] = ()
        attachments: tuple[Attachment, ...] = ()
        if self._result is not None:
            with self._stage():
                self._context.check()
                pictures = self._runner.encoded(self.task, self._result)
                attachments = self._context.details.attachments()
        pixels = self.pixels
        self._slots, self._result = {}, None  # people's pictures stay no longer than they are needed
        return self.failed or Finished(
            task_id=self.task.id,
            attempt=self.task.attempt,
            sequence=sys.maxsize,
            pictures=pictures,
            notes=tuple(self._context.notes),
            seconds=self._seconds - self._hosted,
            pixels=pixels,
            facts=tuple(self._context.details.facts.items()),
            attachments=attachments,
        )

    def _host(self) -> None:
        if self._computing_since is None:
            return
        now = time.monotonic()
        own = now - self._computing_since - self._hosted
        if self._hosted <= MOST_HOSTED * own + HOSTED_AT_ONCE:
            self._let_in()
            self._hosted += time.monotonic() - now

    @contextmanager
    def _stage(self) -> Iterator[None]:
        began = time.monotonic()
        with about(self.task.id):
            try:
                yield
            except Exception as error:
                self.failed = self._runner.failed(self.task, error)
        self._seconds += time.monotonic() - began
