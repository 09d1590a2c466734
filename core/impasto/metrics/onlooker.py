"""Onlooker: the places from which an instance can be watched at work, with nobody there.

Who stands there for Prometheus is in `impasto.metrics.prometheus`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from telegram.ext import BaseRateLimiter, BaseUpdateProcessor

from impasto.bot.desk.faults import FaultBook
from impasto.bot.reach import Reach
from impasto.config import Settings
from impasto.engine.local import LocalEngine
from impasto.health import Health
from impasto.jobs.dispatcher import Dispatcher
from impasto.jobs.holds import Holds
from impasto.jobs.updates import JobUpdate


@dataclass(frozen=True, slots=True)
class Instance:
    """What can be asked how things stand."""

    health: Health
    reach: Reach
    holds: Holds
    dispatcher: Dispatcher
    engine: LocalEngine
    faults: FaultBook


class Onlooker:
    """Sees nothing and changes nothing."""

    def requests(self, limiter: BaseRateLimiter[int]) -> BaseRateLimiter[int]:
        """`limiter`, through which all requests to Telegram go."""
        return limiter

    def updates(self, order: BaseUpdateProcessor) -> BaseUpdateProcessor:
        """`order`, through which all updates go."""
        return order

    def jobs(self, told: asyncio.Queue[JobUpdate]) -> asyncio.Queue[JobUpdate]:
        """What is `told` of jobs, for whoever shows it."""
        return told

    @asynccontextmanager
    async def telling(self, instance: Instance) -> AsyncIterator[None]:
        """Tell of it meanwhile. Raises `ConfigurationError` where that can't be."""
        yield


def onlooker(settings: Settings) -> Onlooker:
    """Whoever the settings ask to look on."""
    if settings.metrics is None:
        return Onlooker()
    from impasto.metrics.prometheus import Prometheus

    return Prometheus(settings.metrics)
