"""What the settings count on at this computer: ports, a certificate, a file for the log.

`impasto run` makes use of them, and `impasto doctor` tries them; where one can't be had, both say the same.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from impasto.config import ConfigurationError, MetricsSettings, WebhookSettings

if TYPE_CHECKING:
    from impasto.calls import CallServer

_WEBHOOK_PORT = 8090


@dataclass(frozen=True, slots=True)
class Place:
    """Where is listened. None as `host` is every address of this computer."""

    host: str | None
    port: int
    host_setting: str
    port_setting: str

    def __str__(self) -> str:
        """As in: port 80 of 127.0.0.1."""
        return f"port {self.port} of {self.host or 'this computer'}"


def webhook_place(settings: WebhookSettings) -> Place:
    """Where Telegram's calls arrive."""
    own = settings.certificate is not None
    host = settings.listen or (None if own else "127.0.0.1")
    port = settings.port or ((urlsplit(settings.url).port or 443) if own else _WEBHOOK_PORT)
    return Place(host, port, "webhook.listen", "webhook.port")


def metrics_place(settings: MetricsSettings) -> Place:
    """Where programs ask how the instance is."""
    return Place(settings.host, settings.port, "metrics.host", "metrics.port")


async def listen(server: CallServer, place: Place, tls: ssl.SSLContext | None = None) -> None:
    """Have `server` listen at `place`. Raises `ConfigurationError` where that can't be."""
    try:
        await server.listen(place.host, place.port, tls)
    except OSError as error:
        raise ConfigurationError(_deaf(place, error)) from error


def _deaf(place: Place, error: OSError) -> str:
    # Some versions of Python give no number where they find none of the addresses here.
    if error.errno in (None, errno.EADDRNOTAVAIL) or isinstance(error, socket.gaierror):
        return (
            f"{place.host_setting}: {place.host} is no address of this computer. "
            "Write 127.0.0.1 for calls from this computer alone, or 0.0.0.0 for calls from anywhere"
        )
    if error.errno == errno.EADDRINUSE:
        return f"{place.port_setting}: another program has {place}. End that, or choose another port"
    if error.errno == errno.EACCES:
        return f"{place.port_setting}: this account may not have {place}. Choose one from 1024 on"
    return f"{place.port_setting}: {place} can't be had: {os.strerror(error.errno)}. Choose another"


def certificate(settings: WebhookSettings) -> tuple[bytes | None, ssl.SSLContext | None]:
    """What Telegram is to check by, and what to answer with; nothing where a proxy does that.

    Raises `ConfigurationError` where the files are no use.
    """
    if settings.certificate is None or settings.private_key is None:
        return None, None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    for name, file in (("certificate", settings.certificate), ("private_key", settings.private_key)):
        try:
            with file.open("rb"):
                pass
        except OSError as error:
            raise ConfigurationError(f"webhook.{name}: {file} can't be read: {error.strerror}") from error
    try:
        context.load_cert_chain(settings.certificate, settings.private_key)
    except ssl.SSLError as error:
        raise ConfigurationError(
            "webhook.certificate and webhook.private_key do not belong together, or are no PEM files"
        ) from error
    return settings.certificate.read_bytes(), context


def try_log_file(file: Path) -> None:
    """See whether `file` can be written, and leave all as it was. Raises `ConfigurationError`."""
    try:
        if file.exists():
            file.open("ab").close()
        else:
            there = next(folder for folder in file.absolute().parents if folder.exists())
            with tempfile.TemporaryFile(dir=there):
                pass
    except OSError as error:
        raise no_log_file(file, error) from error


def no_log_file(file: Path, error: OSError) -> ConfigurationError:
    """What is said where `file` can't be written."""
    return ConfigurationError(
        f"log_file: {file} can't be written: {error.strerror}. Choose another file, or leave log_file out"
    )
