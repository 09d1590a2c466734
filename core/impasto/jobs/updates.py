"""What the dispatcher tells of a job, for whoever shows it to the person."""

from __future__ import annotations

from dataclasses import dataclass, field

from impasto.engine.base import Attachment
from impasto.imaging import EncodedPicture
from impasto.jobs.holds import Hold
from impasto.jobs.model import Job
from impasto.text import Text


@dataclass(frozen=True, slots=True)
class JobUpdate:
    """Something about `job` that the person may want to know."""

    job: Job


@dataclass(frozen=True, slots=True)
class Waiting(JobUpdate):
    """It waits; `ahead` jobs are served before it, `own` of them the same person's.

    `ready_in` is in how many seconds the picture will be there; None where that is not known.
    """

    ahead: int
    restarted: bool = False
    hold: Hold | None = None
    """Why nothing is begun just now."""
    own: int = 0
    ready_in: float | None = None


@dataclass(frozen=True, slots=True)
class Working(JobUpdate):
    """It is being done. `remaining` is an estimate in seconds; `preview` a JPEG."""

    fraction: float
    remaining: float | None = None
    preview: bytes | None = field(default=None, repr=False)
    device: str | None = None
    seconds: float = 0.0
    """That it has been worked on; None and 0 as long as its pictures are fetched."""


@dataclass(frozen=True, slots=True)
class Done(JobUpdate):
    """The pictures are made, in `seconds`."""

    pictures: tuple[EncodedPicture, ...] = field(repr=False)
    notes: tuple[Text, ...]
    seconds: float
    facts: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class NotDone(JobUpdate):
    """There will be no picture; `message` says why. `fault` tells the owner more, if it is ours."""

    message: Text
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn(JobUpdate):
    """The person cancelled it, or the owner did."""

    by_owner: bool = False
