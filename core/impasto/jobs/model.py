"""A job and the states it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from impasto.crop import Crop
from impasto.effects import OptionValue


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    """It came to its end, and neither the picture nor why there is none is in the chat yet."""
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FINISHED, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {JobState.QUEUED, JobState.FINISHED, JobState.CANCELLED}
    ),  # back to the queue when its worker died
    JobState.FINISHED: frozenset(
        {JobState.DELIVERED, JobState.QUEUED, JobState.FAILED}
    ),  # back to the queue when the core ended before it was told: the picture was in memory
    JobState.DELIVERED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}

UNFINISHED = (JobState.QUEUED, JobState.RUNNING, JobState.FINISHED)


class WrongTransition(Exception):
    """A change of state that the table does not know."""


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A picture in Telegram: how to fetch it again, and what Telegram said of it."""

    file_id: str
    width: int = 0
    height: int = 0
    """In pixels; 0 where Telegram did not say."""
    small: str = ""
    """The file id of a small version of it, for previews; empty where there is none."""
    shape: tuple[int, int] = (0, 0)
    """The width and height of that version: the ratio of the picture's own."""
    crop: Crop | None = None
    """The part of it that is wanted; None for the whole."""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What a person asked for, before it is a job."""

    chat_id: int
    user_id: int
    effect_id: str
    options: Mapping[str, OptionValue]
    pictures: Mapping[str, tuple[PictureRef, ...]]
    language: str
    as_file: bool = False
    file_format: Literal["PNG", "JPEG"] = "PNG"
    seed: int = 0
    reply_to: int | None = None
    """The message that the status replies to: the picture's."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it is kept. `id` is the reference number that people and the owner are told."""

    id: int
    order: JobOrder
    state: JobState = JobState.QUEUED
    status_message_id: int | None = None
    status_is_photo: bool = False
    """Whether that message shows a preview, so that its words are a caption."""
    attempts: int = 0
    deaths: int = 0
    """Workers that died while they ran it."""
    created: float = field(default=0.0)
    """Seconds since the epoch."""
    pixels: int = 0
    """Of its pictures, as far as they are known."""
    seconds: float = 0.0
    """That the effect took, once it has finished."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job, for statistics. `at` is in seconds since the epoch."""

    user_id: int
    effect_id: str
    made: bool
    """Whether there is a picture; if not, it failed."""
    at: float
    seconds: float
    pixels: int


def check_transition(job: Job, state: JobState) -> None:
    """Raise `WrongTransition` unless `job` may go to `state`."""
    if state not in TRANSITIONS[job.state]:
        raise WrongTransition(f"job {job.id} cannot go from {job.state} to {state}")
