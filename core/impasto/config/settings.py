"""Every setting with its default: one TOML file, overridden by IMPASTO_* environment variables."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_config_path, user_data_path
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from impasto.config.mistakes import BETWEEN, ENVIRONMENT, explained
from impasto.config.tables import GuestSettings, Limits, MetricsSettings, TelegramSettings, WebhookSettings
from impasto.config.values import Person, listed, says

_TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{30,}")


class ConfigurationError(Exception):
    """The configuration is wrong; the message says which key and what to do. Exit code 78."""


class Settings(BaseSettings):
    """The settings of one instance."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT,
        env_nested_delimiter=BETWEEN,
        extra="forbid",
        enable_decoding=False,  # what is no JSON would be refused before a validator can say what to write
    )

    token: SecretStr | None = Field(None, description="the bot's token from @BotFather")
    token_file: Path | None = Field(None, description="a file that holds the token")
    owner: (
        Annotated[int, says("your number in Telegram, which /id in the chat with the bot tells")] | None
    ) = Field(None, description="chat id for reports and errors")
    private: bool = Field(False, description="answer only people whom the owner has let in")
    allowed: Annotated[frozenset[Person], BeforeValidator(listed)] = Field(
        frozenset(), description="user ids that are let in from the start"
    )
    data_dir: Path = Field(default_factory=lambda: user_data_path("impasto"), description="jobs, users, lock")
    weights_dir: Path | None = Field(None, description="the owner's weights; default: weights in data_dir")
    plugins_dir: Path | None = Field(None, description="the owner's plugins; default: plugins in data_dir")
    gallery_dir: Path | None = Field(None, description="paintings; default: gallery in data_dir")
    samples_dir: Path | None = Field(
        None, description="what effects do to a sample; default: samples in data_dir"
    )
    locales_dir: Path | None = Field(None, description="catalogues to use instead of the shipped ones")
    devices: Annotated[
        str,
        Field(pattern=r"^(auto|cpu|cuda:\d+(,cuda:\d+)*)$"),
        says("auto, cpu, cuda:0 or cuda:0,cuda:1"),
    ] = "auto"
    welcome_picture: bool = Field(True, description="show whoever begins what the effects do to a picture")
    source_url: str | None = Field(None, description="where people find the program, shown under /about")
    developer: bool = Field(False, description="show the owner the details of their own jobs")
    stop_on_eof: bool = Field(False, description="end when standard input closes; for Windows services")
    log_level: Annotated[
        str, Field(pattern=r"^(DEBUG|INFO|WARNING|ERROR)$"), says("DEBUG, INFO, WARNING or ERROR")
    ] = "INFO"
    log_format: Annotated[Literal["text", "json"], says("text or json")] = Field(
        "text", description="lines for people, or one JSON object each for programs"
    )
    log_file: Path | None = Field(
        None, description="a file for the log as well, at most 30 MB with the older ones beside it"
    )
    telegram: TelegramSettings = Field(default_factory=lambda: TelegramSettings.model_validate({}))
    webhook: WebhookSettings | None = Field(
        None, description="let Telegram call an address of yours, in place of asking it"
    )
    metrics: MetricsSettings | None = Field(None, description="tell programs on this computer how I am")
    limits: Limits = Field(default_factory=lambda: Limits.model_validate({}))
    guest: GuestSettings = Field(default_factory=lambda: GuestSettings.model_validate({}))

    @field_validator("webhook")
    @classmethod
    def _called_by_telegram(
        cls, webhook: WebhookSettings | None, other: ValidationInfo
    ) -> WebhookSettings | None:
        telegram: TelegramSettings | None = other.data.get("telegram")  # None where it is wrong itself
        if webhook is not None and telegram is not None and not telegram.local:
            webhook.check_public()
        return webhook

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
                raise ConfigurationError(
                    f"the token file {self.token_file} can't be read: {error.strerror}"
                ) from error
        else:
            raise ConfigurationError(
                "no bot token: get one from @BotFather in Telegram, then set IMPASTO_TOKEN_FILE to a file "
                "that holds it (or IMPASTO_TOKEN). To try Impasto without a token: impasto sandbox"
            )
        token = token.strip()
        if not _TOKEN.fullmatch(token):
            raise ConfigurationError("the bot token does not look like 123456789:AA…; copy it again")
        return token


def config_path(config: Path | None = None) -> Path:
    """The file of the settings: `config`, or the usual one, which need not be there."""
    return config or Path(os.environ.get("IMPASTO_CONFIG", user_config_path("impasto") / "impasto.toml"))


def load_settings(config: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings from `config`, or impasto.toml in the configuration folder, and the environment.

    Raises `ConfigurationError` that names each wrong key, where it was written and what to write.
    """
    path = config_path(config)
    if config is not None and not config.is_file():
        raise ConfigurationError(f"there is no configuration file {config}")

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return FromFile(**overrides)
    except ValidationError as error:
        file = path if path.is_file() else None
        wrong = [
            explained(mistake, Settings, None if mistake["loc"][0] in overrides else file)
            for mistake in error.errors()
        ]
        raise ConfigurationError(_TOKEN.sub("[token]", "; ".join(wrong))) from None
    except ValueError as error:  # tomllib.TOMLDecodeError among them
        raise ConfigurationError(f"{path}: {error}") from error
