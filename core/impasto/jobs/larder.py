"""Larder: the pictures of the jobs that are next, fetched while the devices are still busy with others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

from impasto.effects import EffectError
from impasto.engine.base import InputPicture
from impasto.jobs.model import Job, PictureRef
from impasto.log_lines import about

Images = Mapping[str, tuple[InputPicture, ...]]


class PictureSource(Protocol):
    """Where pictures come from."""

    async def fetch(self, picture: PictureRef) -> bytes:
        """The file. Raises `EffectError` with a sentence where it can't be had."""


class Larder:
    """Fetches from `source`; holds pictures, in memory, of no more jobs than it is told to."""

    def __init__(self, source: PictureSource) -> None:
        self._source = source
        self._fetching: dict[int, asyncio.Task[Images | EffectError]] = {}

    def expect(self, jobs: Iterable[Job]) -> None:
        """These jobs are next: their pictures are fetched, those of others dropped."""
        expected = {job.id: job for job in jobs}
        for job_id in self._fetching.keys() - expected.keys():
            self._fetching.pop(job_id).cancel()
        for job_id in expected.keys() - self._fetching.keys():
            self._fetching[job_id] = asyncio.create_task(self._fetch(expected[job_id]))

    async def images(self, job: Job) -> Images:
        """The pictures of `job` by slot, once. Raises `EffectError` where one can't be had."""
        fetching = self._fetching.pop(job.id, None)
        images = await (fetching or self._fetch(job))
        if isinstance(images, EffectError):
            raise images
        return images

    async def _fetch(self, job: Job) -> Images | EffectError:
        with about(job.id):
            try:
                return {
                    slot: tuple([InputPicture(await self._source.fetch(ref), ref.crop) for ref in refs])
                    for slot, refs in job.order.pictures.items()
                }
            except EffectError as error:
                return error
