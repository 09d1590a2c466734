"""Runs one task on one device: decode, effect, encode. The same code serves every engine.

Lives in the worker. torch is imported by processors, never here.
"""

from __future__ import annotations

import logging
import pkgutil
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from impasto import imaging
from impasto.effects import BadPicture, Cancelled, Effect, EffectError, Processor
from impasto.engine.base import Failed, FailureKind, Finished, InputPicture, Progress, Task
from impasto.engine.details import Details
from impasto.plugins import Plugins
from impasto.text import Text, as_text
from impasto.text import text as _

log = logging.getLogger(__name__)

PROGRESS_INTERVAL = 0.25
"""Seconds between two progress events; what comes sooner is left out."""

PREVIEW_INTERVAL = 1.0
"""Seconds between two previews."""

KEPT_PROCESSORS = 4


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """What a worker needs of the settings."""

    input_pixels: int
    device_budget: int | None = None


class Context:
    """The `JobContext` of a task: thins out progress, carries notes, knows whether to stop."""

    def __init__(
        self,
        task: Task,
        budget: int | None,
        cancelled: Callable[[], bool],
        emit: Callable[[Progress], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task, self._budget = task, budget
        self._cancelled, self._emit, self._clock = cancelled, emit, clock
        self._sequence = 1
        self._fraction = 0.0
        self._reported = self._previewed = clock()
        self.notes: list[Text] = []
        self.details = Details()

    @property
    def seed(self) -> int:
        """The task's seed."""
        return self._task.seed

    @property
    def budget(self) -> int | None:
        """Bytes of device memory."""
        return self._budget

    def check(self) -> None:
        """Raise `Cancelled` if the task is to stop."""
        if self._cancelled():
            raise Cancelled

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
        self._sequence += 1
        self._emit(
            Progress(
                task_id=self._task.id,
                attempt=self._task.attempt,
                sequence=self._sequence,
                fraction=self._fraction,
                preview=picture,
            )
        )


class EffectRunner:
    """Runs tasks on `device`, keeping the processors that were used last."""

    def __init__(self, plugins: Plugins, device: str, settings: RunnerSettings) -> None:
        self._plugins, self._device, self._settings = plugins, device, settings
        self._processors: OrderedDict[str, Processor] = OrderedDict()

    def run(
        self, task: Task, cancelled: Callable[[], bool], emit: Callable[[Progress], None]
    ) -> Finished | Failed:
        """The terminal event of `task`; whatever the effect raises becomes a `Failed`."""
        context = Context(task, self._settings.device_budget, cancelled, emit)
        started = time.monotonic()
        try:
            slots = self._decoded(task, context)
            pictures = self._pictures(task, slots, context)
            seconds = time.monotonic() - started
            attachments = context.details.attachments()
        except Cancelled:
            return self._failed(task, FailureKind.CANCELLED, _("Cancelled."))
        except EffectError as error:
            kind = FailureKind.BAD_PICTURE if isinstance(error, BadPicture) else FailureKind.EFFECT
            return self._failed(task, kind, error.user_message, error.detail)
        except Exception as error:
            return self._unexpected(task, error)
        return Finished(
            task_id=task.id,
            attempt=task.attempt,
            sequence=sys.maxsize,
            pictures=pictures,
            notes=tuple(context.notes),
            seconds=seconds,
            pixels=sum(p.image.width * p.image.height for pictures in slots.values() for p in pictures),
            facts=tuple(context.details.facts.items()),
            attachments=attachments,
        )

    def _decoded(self, task: Task, context: Context) -> dict[str, list[imaging.Picture]]:
        """The pictures that came in, by slot, each cropped to what is wanted of it."""
        context.check()
        slots = {name: [self._open(given) for given in files] for name, files in task.images.items()}
        for pictures in slots.values():
            for picture in pictures:
                for note in picture.notes:
                    context.note(note)
        return slots

    def _open(self, given: InputPicture) -> imaging.Picture:
        picture = imaging.decode(given.data, self._settings.input_pixels)
        return picture if given.crop is None else picture.cropped(given.crop)

    def _pictures(
        self, task: Task, slots: dict[str, list[imaging.Picture]], context: Context
    ) -> tuple[imaging.EncodedPicture, ...]:
        effect = self._plugins.effects[task.effect_id]
        context.record("device", self._device)
        images = {name: [picture.image for picture in pictures] for name, pictures in slots.items()}
        options = effect.defaults() | dict(task.options)
        alpha = slots[effect.slots[0].name][0].alpha
        result = self._run_within_memory(effect, images, options, context)
        context.check()
        result = imaging.with_alpha(result, alpha)
        encoded = (imaging.encode(result, output) for output in task.outputs)
        return tuple(picture for picture in encoded if picture is not None)

    def _run_within_memory(
        self,
        effect: Effect,
        images: dict[str, list[Image.Image]],
        options: dict[str, str | float | bool],
        context: Context,
    ) -> Image.Image:
        try:
            return self._processor(effect).run(images, options, context)
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
        log.warning("out of device memory in %s: dropping all networks and trying again", effect.id)
        self._processors.clear()
        _release_device_memory()
        return self._processor(effect).run(images, options, context)

    def _processor(self, effect: Effect) -> Processor:
        if effect.id in self._processors:
            self._processors.move_to_end(effect.id)
            return self._processors[effect.id]
        while len(self._processors) >= KEPT_PROCESSORS:
            self._processors.popitem(last=False)
        make = pkgutil.resolve_name(effect.processor)
        processor: Processor = make(self._device, self._plugins.located(effect))
        self._processors[effect.id] = processor
        return processor

    def _unexpected(self, task: Task, error: Exception) -> Failed:
        log.error("task %s (%s) failed", task.id, task.effect_id, exc_info=error)
        if _is_out_of_memory(error) or isinstance(error, MemoryError):
            self._processors.clear()
            _release_device_memory()
            message = _("There is not enough memory for this picture here. Please try a smaller one.")
            return self._failed(task, FailureKind.OUT_OF_MEMORY, message, str(error))
        message = _("Something went wrong on my side with this effect. I have noted it for the owner.")
        detail = f"{type(error).__name__}: {error}"
        return self._failed(task, FailureKind.INTERNAL, message, detail, fit=not _breaks_device(error))

    @staticmethod
    def _failed(
        task: Task, kind: FailureKind, message: Text, detail: str = "", *, fit: bool = True
    ) -> Failed:
        return Failed(
            task_id=task.id,
            attempt=task.attempt,
            sequence=sys.maxsize,
            kind=kind,
            message=message,
            detail=detail,
            fit=fit,
        )


def _is_out_of_memory(error: Exception) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.OutOfMemoryError)


def _breaks_device(error: Exception) -> bool:
    """Whether the CUDA context is of no more use after `error`, as after a device-side assert."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.AcceleratorError)


def _release_device_memory() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
