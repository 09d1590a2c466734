"""The contract between the core and whatever runs effects: tasks in, events out. Imports no torch.

Every event names its task and attempt; there is exactly one terminal event (`Finished`, `Failed` or
`WorkerLost`) per attempt, whatever happens to the worker.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from impasto.crop import Crop
from impasto.effects import OptionValue
from impasto.imaging import EncodedPicture, Output
from impasto.text import Text


@dataclass(frozen=True, slots=True)
class InputPicture:
    """A picture as it came, a file, and the part of it that is wanted; None for the whole."""

    data: bytes = field(repr=False)
    crop: Crop | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One attempt at a job: the effect, its options, and its pictures by slot."""

    id: str
    attempt: int
    effect_id: str
    options: Mapping[str, OptionValue]
    images: Mapping[str, tuple[InputPicture, ...]]
    outputs: tuple[Output, ...]
    seed: int = 0
    preview_side: int = 0
    """Longest side of previews in pixels; 0 for none."""
    details: bool = False
    """Whether what the processor records is wanted."""
    express: bool = False
    """Whether it is done in about a second: it may be done at a progress point of a long task."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a result."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEvent:
    """Something that happened to an attempt. `sequence` rises within an attempt."""

    task_id: str
    attempt: int
    sequence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(TaskEvent):
    """A worker took the task."""

    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(TaskEvent):
    """`fraction` of the work, 0 to 1, is done; `preview` is a JPEG of the state so far."""

    fraction: float
    preview: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive(TaskEvent):
    """The processor looked whether to stop, so it does not hang. Engines keep it to themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutOff(TaskEvent):
    """There was no memory for it beside another task; it begins anew after that. Engines keep it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding(TaskEvent):
    """The effect is done and its device free; the pictures are on their way into files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(TaskEvent):
    """The pictures are made. `seconds` is the time in the worker, without that of tasks it let in."""

    pictures: tuple[EncodedPicture, ...] = field(repr=False)
    notes: tuple[Text, ...] = ()
    seconds: float = 0.0
    pixels: int = 0
    """Of the pictures that came in, each as far as it was wanted."""
    facts: tuple[tuple[str, str], ...] = ()
    """What the processor told of the run, where the task asked for details."""
    attachments: tuple[Attachment, ...] = ()
    """Curves that it recorded, as a plot and a table."""


class FailureKind(StrEnum):
    """Why an attempt failed."""

    BAD_PICTURE = "bad picture"
    EFFECT = "effect"
    CANCELLED = "cancelled"
    OUT_OF_MEMORY = "out of memory"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(TaskEvent):
    """There is no picture. `message` is for the person, `detail` for the log and the owner.

    `fit` says whether the worker is still good for other tasks; if not, it is replaced.
    """

    kind: FailureKind
    message: Text
    detail: str = ""
    fit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLost(TaskEvent):
    """The worker died under the task: by a signal (negative `exitcode`) or on its own, or it hung.

    `guilty` is False for a task that was there but not the one being computed.
    """

    exitcode: int | None
    hung: bool = False
    guilty: bool = True


@dataclass(frozen=True, slots=True)
class Device:
    """A device as the scheduler sees it."""

    id: str
    name: str
    ready: bool
    """Takes any task."""
    express: bool = False
    """Takes an express task: it is ready, or computes a task that will let one in or that ends soon."""
    starts_in: float = 0.0
    """Seconds until its worker will have started, as long as the last one took; 0 where none has to."""


class Engine(Protocol):
    """Runs tasks on devices."""

    async def start(self) -> None:
        """Find the devices and start their workers."""

    async def stop(self, grace: float) -> None:
        """End the workers, running tasks after at most `grace` seconds."""

    async def submit(self, task: Task) -> None:
        """Give `task` to a device that takes it. Raises `NoDeviceReady` where none does."""

    async def rest(self) -> None:
        """Give the memory of all devices back, of busy ones after their tasks, until the next task comes."""

    async def cancel(self, task_id: str) -> None:
        """Ask the task to stop; end its worker if it does not within the grace period."""

    def events(self) -> AsyncIterator[EngineEvent]:
        """What happens, in order."""

    def capacity(self) -> list[Device]:
        """The devices."""


@dataclass(frozen=True, slots=True)
class CapacityChanged:
    """A device takes tasks now, or ceased to."""


@dataclass(frozen=True, slots=True)
class DeviceFails:
    """The workers of a device have died `deaths` times and finished nothing in between.

    `effect_id` is of what the last of them computed; None where it had nothing to do yet.
    """

    device: str
    name: str
    deaths: int
    exitcode: int | None
    hung: bool
    effect_id: str | None


EngineEvent = TaskEvent | CapacityChanged | DeviceFails


class NoDeviceReady(Exception):
    """Every device is busy or down; wait for `CapacityChanged`."""
