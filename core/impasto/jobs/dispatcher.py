"""Dispatcher: keeps a job's promise from acceptance to its end, between store, scheduler and engine.

Knows nothing of Telegram: it fetches pictures through a `PictureSource` and tells updates to whoever listens.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any

from impasto.config import Limits
from impasto.effects import Effect, EffectError, OptionValue
from impasto.engine.base import (
    CapacityChanged,
    Device,
    DeviceFails,
    Encoding,
    Engine,
    EngineEvent,
    Failed,
    FailureKind,
    Finished,
    InputPicture,
    NoDeviceReady,
    Progress,
    Started,
    Task,
    WorkerLost,
)
from impasto.imaging import Output
from impasto.jobs.admission import Admission
from impasto.jobs.deadlines import Deadlines
from impasto.jobs.errands import Errands
from impasto.jobs.estimates import Estimates
from impasto.jobs.forecast import Forecast
from impasto.jobs.holds import Holds
from impasto.jobs.larder import Larder, PictureSource
from impasto.jobs.model import Job, JobOrder, JobState
from impasto.jobs.scheduler import Scheduler
from impasto.jobs.store import JobStore
from impasto.jobs.updates import Done, JobUpdate, NotDone, Waiting, Withdrawn, Working
from impasto.log_lines import of_job
from impasto.text import Text
from impasto.text import text as _

log = logging.getLogger(__name__)

POISON_DEATHS = 2
"""Workers that a job may kill before it is given up."""

NEARLY_DONE = 10.0
"""Seconds that a job may still take when the owner needs the computer at once."""

TOOK_TOO_LONG = _(
    "This takes longer than the owner of this computer allows. Please try it with a smaller picture, or with "
    "settings that take less time."
)

FELL_OVER = _("This picture with this effect made my painter fall over twice, so I gave it up.")

_PREVIEW_SIDE = 800


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
        holds: Holds,
        estimates: Estimates,
        tell_failing: Callable[[DeviceFails, Effect | None], Coroutine[Any, Any, None]],
        developer: int | None = None,
    ) -> None:
        """`tell_failing` tells the owner; `developer` is the user who is told the details of their jobs."""
        self._store, self._engine, self._larder = store, engine, Larder(source)
        self._effects, self._outputs, self._holds = effects, outputs, holds
        self._admission, self._deadlines = Admission(store, limits), Deadlines(limits, self._is_over)
        self._tell_failing, self._developer = tell_failing, developer
        self._scheduler, self._errands = Scheduler(), Errands()
        self._forecast = Forecast(estimates, effects)
        self._active: dict[int, Job] = {}
        self._fetching: dict[int, asyncio.Task[None]] = {}
        self._stopped_by_owner: set[int] = set()
        self._put_back: set[int] = set()
        """Jobs that are being stopped to be begun again later."""
        self._group: asyncio.TaskGroup | None = None
        self.updates: asyncio.Queue[JobUpdate] = asyncio.Queue()

    async def run(self) -> None:
        """Recover what an earlier run left, then serve until cancelled."""
        for job in self._store.recover():
            self._add(job)
        await self._holds.look()
        self._tell_positions(restarted=True)
        try:
            async with asyncio.TaskGroup() as self._group:
                self._feed()
                self._group.create_task(self._follow_holds())
                async for event in self._engine.events():
                    self._take(event)
        finally:
            self._group = None
            self._larder.expect(())

    def submit(self, order: JobOrder) -> Job:
        """Accept an order: from here on it is kept. Raises `Refused` when a limit is met."""
        self._admission.check(order)
        job = self._store.add(order)
        of_job(log, job.id).info("%s accepted", order.effect_id)
        self._enqueue(job)
        self._feed()
        return job

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
            self._put_back.discard(job_id)
            await self._engine.cancel(str(job_id))

    async def cancel_user(self, user_id: int, *, by_owner: bool = False) -> int:
        """Withdraw every job of a user; returns how many there were."""
        jobs = [job for job in self._store.unfinished(user_id) if job.state is not JobState.FINISHED]
        for job in jobs:
            await self.cancel(job.id, by_owner=by_owner)
        return len(jobs)

    def standing(self) -> list[Working | Waiting]:
        """Every job that is being done, and then those that wait, in the order in which they are served."""
        working = [self._forecast.working(job) for job in self._active.values()]
        return [*(update for update in working if update.device is not None), *self._waiting()]

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

    async def _follow_holds(self) -> None:
        """Make room for the owner, and go on."""
        async for _change in self._holds.changes():
            if self._holds.in_use_by() is not None:
                self._larder.expect(())
                await self._make_room()
            self._tell_positions()
            self._feed()

    async def _make_room(self) -> None:
        """Put back into the queue what would not be done in a moment, and the devices to rest."""
        for job in reversed(list(self._active.values())):
            if (fetch := self._fetching.get(job.id)) is not None:
                fetch.cancel()
                self._end(job)
                self._enqueue(job, first=True)
            elif not self._is_nearly_done(job):
                of_job(log, job.id).info("it is put back: the owner needs the computer")
                self._put_back.add(job.id)
                await self._engine.cancel(str(job.id))
        for errand_id in self._errands.give_way(len(self._engine.capacity())):
            await self._engine.cancel(errand_id)
        await self._engine.rest()

    def _is_nearly_done(self, job: Job) -> bool:
        remaining = self._forecast.working(job).remaining
        return remaining is not None and remaining < NEARLY_DONE

    def _enqueue(self, job: Job, *, first: bool = False) -> None:
        self._add(job, first=first)
        self._tell_positions()

    def _add(self, job: Job, *, first: bool = False) -> None:
        effect = self._effects.get(job.order.effect_id)
        if effect is None:
            job = self._store.advance(job, JobState.FINISHED)
            self._tell(NotDone(job, _("I no longer have this effect. Please choose another: /start")))
            return
        if job.deaths >= POISON_DEATHS:  # the core ended before it could say so
            job = self._store.advance(job, JobState.FINISHED)
            self._tell(NotDone(job, FELL_OVER, f"its worker ended {job.deaths} times"))
            return
        express = self._forecast.judge(job, self._engine.capacity())
        self._scheduler.add(job, express=express, first=first)

    def _feed(self) -> None:
        """Start as many waiting jobs as there are devices ready for one."""
        if self._group is None or self._holds.current() is not None:  # not running yet, or no more
            return
        devices = self._engine.capacity()
        free = sum(device.ready for device in devices)
        free -= sum(not self._forecast.is_express(self._active[job_id]) for job_id in self._fetching)
        lanes = sum(device.express for device in devices) - len(self._fetching)
        took = False
        while lanes > 0 and (job := self._scheduler.take(express_only=free <= 0)) is not None:
            self._active[job.id] = job
            self._fetching[job.id] = self._group.create_task(self._start(job))
            lanes -= 1
            free -= not self._forecast.is_express(job)
            took = True
        if took:
            self._tell_positions()
        free = min(free, lanes)
        while free > 0 and (errand := self._errands.take()) is not None:
            self._group.create_task(self._start_errand(errand))
            free -= 1
        for errand_id in self._errands.give_way(len(self._scheduler)):
            self._group.create_task(self._engine.cancel(errand_id))
        self._larder.expect(self._scheduler.order()[: len(devices)])

    async def _start_errand(self, errand: Task) -> None:
        try:
            await self._engine.submit(errand)
        except NoDeviceReady:  # a job was quicker
            self._errands.put_back(errand)

    async def _start(self, job: Job) -> None:
        """Fetch the pictures of `job` and hand it to the engine."""
        order = job.order
        try:
            images = await self._larder.images(job)
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
            express=self._forecast.is_express(job),
        )
        del self._fetching[job.id]
        try:
            await self._engine.submit(task)
        except NoDeviceReady:  # it died in the meantime, or an errand was quicker
            del self._active[job.id]
            self._enqueue(self._store.advance(job, JobState.QUEUED), first=True)
            self._feed()

    def _take(self, event: EngineEvent) -> None:
        if isinstance(event, CapacityChanged):
            self._feed()
            if self._group is not None and self._holds.in_use_by() is not None:
                self._group.create_task(self._engine.rest())  # a worker has come up meanwhile
            return
        if isinstance(event, DeviceFails):
            if self._group is not None:
                effect = self._effects.get(event.effect_id or "")
                self._group.create_task(self._tell_failing(event, effect))
            return
        if self._errands.hear(event):
            return
        job = self._active.get(int(event.task_id))
        if job is None or job.attempts != event.attempt:
            return
        match event:
            case Started(device=device):
                log.info("begun on %s", device, extra={"job": str(job.id), "device": device})
                self._forecast.begin(job, self._device(device))
                self._deadlines.begin(job)
                self._tell(self._forecast.working(job))
                self._tell_positions()
            case Progress(fraction=fraction, preview=preview):
                self._forecast.advance(job, fraction)
                working = self._forecast.working(job, preview)
                self._tell(working)
                if working.remaining is not None:
                    self._deadlines.foresee(job.id, working.remaining)
                if self._forecast.is_old:
                    self._tell_positions()
            case Encoding():
                self._forecast.computed(job)
            case Finished(seconds=seconds):
                of_job(log, job.id).info("%s took %.1f s", job.order.effect_id, seconds)
                self._store.set_measured(job, event.pixels, seconds)
                self._forecast.learn(job, event.pixels, seconds)
                job = self._ended(job)
                self._tell(Done(job, event.pictures, event.notes, seconds, event.facts, event.attachments))
            case Failed(kind=FailureKind.CANCELLED):
                if self._deadlines.end(job.id):
                    self._give_up(job, TOOK_TOO_LONG)
                elif job.id in self._put_back:
                    self._end(job)
                    self._enqueue(self._store.advance(job, JobState.QUEUED), first=True)
                else:
                    self._end(job)
                    self._withdraw(job)
            case Failed(kind=kind, message=message, detail=detail):
                ours = kind in (FailureKind.INTERNAL, FailureKind.OUT_OF_MEMORY)
                of_job(log, job.id).warning("it failed: %s: %s", kind, detail)
                job = self._ended(job)
                self._tell(NotDone(job, message, ": ".join(filter(None, (kind, detail))) if ours else None))
            case WorkerLost():
                self._worker_lost(job, event)

    def _worker_lost(self, job: Job, lost: WorkerLost) -> None:
        how = "it hung" if lost.hung else f"exit code {lost.exitcode}"
        level = logging.ERROR if lost.guilty else logging.INFO
        of_job(log, job.id).log(level, "%s lost its worker: %s", job.order.effect_id, how)
        self._end(job)
        if job.deaths + lost.guilty < POISON_DEATHS:
            self._enqueue(self._store.advance(job, JobState.QUEUED, died=lost.guilty), first=True)
            return
        self._forecast.forget(job)
        job = self._store.advance(job, JobState.FINISHED, died=True)
        self._tell(NotDone(job, FELL_OVER, f"its worker ended {job.deaths} times, the last time: {how}"))

    def _ended(self, job: Job) -> Job:
        self._end(job)
        self._stopped_by_owner.discard(job.id)
        self._forecast.forget(job)
        return self._store.advance(job, JobState.FINISHED)

    def _end(self, job: Job) -> None:
        self._active.pop(job.id, None)
        self._fetching.pop(job.id, None)
        self._forecast.end(job.id)
        self._put_back.discard(job.id)
        self._deadlines.end(job.id)

    def _is_over(self, job_id: int) -> None:
        of_job(log, job_id).warning("it takes longer than it may")
        if self._group is not None:
            self._group.create_task(self._engine.cancel(str(job_id)))

    def _give_up(self, job: Job, message: Text) -> None:
        job = self._ended(job)
        self._tell(NotDone(job, message))
        self._feed()

    def _withdraw(self, job: Job) -> None:
        by_owner = job.id in self._stopped_by_owner
        self._stopped_by_owner.discard(job.id)
        self._forecast.forget(job)
        job = self._store.advance(job, JobState.CANCELLED)
        of_job(log, job.id).info("cancelled by the %s", "owner" if by_owner else "person")
        self._tell(Withdrawn(job, by_owner))

    def _device(self, device_id: str) -> Device:
        return next(device for device in self._engine.capacity() if device.id == device_id)

    def _waiting(self) -> list[Waiting]:
        active, order = self._active.values(), self._scheduler.order()
        return self._forecast.waiting(active, order, self._engine.capacity(), self._holds.current())

    def _tell_positions(self, *, restarted: bool = False) -> None:
        waiting = (update for update in self._waiting() if update.job.id not in self._active)
        for update in self._forecast.news(waiting):
            self._tell(replace(update, restarted=restarted))

    def _tell(self, update: JobUpdate) -> None:
        self.updates.put_nowait(update)
