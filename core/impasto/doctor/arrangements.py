"""Check of what the settings count on at this computer: a file for the log, a certificate, ports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

from impasto.arrangements import Place, certificate, listen, metrics_place, try_log_file, webhook_place
from impasto.calls import Answer, Call, CallServer
from impasto.config import ConfigurationError, WebhookSettings
from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, good, wrong
from impasto.doctor.occupied import is_running_on
from impasto.doctor.waiting import in_thread


async def arrangements(case: Case) -> list[Finding]:
    """Whether what is set can be had; nothing is said of what is not set."""
    settings, found = case.settings, []
    webhook, metrics, log_file = settings.webhook, settings.metrics, settings.log_file
    async with AsyncExitStack() as listening:  # to all at once: one may take what the other wants
        ports = _Ports(settings.data_dir, listening)
        if log_file is not None:
            found.append(await _said("log file", lambda: _written(log_file)))
        if webhook is not None:
            found.append(await _said("webhook", lambda: _called(webhook, ports)))
        if metrics is not None:
            found.append(await _said("metrics", lambda: ports.have(metrics_place(metrics))))
    return found


async def _said(check: str, look: Callable[[], Awaitable[str]]) -> Finding:
    try:
        found = good(await look())
    except ConfigurationError as error:
        found = wrong(f"{error}.", "Mend that in the settings: Impasto does not start as it is.")
    return replace(found, check=check)


async def _written(file: Path) -> str:
    await in_thread(lambda: try_log_file(file))
    return f"{file} can be written"


async def _called(settings: WebhookSettings, ports: _Ports) -> str:
    sent, _tls = await in_thread(lambda: certificate(settings))
    place = await ports.have(webhook_place(settings))
    return f"{place}; {settings.certificate} goes with its key" if sent else place


class _Ports:
    """Those that Impasto listens at, tried where none runs on the folder `data`."""

    def __init__(self, data: Path, listening: AsyncExitStack) -> None:
        self._data, self._listening = data, listening

    async def have(self, place: Place) -> str:
        """Listen at `place` for the while. Raises `ConfigurationError` where that can't be."""
        if await in_thread(lambda: is_running_on(self._data)):
            return f"{place}, not tried: Impasto runs"
        server = CallServer(_away, most_bytes=0)
        await listen(server, place)
        self._listening.push_async_callback(server.close, 0)
        return f"{place} is free"


async def _away(_call: Call) -> Answer:
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE)
