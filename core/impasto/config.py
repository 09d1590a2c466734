"""Every setting with its default: one TOML file, overridden by IMPASTO_* environment variables."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_config_path, user_data_path
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from impasto.quiet import DailySpan

_TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{30,}")


class ConfigurationError(Exception):
    """The configuration is wrong; the message says which key and what to do. Exit code 78."""


class TelegramSettings(BaseModel):
    """Which Bot API server is spoken to, as python-telegram-bot takes the addresses, and as whom."""

    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    silence: Annotated[
        float, Field(ge=3, description="seconds without an answer from Telegram until I connect anew")
    ] = 120.0
    bot_name: Annotated[
        str | None,
        Field(min_length=1, max_length=64, description="the bot's name, in place of the one from @BotFather"),
    ] = None


class Limits(BaseModel):
    """What one user, and all together, may ask for."""

    jobs_per_user: int = Field(10, ge=1, description="jobs of one user that wait or run")
    jobs_in_all: int = Field(100, ge=1, description="jobs of all users that wait or run")
    megapixels_per_day: float | None = Field(
        None, gt=0, description="megapixels that one user may send in 24 hours"
    )
    input_pixels: int = Field(50_000_000, ge=1, description="pixels of one picture; more is refused unopened")
    result_memory: int = Field(8 * 2**20, ge=0, description="bytes of results kept in memory for As file")
    device_memory: int | None = Field(
        None,
        ge=0,
        description="bytes of a device's memory for networks kept between jobs; default: half",
    )
    worker_memory: int | None = Field(
        None,
        ge=2 * 2**30,
        description="bytes of the computer's memory that a worker may take, of which torch takes one or two "
        "thousand million by itself; pictures that need more are made smaller. Linux and Windows",
    )
    cancel_grace: float = Field(10.0, gt=0, description="seconds until a job that ignores cancel is ended")
    job_minutes: float = Field(60.0, gt=0, description="minutes that a job may be computed")
    minutes_by_effect: dict[str, Annotated[float, Field(gt=0)]] = Field(
        {}, description="the same for effects by id, in place of job_minutes"
    )
    silent_seconds: float = Field(
        300.0, gt=0, description="seconds without a sign of life after which a worker at work hangs"
    )


def _program(name: str) -> str:
    name = name.strip()
    if not name or re.search(r"[/\\]", name):
        raise ValueError(
            f"'{name}' is no name of a program; write it without folders, as in blender or game.exe"
        )
    return name


class GuestSettings(BaseModel):
    """How Impasto makes room for whoever the computer belongs to."""

    quiet_hours: tuple[Annotated[DailySpan, BeforeValidator(DailySpan.parse)], ...] = Field(
        (), description='when nothing new is begun, in local time: ["22:00-07:00"]'
    )
    programs: tuple[Annotated[str, AfterValidator(_program)], ...] = Field(
        (), description='while one of these runs, everything waits: ["blender", "game.exe"]'
    )
    look_seconds: float = Field(
        10.0, gt=0, description="seconds between two looks at the clock and at which programs run"
    )

    idle_minutes: float = Field(
        10.0, gt=0, description="minutes without work until the graphics card's memory is given back"
    )


class Settings(BaseSettings):
    """The settings of one instance."""

    model_config = SettingsConfigDict(env_prefix="IMPASTO_", env_nested_delimiter="__", extra="forbid")

    token: SecretStr | None = Field(None, description="the bot's token from @BotFather")
    token_file: Path | None = Field(None, description="a file that holds the token")
    owner: int | None = Field(None, description="chat id for reports and errors")
    private: bool = Field(False, description="answer only people whom the owner has let in")
    allowed: frozenset[int] = Field(frozenset(), description="user ids that are let in from the start")
    data_dir: Path = Field(default_factory=lambda: user_data_path("impasto"), description="jobs, users, lock")
    weights_dir: Path | None = Field(None, description="the owner's weights; default: weights in data_dir")
    plugins_dir: Path | None = Field(None, description="the owner's plugins; default: plugins in data_dir")
    gallery_dir: Path | None = Field(None, description="paintings; default: gallery in data_dir")
    samples_dir: Path | None = Field(
        None, description="what effects do to a sample; default: samples in data_dir"
    )
    locales_dir: Path | None = Field(None, description="catalogues to use instead of the shipped ones")
    devices: str = Field("auto", pattern=r"^(auto|cpu|cuda:\d+(,cuda:\d+)*)$")
    welcome_picture: bool = Field(True, description="show whoever begins what the effects do to a picture")
    source_url: str | None = Field(None, description="where people find the program, shown under /about")
    developer: bool = Field(False, description="show the owner the details of their own jobs")
    stop_on_eof: bool = Field(False, description="end when standard input closes; for Windows services")
    log_level: str = Field("INFO", pattern=r"^(DEBUG|INFO|WARNING|ERROR)$")
    telegram: TelegramSettings = TelegramSettings()
    limits: Limits = Field(default_factory=lambda: Limits.model_validate({}))
    guest: GuestSettings = Field(default_factory=lambda: GuestSettings.model_validate({}))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def weights_folder(self) -> Path:
        """Where the owner's weights lie."""
        return self.weights_dir or self.data_dir / "weights"

    @property
    def plugins_folder(self) -> Path:
        """Where the owner's own plugins lie."""
        return self.plugins_dir or self.data_dir / "plugins"

    @property
    def samples_folder(self) -> Path:
        """Where pictures of what the effects do are kept, all of a sample that comes with Impasto."""
        return self.samples_dir or self.data_dir / "samples"

    @property
    def gallery_folder(self) -> Path:
        """Where the gallery of paintings lies."""
        return self.gallery_dir or self.data_dir / "gallery"

    def bot_token(self) -> str:
        """The token from the environment, the configuration or its file.

        Raises `ConfigurationError` where there is none, or where it does not look like one.
        """
        if self.token is not None:
            token = self.token.get_secret_value()
        elif self.token_file is not None:
            try:
                token = self.token_file.read_text(encoding="utf-8")
            except OSError as error:
                raise ConfigurationError(f"cannot read the token file {self.token_file}: {error}") from error
        else:
            raise ConfigurationError(
                "no bot token: get one from @BotFather in Telegram, then set IMPASTO_TOKEN_FILE to a file "
                "that holds it (or IMPASTO_TOKEN). To try Impasto without a token: impasto sandbox"
            )
        token = token.strip()
        if not _TOKEN.fullmatch(token):
            raise ConfigurationError("the bot token does not look like 123456789:AA…; copy it again")
        return token


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings from `config`, or impasto.toml in the configuration folder, and the environment.

    Raises `ConfigurationError` that names each wrong key.
    """
    path = config or Path(os.environ.get("IMPASTO_CONFIG", user_config_path("impasto") / "impasto.toml"))
    if config is not None and not config.is_file():
        raise ConfigurationError(f"there is no configuration file {config}")

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return FromFile(**overrides)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError("; ".join(wrong)) from None
    except ValueError as error:  # tomllib.TOMLDecodeError among them
        raise ConfigurationError(f"{path}: {error}") from error
