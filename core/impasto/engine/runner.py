"""Runs tasks on one device, each in three stages: decode, compute, encode. The same for every engine.

Lives in the worker. torch is imported by processors, never here.
"""

from __future__ import annotations

import logging
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PIL import Image

from impasto import imaging
from impasto.effects import BadPicture, Cancelled, Effect, EffectError, Processor
from impasto.engine.base import Failed, FailureKind, InputPicture, Task
from impasto.engine.cache import ProcessorCache
from impasto.engine.context import Context
from impasto.engine.ladder import Ladder
from impasto.engine.memory import is_out_of_memory, memory_of
from impasto.plugins import Plugins
from impasto.text import Text
from impasto.text import text as _

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """What a worker needs of the settings."""

    input_pixels: int
    device_memory: int | None = None
    """Bytes of the device's memory for networks that are kept; None for half of it."""
    worker_memory: int | None = None
    """Bytes of the computer's memory that the worker may take; None for all that there is."""


class EffectRunner:
    """Runs tasks on `device`, keeping the processors that were used last."""

    def __init__(self, plugins: Plugins, device: str, settings: RunnerSettings) -> None:
        self._plugins, self._device, self._settings = plugins, device, settings
        self._memory = memory_of(device, settings.worker_memory)
        self._ladder = Ladder(ProcessorCache(self._maker, self._memory, settings.device_memory), self._memory)

    def decoded(self, task: Task, context: Context) -> dict[str, list[imaging.Picture]]:
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

    def applied(self, task: Task, slots: dict[str, list[imaging.Picture]], context: Context) -> Image.Image:
        """What the effect makes of them, with the transparency of the first."""
        effect = self._plugins.effects[task.effect_id]
        context.record("device", self._device)
        images = {name: [picture.image for picture in pictures] for name, pictures in slots.items()}
        options = effect.defaults() | dict(task.options)
        result = self._ladder.run(effect, images, options, context)
        if not isinstance(result, Image.Image):  # a stranger's code: a return may be forgotten
            raise TypeError(f"run() of {effect.processor} returned {result!r:.100} instead of a picture")
        context.check()
        return imaging.with_alpha(result, slots[effect.slots[0].name][0].alpha)

    @staticmethod
    def encoded(task: Task, result: Image.Image) -> tuple[imaging.EncodedPicture, ...]:
        """The files that were asked for, as far as the picture allows."""
        encoded = (imaging.encode(result, output) for output in task.outputs)
        return tuple(picture for picture in encoded if picture is not None)

    def failed(self, task: Task, error: Exception) -> Failed:
        """The terminal event for what was raised in a stage."""
        match error:
            case Cancelled():
                return self._failed(task, FailureKind.CANCELLED, _("Cancelled."))
            case EffectError():
                kind = FailureKind.BAD_PICTURE if isinstance(error, BadPicture) else FailureKind.EFFECT
                return self._failed(task, kind, error.user_message, error.detail)
            case _:
                return self._unexpected(task, error)

    def _maker(self, effect: Effect) -> Callable[[], Processor]:
        make: Callable[..., Processor] = pkgutil.resolve_name(effect.processor)
        return partial(make, self._device, self._plugins.located(effect))

    def _unexpected(self, task: Task, error: Exception) -> Failed:
        log.error("%s failed", task.effect_id, exc_info=error)
        if is_out_of_memory(error):
            self._memory.release()
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


def _breaks_device(error: Exception) -> bool:
    """Whether the CUDA context is of no more use after `error`, as after a device-side assert."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(error, torch.AcceleratorError)
