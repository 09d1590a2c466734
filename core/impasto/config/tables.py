"""The tables of the configuration, each with its defaults."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from impasto.config.values import Bytes, Size, from_json, listed, says
from impasto.quiet import DailySpan

log = logging.getLogger(__name__)


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TelegramSettings(_Table):
    """Which Bot API server is spoken to, as python-telegram-bot takes the addresses, and as whom."""

    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    silence: Annotated[
        float, Field(ge=3, description="seconds without an answer from Telegram until I connect anew")
    ] = 120.0
    bot_name: Annotated[
        str | None,
        Field(min_length=1, max_length=64, description="the bot's name, in place of the one from @BotFather"),
        says("a name of 1 to 64 characters in quotation marks"),
    ] = None


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
            log.warning(
                "limits.minutes_by_effect names what is not installed: %s; there is: %s",
                ", ".join(strangers),
                ", ".join(sorted(effects)) or "no effect",
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
