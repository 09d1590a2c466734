"""The tables of the configuration, each with its defaults."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from impasto.config.values import Bytes, Size, from_json, listed, says
from impasto.quiet import DailySpan

log = logging.getLogger(__name__)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _bot_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"write an address such as http://127.0.0.1:8081, instead of {url!r}")
    return f"{url.rstrip('/')}/bot" if parts.path in ("", "/") else url


_CLOUD = "api.telegram.org"
_PUBLIC_PORTS = (443, 80, 88, 8443)


class TelegramSettings(_Table):
    """Which Bot API server is spoken to, and as whom."""

    base_url: Annotated[str, AfterValidator(_bot_address)] = Field(
        f"https://{_CLOUD}/bot",
        description="the Bot API server, such as http://127.0.0.1:8081; /bot is added where it lacks",
    )
    base_file_url: str = Field("", description="where its files are; default: file/bot beside base_url")
    local: bool = Field(
        False, description="whether base_url is a server of your own that runs with --local: for large files"
    )
    silence: Annotated[
        float, Field(ge=3, description="seconds without an answer from Telegram until I connect anew")
    ] = 120.0
    bot_name: Annotated[
        str | None,
        Field(min_length=1, max_length=64, description="the bot's name, in place of the one from @BotFather"),
        says("a name of 1 to 64 characters in quotation marks"),
    ] = None

    @model_validator(mode="after")
    def _files_beside(self) -> Self:
        if self.local and urlsplit(self.base_url).hostname == _CLOUD:
            raise ValueError("local is for a Bot API server of your own: write its address as base_url too")
        self.base_file_url = self.base_file_url or f"{self.base_url.removesuffix('bot')}file/bot"
        return self


def _public_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"write an address such as https://example.org/impasto, instead of {url!r}")
    return url


def _header(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", secret.get_secret_value()):
        raise ValueError("write 16 to 256 letters, digits, _ or - in quotation marks")
    return secret


class WebhookSettings(_Table):
    """How Telegram sends what people write to an address of yours, in place of being asked for it."""

    url: Annotated[str, AfterValidator(_public_address)] = Field(
        description="the address that Telegram is told to call, such as https://example.org/impasto"
    )
    listen: str | None = Field(
        None, description="the address I listen at; default: 127.0.0.1, or all with a certificate"
    )
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="the port I listen at; default: 8090, or that of url with a certificate",
    )
    path: Annotated[str, Field(pattern="^/"), says('a path that begins with /, as in "/impasto"')] | None = (
        Field(None, description="the path I am called by, where a proxy changes it; default: that of url")
    )
    secret: Annotated[SecretStr, AfterValidator(_header)] | None = Field(
        None, description="what Telegram proves itself by, for a proxy that checks it; default: random"
    )
    certificate: Path | None = Field(
        None, description="a self-signed certificate (PEM) for url; without, a proxy must speak https"
    )
    private_key: Path | None = Field(None, description="the key (PEM) of the certificate")

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("write certificate and private_key, or neither")
        return self

    def check_public(self) -> None:
        """See whether Telegram's own servers would call `url`. Raises `ValueError`, in words."""
        parts = urlsplit(self.url)
        if parts.scheme != "https":
            raise ValueError("url must begin with https://, since Telegram calls no other address")
        if (parts.port or 443) not in _PUBLIC_PORTS:
            raise ValueError(
                f"url has port {parts.port}; Telegram calls 443, 80, 88 and 8443 alone. The port that I "
                "listen at behind a proxy is webhook.port"
            )


class MetricsSettings(_Table):
    """Where /healthz and /metrics are served: over plain HTTP, to whoever can reach it."""

    port: int = Field(9464, ge=1, le=65535)
    host: str = Field("127.0.0.1", description="the address that is listened at: this computer's own alone")


class Limits(_Table):
    """What one user, and all together, may ask for."""

    jobs_per_user: int = Field(10, ge=1, description="jobs of one user that wait or run")
    jobs_in_all: int = Field(100, ge=1, description="jobs of all users that wait or run")
    megapixels_per_day: float | None = Field(
        None, gt=0, description="megapixels that one user may send in 24 hours"
    )
    input_pixels: int = Field(50_000_000, ge=1, description="pixels of one picture; more is refused unopened")
    result_memory: Size = Field(
        8 * 2**20, description="results kept in memory for As file; in bytes, or as in 512 MiB"
    )
    device_memory: Size | None = Field(
        None,
        description="a device's memory for networks kept between jobs; in bytes, or as in 4 GiB; "
        "default: half",
    )
    worker_memory: (
        Annotated[Bytes, Field(ge=2 * 2**30), says("a size of at least 2 GiB, as in 4 GiB")] | None
    ) = Field(
        None,
        description="the computer's memory that a worker may take; in bytes, or as in 4 GiB, of which torch "
        "takes one or two by itself; pictures that need more are made smaller. Linux and Windows",
    )
    cancel_grace: float = Field(10.0, gt=0, description="seconds until a job that ignores cancel is ended")
    job_minutes: float = Field(60.0, gt=0, description="minutes that a job may be computed")
    minutes_by_effect: Annotated[
        dict[str, Annotated[float, Field(gt=0)]],
        BeforeValidator(from_json),
        says('minutes above 0 by effect, as in "nst.gatys" = 20, or {"nst.gatys": 20} in the environment'),
    ] = Field({}, description="the same for effects by id, in place of job_minutes")
    silent_seconds: float = Field(
        300.0, gt=0, description="seconds without a sign of life after which a worker at work hangs"
    )

    def warn_of_strangers(self, effects: Collection[str]) -> None:
        """Log which effects are named here that are not among `effects`: a plugin may be gone for a while."""
        if strangers := sorted(self.minutes_by_effect.keys() - set(effects)):
            close = {close for name in strangers for close in get_close_matches(name, effects, n=1)}
            log.warning(
                "limits.minutes_by_effect names what is not installed: %s; %s: %s",
                ", ".join(strangers),
                "did you mean" if close else "there is",
                ", ".join(sorted(close or effects)) or "no effect",
            )


def _program(name: str) -> str:
    name = name.strip()
    if not name or re.search(r"[/\\]", name):
        raise ValueError(
            f"'{name}' is no name of a program; write it without folders, as in blender or game.exe"
        )
    return name


class GuestSettings(_Table):
    """How Impasto makes room for whoever the computer belongs to."""

    quiet_hours: Annotated[
        tuple[Annotated[DailySpan, BeforeValidator(DailySpan.parse)], ...], BeforeValidator(listed)
    ] = Field((), description='when nothing new is begun, in local time: ["22:00-07:00"]')
    programs: Annotated[tuple[Annotated[str, AfterValidator(_program)], ...], BeforeValidator(listed)] = (
        Field((), description='while one of these runs, everything waits: ["blender", "game.exe"]')
    )
    look_seconds: float = Field(
        10.0, gt=0, description="seconds between two looks at the clock and at which programs run"
    )

    idle_minutes: float = Field(
        10.0, gt=0, description="minutes without work until the graphics card's memory is given back"
    )
