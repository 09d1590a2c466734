"""Prometheus: /healthz and /metrics over HTTP, for a dashboard, a container's health check, an alarm."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from telegram.ext import BaseRateLimiter, BaseUpdateProcessor

from impasto.arrangements import listen, metrics_place
from impasto.calls import Answer, Call, CallServer, Refused
from impasto.config import MetricsSettings
from impasto.health import Health
from impasto.jobs.updates import JobUpdate
from impasto.metrics.counting import Counting
from impasto.metrics.onlooker import Instance, Onlooker
from impasto.metrics.standing import Standing
from impasto.metrics.watching import WatchedJobs, WatchedRequests, WatchedUpdates

_STOP_SECONDS = 1.0


class Prometheus(Onlooker):
    """Counts what it sees, and tells it where `settings` say."""

    def __init__(self, settings: MetricsSettings) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a line to each saying when it began
        self._settings = settings
        self._registry = CollectorRegistry()
        self._counting = Counting(self._registry)
        ProcessCollector(registry=self._registry)

    def requests(self, limiter: BaseRateLimiter[int]) -> BaseRateLimiter[int]:
        """`limiter`, watched."""
        return WatchedRequests(limiter, self._counting)

    def updates(self, order: BaseUpdateProcessor) -> BaseUpdateProcessor:
        """`order`, watched."""
        return WatchedUpdates(order, self._counting)

    def jobs(self, told: asyncio.Queue[JobUpdate]) -> asyncio.Queue[JobUpdate]:
        """What is `told`, watched."""
        return WatchedJobs(told, self._counting)

    @asynccontextmanager
    async def telling(self, instance: Instance) -> AsyncIterator[None]:
        """Listen meanwhile. Raises `ConfigurationError` where it can't."""
        self._registry.register(Standing(instance))
        server = CallServer(partial(self._answer, instance.health), most_bytes=0)
        await listen(server, metrics_place(self._settings))
        try:
            yield
        finally:
            await server.close(_STOP_SECONDS)

    async def _answer(self, health: Health, call: Call) -> Answer:
        if call.path not in ("/healthz", "/metrics"):
            return Answer(HTTPStatus.NOT_FOUND, b"There are /healthz and /metrics.\n")
        if call.method not in ("GET", "HEAD"):
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED)
        if call.path == "/healthz":
            return healthz(health)
        encode, kind = choose_encoder(call.headers.get("accept", ""))
        return Answer(body=encode(self._registry), kind=kind)


def healthz(health: Health) -> Answer:
    """200 if people are answered and nothing is wrong that a restart would mend, else 503; in JSON why."""
    report = health.look()
    checks = {
        finding.name: {"trouble": finding.trouble, "vital": finding.vital} for finding in report.findings
    }
    body = {"ready": report.ready, "alive": report.alive, "checks": checks}
    status = HTTPStatus.OK if report.ready and report.alive else HTTPStatus.SERVICE_UNAVAILABLE
    return Answer(status, json.dumps(body).encode(), "application/json")
