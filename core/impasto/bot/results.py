"""ResultShelf: the last results in full size, in memory within a limit, for "As file". Never on disk."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace

from impasto.imaging import EncodedPicture
from impasto.jobs.updates import Done

_KEPT_DETAILS = 20
_MOMENT = 10.0
"""Seconds in which a second tap is the same wish."""


class ResultShelf:
    """Keeps at most `capacity` bytes of results; the least recently used go first."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._pictures: OrderedDict[int, EncodedPicture] = OrderedDict()
        self._size = 0
        self._details: OrderedDict[int, Done] = OrderedDict()
        self._sent: dict[int, float] = {}

    def put(self, job_id: int, picture: EncodedPicture) -> None:
        """Keep the result of a job, if it fits at all."""
        if len(picture.data) > self._capacity:
            return
        self._pictures[job_id] = picture
        self._size += len(picture.data)
        while self._size > self._capacity:
            _job, dropped = self._pictures.popitem(last=False)
            self._size -= len(dropped.data)

    def get(self, job_id: int) -> EncodedPicture | None:
        """The result of a job, if it is still here."""
        picture = self._pictures.get(job_id)
        if picture is not None:
            self._pictures.move_to_end(job_id)
        return picture

    def was_just_sent(self, job_id: int) -> bool:
        """Whether somebody asked for this file a moment ago; notes that they do now."""
        now = time.monotonic()
        self._sent = {job: at for job, at in self._sent.items() if now - at < _MOMENT}
        if job_id in self._sent:
            return True
        self._sent[job_id] = now
        return False

    def put_details(self, done: Done) -> None:
        """Keep what was recorded of a job, of the last few that were."""
        self._details[done.job.id] = replace(done, pictures=())
        while len(self._details) > _KEPT_DETAILS:
            self._details.popitem(last=False)

    def details(self, job_id: int) -> Done | None:
        """What was recorded of a job, if it is still here."""
        return self._details.get(job_id)
