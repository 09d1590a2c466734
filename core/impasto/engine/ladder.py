"""Runs a processor in the memory there is: rung by rung down to what it suffices for."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from PIL import Image

from impasto.effects import Effect, JobContext, OptionValue
from impasto.engine.cache import ProcessorCache
from impasto.engine.memory import NO_PRIMITIVE, Memory, is_out_of_memory
from impasto.text import Text
from impasto.text import text as _

log = logging.getLogger(__name__)

Images = Mapping[str, Sequence[Image.Image]]

_HALVINGS = 3
"""Times that the area of the pictures is halved before it is given up."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """What an attempt is made with: so many bytes, and pictures whose area is halved so many times."""

    budget: int | None
    halvings: int = 0


class Ladder:
    """Goes down where memory does not suffice.

    First without networks that are kept for other effects; then with a budget, so that effects that work in
    tiles take smaller ones; then with smaller pictures, which the caption tells. Beside another task that is
    in the worker it only takes the first step, since the same goes better when that one has ended.
    """

    def __init__(self, cache: ProcessorCache, memory: Memory) -> None:
        self._cache, self._memory = cache, memory
        self._thread = threading.local()

    def run(
        self, effect: Effect, images: Images, options: Mapping[str, OptionValue], context: JobContext
    ) -> Image.Image:
        """What the effect makes of the pictures.

        Raises `MemoryError` where even the last rung is too high, else what the effect raises.
        """
        detail = ""
        for rung in self._rungs(effect):
            context.check()
            attempt = _Attempt(context, rung.budget)
            smaller = {
                name: [_halved(image, rung.halvings) for image in slot] for name, slot in images.items()
            }
            try:
                result = self._tried(effect, smaller, options, attempt)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                detail = str(error)  # and no more of it: its frames hold what filled the memory
                log.warning("out of memory in %s, with %s: %s", effect.id, rung, detail)
                continue
            if rung.halvings:
                width, height = smaller[effect.slots[0].name][0].size
                context.note(
                    _(
                        "This computer's memory did not suffice for the picture in full, so I made it from a "
                        "smaller copy of {width} × {height}."
                    )(width=width, height=height)
                )
            attempt.keep_words()
            return result
        raise MemoryError(detail)

    def _rungs(self, effect: Effect) -> Iterator[_Rung]:
        yield _Rung(self._memory.allowance())
        self._cache.drop_idle(but=effect.id)
        yield _Rung(self._memory.allowance())
        self._memory.release()
        if self._cache.busy:
            return
        for halvings in range(1 + _HALVINGS):
            yield _Rung(max(1, self._memory.free() // (4 << halvings)), halvings)
            self._memory.release()
        self._cache.drop_idle()

    def _tried(
        self, effect: Effect, images: Images, options: Mapping[str, OptionValue], context: JobContext
    ) -> Image.Image:
        run = partial(self._lent_and_run, effect, images, options, context)
        if getattr(self._thread, "spoiled", False):
            with ThreadPoolExecutor(1, "compute") as pool:
                return pool.submit(run).result()
        try:
            return run()
        except RuntimeError as error:
            # oneDNN remembers in a thread that it got no memory there, and makes nothing new in it any more.
            if str(error) == NO_PRIMITIVE:
                self._thread.spoiled = True
            raise

    def _lent_and_run(
        self, effect: Effect, images: Images, options: Mapping[str, OptionValue], context: JobContext
    ) -> Image.Image:
        with self._cache.lent(effect) as processor:
            return processor.run(images, options, context)


class _Attempt:
    """A job as the processor sees it on one rung: what it says counts only where it comes to an end."""

    def __init__(self, context: JobContext, budget: int | None) -> None:
        self._context, self._budget = context, budget
        self._words: list[Callable[[], None]] = []

    @property
    def seed(self) -> int:
        """The job's."""
        return self._context.seed

    @property
    def budget(self) -> int | None:
        """Bytes that this attempt may use; None where nobody limits it."""
        return self._budget

    def progress(self, fraction: float, preview: Image.Image | None = None) -> None:
        """Passed on."""
        self._context.progress(fraction, preview)

    def check(self) -> None:
        """Passed on."""
        self._context.check()

    def note(self, message: Text | str) -> None:
        """Kept for later."""
        self._words.append(partial(self._context.note, message))

    def record(self, name: str, value: float | str) -> None:
        """Kept for later."""
        self._words.append(partial(self._context.record, name, value))

    def keep_words(self) -> None:
        """Pass on what was said."""
        for say in self._words:
            say()


def _halved(image: Image.Image, times: int) -> Image.Image:
    """Of half the area, so many times."""
    if not times:
        return image
    factor = math.sqrt(0.5**times)
    size = tuple(max(1, round(side * factor)) for side in image.size)
    return image.resize((size[0], size[1]), Image.Resampling.LANCZOS)
