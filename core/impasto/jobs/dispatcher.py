"""Dispatcher: keeps a job's promise from acceptance to its end, between store, scheduler and engine.

Knows nothing of Telegram: it fetches pictures through a `PictureSource` and tells updates to whoever listens.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from impasto.config import Limits
from impasto.effects import Effect, EffectError, OptionValue
from impasto.engine.base import (
    CapacityChanged,
    Engine,
    Failed,
    FailureKind,
    Finished,
    InputPicture,
    NoDeviceReady,
    Progress,
    Started,
    Task,
    TaskEvent,
    WorkerLost,
)
from impasto.imaging import Output
from impasto.jobs.admission import Admission
from impasto.jobs.errands import Errands
from impasto.jobs.model import Job, JobOrder, JobState, PictureRef
from impasto.jobs.scheduler import Scheduler
from impasto.jobs.store import JobStore
from impasto.jobs.updates import Done, JobUpdate, NotDone, Waiting, Withdrawn, Working
from impasto.text import Text
from impasto.text import text as _

log = logging.getLogger(__name__)

POISON_DEATHS = 2
"""Workers that a job may kill before it is given up."""

_PREVIEW_SIDE = 800


class PictureSource(Protocol):
    """Where pictures come from."""

    async def fetch(self, picture: PictureRef) -> bytes:
        """The file. Raises `EffectError` with a sentence where it can't be had."""


class Dispatcher:
    """Hands waiting jobs to the engine and follows them to their end."""

    def __init__(
        self,
        *,
        store: JobStore,
        engine: Engine,
        source: PictureSource,
        effects: Mapping[str, Effect],
        outputs: Callable[[JobOrder], tuple[Output, ...]],
        limits: Limits,
        developer: int | None = None,
    ) -> None:
        """`developer` is the user who is told the details of their jobs."""
        self._store, self._engine, self._source = store, engine, source
        self._effects, self._outputs = effects, outputs
        self._admission = Admission(store, limits)
        self._developer = developer
        self._scheduler, self._errands = Scheduler(), Errands()
        self._active: dict[int, Job] = {}
        self._fetching: dict[int, asyncio.Task[None]] = {}
        self._began: dict[int, tuple[str, float]] = {}
        """On which device the worker began with each job, and when."""
        self._stopped_by_owner: set[int] = set()
        self._done: dict[int, float] = {}
        """The fraction of each job that is done."""
        self._group: asyncio.TaskGroup | None = None
        self.updates: asyncio.Queue[JobUpdate] = asyncio.Queue()

    async def run(self) -> None:
        """Recover what an earlier run left, then serve until cancelled."""
        for job in self._store.recover():
            self._enqueue(job, restarted=True)
        try:
            async with asyncio.TaskGroup() as self._group:
                self._feed()
                async for event in self._engine.events():
                    self._take(event)
        finally:
            self._group = None

    def submit(self, order: JobOrder) -> Job:
        """Accept an order: from here on it is kept. Raises `Refused` when a limit is met."""
        self._admission.check(order)
        job = self._store.add(order)
        log.info("job %d: %s accepted", job.id, order.effect_id)
        self._enqueue(job)
        self._feed()
        return job

    @property
    def paused(self) -> bool:
        """Whether nothing new is begun."""
        return self._store.is_paused()

    def pause(self) -> None:
        """Begin nothing new, through restarts, until `resume`; what runs goes on."""
        self._store.set_paused(True)
        self._tell_positions()

    def resume(self) -> None:
        """Go on with the jobs that wait."""
        self._store.set_paused(False)
        self._tell_positions()
        self._feed()

    async def cancel(self, job_id: int, *, by_owner: bool = False) -> None:
        """Withdraw a job: at once if it waits, as soon as its effect looks up if it runs."""
        if by_owner:
            self._stopped_by_owner.add(job_id)
        if self._scheduler.remove(job_id):
            self._withdraw(self._store.get(job_id))
            self._tell_positions()
        elif (fetch := self._fetching.pop(job_id, None)) is not None:
            fetch.cancel()
            self._withdraw(self._active.pop(job_id))
            self._feed()
        elif job_id in self._active:
            await self._engine.cancel(str(job_id))

    async def cancel_user(self, user_id: int, *, by_owner: bool = False) -> int:
        """Withdraw every job of a user; returns how many there were."""
        jobs = [job for job in self._store.unfinished(user_id) if job.state is not JobState.FINISHED]
        for job in jobs:
            await self.cancel(job.id, by_owner=by_owner)
        return len(jobs)

    def standing(self) -> list[Working | Waiting]:
        """Every job that is being done, and then those that wait, in the order in which they are served."""
        working = [self._working(job, self._done.get(job.id, 0.0)) for job in self._active.values()]
        ahead, paused = len(working), self.paused
        waiting = enumerate(self._scheduler.order())
        return [*working, *(Waiting(job, ahead + n, paused=paused) for n, job in waiting)]

    async def run_errand(
        self,
        effect: Effect,
        options: Mapping[str, OptionValue],
        images: Mapping[str, tuple[InputPicture, ...]],
        output: Output,
    ) -> bytes | None:
        """Apply an effect to pictures of our own when no job waits; None where jobs kept coming.

        Raises `ErrandFailed` where the effect can't.
        """
        result = self._errands.add(effect.id, options, images, output)
        self._feed()
        return await result

    def _enqueue(self, job: Job, *, first: bool = False, restarted: bool = False) -> None:
        effect = self._effects.get(job.order.effect_id)
        if effect is None:
            job = self._store.advance(job, JobState.FAILED)
            self._tell(NotDone(job, _("I no longer have this effect. Please choose another: /start")))
            return
        self._scheduler.add(job, express=effect.express, first=first)
        ahead = [waiting.id for waiting in self._scheduler.order()].index(job.id) + len(self._active)
        paused = self.paused
        free = 0 if paused else sum(device.ready for device in self._engine.capacity())
        self._tell(Waiting(job, max(0, ahead - free), restarted, paused))

    def _feed(self) -> None:
        """Start as many waiting jobs as there are devices ready for one."""
        if self._group is None or self.paused:  # not running yet, or no more
            return
        free = sum(device.ready for device in self._engine.capacity()) - len(self._fetching)
        took = False
        while free > 0 and (job := self._scheduler.take()) is not None:
            self._active[job.id] = job
            self._fetching[job.id] = self._group.create_task(self._start(job))
            free -= 1
            took = True
        if took:
            self._tell_positions()
        while free > 0 and (errand := self._errands.take()) is not None:
            self._group.create_task(self._start_errand(errand))
            free -= 1
        for errand_id in self._errands.give_way(len(self._scheduler)):
            self._group.create_task(self._engine.cancel(errand_id))

    async def _start_errand(self, errand: Task) -> None:
        try:
            await self._engine.submit(errand)
        except NoDeviceReady:  # a job was quicker
            self._errands.put_back(errand)

    async def _start(self, job: Job) -> None:
        """Fetch the pictures of `job` and hand it to the engine."""
        order = job.order
        try:
            images = {
                slot: tuple([InputPicture(await self._source.fetch(ref), ref.crop) for ref in refs])
                for slot, refs in order.pictures.items()
            }
        except EffectError as error:
            self._give_up(job, error.user_message)
            return
        job = self._active[job.id] = self._store.advance(job, JobState.RUNNING)
        task = Task(
            id=str(job.id),
            attempt=job.attempts,
            effect_id=order.effect_id,
            options=order.options,
            images=images,
            outputs=self._outputs(order),
            seed=order.seed,
            preview_side=_PREVIEW_SIDE,
            details=order.user_id == self._developer,
        )
        del self._fetching[job.id]
        try:
            await self._engine.submit(task)
        except NoDeviceReady:  # it died in the meantime, or an errand was quicker
            del self._active[job.id]
            self._enqueue(self._store.advance(job, JobState.QUEUED), first=True)
            self._feed()

    def _take(self, event: TaskEvent | CapacityChanged) -> None:
        if isinstance(event, CapacityChanged):
            self._feed()
            return
        if self._errands.hear(event):
            return
        job = self._active.get(int(event.task_id))
        if job is None or job.attempts != event.attempt:
            return
        match event:
            case Started(device=device):
                self._began[job.id] = device, time.monotonic()
                self._tell(self._working(job, 0.0))
            case Progress(fraction=fraction, preview=preview):
                self._done[job.id] = fraction
                self._tell(self._working(job, fraction, preview))
            case Finished(seconds=seconds):
                log.info("job %d: %s took %.1f s", job.id, job.order.effect_id, seconds)
                self._store.set_measured(job, event.pixels, seconds)
                job = self._ended(job, JobState.FINISHED)
                self._tell(Done(job, event.pictures, event.notes, seconds, event.facts, event.attachments))
            case Failed(kind=FailureKind.CANCELLED):
                self._end(job)
                self._withdraw(job)
            case Failed(kind=kind, message=message, detail=detail):
                ours = kind in (FailureKind.INTERNAL, FailureKind.OUT_OF_MEMORY)
                log.warning("job %d failed: %s: %s", job.id, kind, detail)
                job = self._ended(job, JobState.FAILED)
                self._tell(NotDone(job, message, f"{kind}: {detail}" if ours else None))
            case WorkerLost(exitcode=exitcode):
                self._worker_lost(job, exitcode)

    def _worker_lost(self, job: Job, exitcode: int | None) -> None:
        log.error("job %d lost its worker (exit code %s)", job.id, exitcode)
        self._end(job)
        if job.deaths + 1 < POISON_DEATHS:
            self._enqueue(self._store.advance(job, JobState.QUEUED, died=True), first=True)
            return
        job = self._store.advance(job, JobState.FAILED, died=True)
        message = _("This picture with this effect made my painter fall over twice, so I gave it up.")
        self._tell(NotDone(job, message, f"killed {job.deaths} workers, last exit code {exitcode}"))

    def _ended(self, job: Job, state: JobState) -> Job:
        self._end(job)
        self._stopped_by_owner.discard(job.id)
        return self._store.advance(job, state)

    def _end(self, job: Job) -> None:
        self._active.pop(job.id, None)
        self._fetching.pop(job.id, None)
        self._began.pop(job.id, None)
        self._done.pop(job.id, None)

    def _give_up(self, job: Job, message: Text) -> None:
        job = self._ended(job, JobState.FAILED)
        self._tell(NotDone(job, message))
        self._feed()

    def _withdraw(self, job: Job) -> None:
        by_owner = job.id in self._stopped_by_owner
        self._stopped_by_owner.discard(job.id)
        log.info("job %d: cancelled by the %s", job.id, "owner" if by_owner else "person")
        self._tell(Withdrawn(self._store.advance(job, JobState.CANCELLED), by_owner))

    def _working(self, job: Job, fraction: float, preview: bytes | None = None) -> Working:
        if job.id not in self._began:
            return Working(job, fraction, preview=preview)
        device, began = self._began[job.id]
        seconds = time.monotonic() - began
        remaining = seconds * (1 - fraction) / fraction if fraction >= 0.03 else None
        return Working(job, fraction, remaining, preview, device, seconds)

    def _tell_positions(self) -> None:
        paused = self.paused
        for place, job in enumerate(self._scheduler.order()):
            self._tell(Waiting(job, place + len(self._active), paused=paused))

    def _tell(self, update: JobUpdate) -> None:
        self.updates.put_nowait(update)
