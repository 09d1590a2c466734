"""Counting: what happens, as counters and histograms. Labels name effects, methods, outcomes; no people."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram
from telegram.error import BadRequest, NetworkError, RetryAfter

from impasto.jobs.updates import Done, JobUpdate, NotDone, Withdrawn, Working

_WORK_SECONDS = (0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600)
_WAIT_SECONDS = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 4 * 3600, 12 * 3600)
_ANSWER_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_REQUEST_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120)


class Counting:
    """Counts into `registry`. `clock` tells the seconds of the epoch."""

    def __init__(self, registry: CollectorRegistry, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._begun: set[int] = set()
        self._jobs = Counter(
            "impasto_jobs",
            "Jobs that came to an end: made, cancelled, failed (by the picture or wish) or fault (by us).",
            ("effect", "outcome"),
            registry=registry,
        )
        self._work = Histogram(
            "impasto_job_work_seconds",
            "Time that a worker took for a picture.",
            ("effect",),
            registry=registry,
            buckets=_WORK_SECONDS,
        )
        self._wait = Histogram(
            "impasto_job_wait_seconds",
            "Time from the acceptance of a job until a worker began it.",
            ("effect",),
            registry=registry,
            buckets=_WAIT_SECONDS,
        )
        self._updates = Counter(
            "impasto_updates", "What came from Telegram, by kind.", ("kind",), registry=registry
        )
        self._answers = Histogram(
            "impasto_first_answer_seconds",
            "Time from the arrival of an update until the first answer to it was with Telegram.",
            registry=registry,
            buckets=_ANSWER_SECONDS,
        )
        self._requests = Counter(
            "impasto_telegram_requests",
            "Requests to Telegram by method and outcome: done, refused, lost on the way, or too_many (429).",
            ("method", "outcome"),
            registry=registry,
        )
        self._latency = Histogram(
            "impasto_telegram_request_seconds",
            "Time that Telegram took for a request.",
            ("method",),
            registry=registry,
            buckets=_REQUEST_SECONDS,
        )

    def job(self, update: JobUpdate) -> None:
        """Something was told of a job."""
        job, effect = update.job, update.job.order.effect_id
        match update:
            case Working(device=str()) if job.id not in self._begun:
                self._begun.add(job.id)
                if job.attempts == 1:
                    self._wait.labels(effect).observe(max(0.0, self._clock() - job.created))
                return
            case Done(seconds=seconds):
                self._work.labels(effect).observe(seconds)
                outcome = "made"
            case NotDone(fault=fault):
                outcome = "failed" if fault is None else "fault"
            case Withdrawn():
                outcome = "cancelled"
            case _:
                return
        self._begun.discard(job.id)
        self._jobs.labels(effect, outcome).inc()

    def update(self, kind: str) -> None:
        """An update of that kind came."""
        self._updates.labels(kind).inc()

    def answer(self, seconds: float) -> None:
        """Somebody had waited so long for an answer."""
        self._answers.observe(seconds)

    def request(self, method: str, seconds: float, error: BaseException | None) -> None:
        """A request took so long, and failed with `error` if any."""
        self._requests.labels(method, _outcome(error)).inc()
        self._latency.labels(method).observe(seconds)


def _outcome(error: BaseException | None) -> str:
    match error:
        case None:
            return "done"
        case RetryAfter():
            return "too_many"
        case NetworkError() if not isinstance(error, BadRequest):  # to python-telegram-bot a NetworkError too
            return "lost"
        case _:
            return "refused"
