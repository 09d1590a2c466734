"""Standing: how things stand at the moment somebody asks, put together from what knows it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable

import psutil
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from impasto import __version__
from impasto.jobs.holds import Hold, InUse, Paused, QuietHours
from impasto.jobs.updates import Working
from impasto.metrics.onlooker import Instance

log = logging.getLogger(__name__)

_REASONS: dict[type[Hold], str] = {Paused: "paused", QuietHours: "quiet_hours", InUse: "in_use"}


class Standing(Collector):
    """Asks `instance`. For the event loop's thread alone."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def collect(self) -> Iterable[Metric]:
        """What is there to tell."""
        yield InfoMetricFamily("impasto_program", "What runs.", {"version": __version__})
        yield from self._health()
        yield from self._jobs()
        yield from self._devices()

    def _health(self) -> Iterable[Metric]:
        health, reach, holds = self._instance.health, self._instance.reach, self._instance.holds
        report = health.look()
        yield GaugeMetricFamily("impasto_ready", "1: the bot has begun to answer people.", report.ready)
        checks = GaugeMetricFamily("impasto_check", "1: well, 0: see /healthz.", labels=["check"])
        for finding in report.findings:
            checks.add_metric([finding.name], finding.trouble is None)
        yield checks
        yield GaugeMetricFamily(
            "impasto_telegram_silence_seconds", "Time since Telegram was heard last.", reach.silence()
        )
        held = GaugeMetricFamily("impasto_held", "1: nothing new is begun.", labels=["reason"])
        in_force = {type(hold) for hold in holds.in_force()}
        for kind, reason in _REASONS.items():
            held.add_metric([reason], kind in in_force)
        yield held
        yield CounterMetricFamily(
            "impasto_faults", "What went wrong and is told the owner.", self._instance.faults.seen
        )

    def _jobs(self) -> Iterable[Metric]:
        standing = self._instance.dispatcher.standing()
        busy = Counter(update.device for update in standing if isinstance(update, Working))
        yield GaugeMetricFamily(
            "impasto_jobs_waiting", "Jobs that no worker has begun.", len(standing) - busy.total()
        )
        working = GaugeMetricFamily("impasto_jobs_working", "Jobs that a worker is at.", labels=["device"])
        for device in self._instance.engine.capacity():
            working.add_metric([device.id], busy[device.id])
        yield working

    def _devices(self) -> Iterable[Metric]:
        engine = self._instance.engine
        ready = GaugeMetricFamily(
            "impasto_device_ready", "1: it would take a job now.", labels=["device", "name"]
        )
        for device in engine.capacity():
            ready.add_metric([device.id, device.name], device.ready)
        started = CounterMetricFamily("impasto_workers_started", "Worker processes begun.", labels=["device"])
        died = CounterMetricFamily("impasto_workers_died", "Of these, ended unasked.", labels=["device"])
        for name, lives in engine.lives().items():
            started.add_metric([name], lives.started)
            died.add_metric([name], lives.died)
        memory = GaugeMetricFamily(
            "impasto_resident_memory_bytes",
            "The computer's memory that a process has: the core's, or that of a device's worker.",
            labels=["process"],
        )
        memory.add_metric(["core"], psutil.Process().memory_info().rss)
        for name, pid in engine.worker_pids().items():
            try:
                memory.add_metric([name], psutil.Process(pid).memory_info().rss)
            except psutil.Error as error:
                log.debug("the worker on %s ends just now: %s", name, error)
        yield from (ready, started, died, memory)
