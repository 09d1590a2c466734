"""Every setting with its default: one TOML file, overridden by IMPASTO_* environment variables."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Collection
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from platformdirs import user_config_path, user_data_path
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from impasto.quiet import DailySpan

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{30,}")
_BYTES = TypeAdapter(ByteSize)
_ENVIRONMENT = "IMPASTO_"
_BETWEEN = "__"


class ConfigurationError(Exception):
    """The configuration is wrong; the message says which key and what to do. Exit code 78."""


def _says(words: str) -> WrapValidator:
    """Tell whoever wrote anything else to write `words`."""

    def check(value: object, inner: ValidatorFunctionWrapHandler) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise ValueError(f"write {words}, instead of {value!r}") from None

    return WrapValidator(check)


def _listed(value: object) -> object:
    """A list as it is, or written in JSON or with commas; anything else is a list of one."""
    if not isinstance(value, str):
        return value if isinstance(value, (list, tuple, set, frozenset)) else [value]
    if not value.lstrip().startswith("["):
        return value.split(",")
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError(f"write a list with commas or in JSON, instead of {value!r}") from None


def _bytes(value: object) -> int:
    return int(_BYTES.validate_python(value))  # plain, since workers are sent it and know no pydantic


def _from_json(value: object) -> object:
    return json.loads(value) if isinstance(value, str) else value


_Bytes = Annotated[int, BeforeValidator(_bytes)]
_Size = Annotated[_Bytes, _says("a size, as in 512 MiB or 4 GiB")]
_Person = Annotated[int, _says("a person's number in Telegram, which /id in their chat with the bot tells")]


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
        _says("a name of 1 to 64 characters in quotation marks"),
    ] = None


class Limits(_Table):
    """What one user, and all together, may ask for."""

    jobs_per_user: int = Field(10, ge=1, description="jobs of one user that wait or run")
    jobs_in_all: int = Field(100, ge=1, description="jobs of all users that wait or run")
    megapixels_per_day: float | None = Field(
        None, gt=0, description="megapixels that one user may send in 24 hours"
    )
    input_pixels: int = Field(50_000_000, ge=1, description="pixels of one picture; more is refused unopened")
    result_memory: _Size = Field(
        8 * 2**20, description="results kept in memory for As file; in bytes, or as in 512 MiB"
    )
    device_memory: _Size | None = Field(
        None,
        description="a device's memory for networks kept between jobs; in bytes, or as in 4 GiB; "
        "default: half",
    )
    worker_memory: (
        Annotated[_Bytes, Field(ge=2 * 2**30), _says("a size of at least 2 GiB, as in 4 GiB")] | None
    ) = Field(
        None,
        description="the computer's memory that a worker may take; in bytes, or as in 4 GiB, of which torch "
        "takes one or two by itself; pictures that need more are made smaller. Linux and Windows",
    )
    cancel_grace: float = Field(10.0, gt=0, description="seconds until a job that ignores cancel is ended")
    job_minutes: float = Field(60.0, gt=0, description="minutes that a job may be computed")
    minutes_by_effect: Annotated[
        dict[str, Annotated[float, Field(gt=0)]],
        BeforeValidator(_from_json),
        _says('minutes above 0 by effect, as in "nst.gatys" = 20, or {"nst.gatys": 20} in the environment'),
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
        tuple[Annotated[DailySpan, BeforeValidator(DailySpan.parse)], ...], BeforeValidator(_listed)
    ] = Field((), description='when nothing new is begun, in local time: ["22:00-07:00"]')
    programs: Annotated[tuple[Annotated[str, AfterValidator(_program)], ...], BeforeValidator(_listed)] = (
        Field((), description='while one of these runs, everything waits: ["blender", "game.exe"]')
    )
    look_seconds: float = Field(
        10.0, gt=0, description="seconds between two looks at the clock and at which programs run"
    )

    idle_minutes: float = Field(
        10.0, gt=0, description="minutes without work until the graphics card's memory is given back"
    )


class Settings(BaseSettings):
    """The settings of one instance."""

    model_config = SettingsConfigDict(
        env_prefix=_ENVIRONMENT,
        env_nested_delimiter=_BETWEEN,
        extra="forbid",
        enable_decoding=False,  # what is no JSON would be refused before a validator can say what to write
    )

    token: SecretStr | None = Field(None, description="the bot's token from @BotFather")
    token_file: Path | None = Field(None, description="a file that holds the token")
    owner: (
        Annotated[int, _says("your number in Telegram, which /id in the chat with the bot tells")] | None
    ) = Field(None, description="chat id for reports and errors")
    private: bool = Field(False, description="answer only people whom the owner has let in")
    allowed: Annotated[frozenset[_Person], BeforeValidator(_listed)] = Field(
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
        _says("auto, cpu, cuda:0 or cuda:0,cuda:1"),
    ] = "auto"
    welcome_picture: bool = Field(True, description="show whoever begins what the effects do to a picture")
    source_url: str | None = Field(None, description="where people find the program, shown under /about")
    developer: bool = Field(False, description="show the owner the details of their own jobs")
    stop_on_eof: bool = Field(False, description="end when standard input closes; for Windows services")
    log_level: Annotated[
        str, Field(pattern=r"^(DEBUG|INFO|WARNING|ERROR)$"), _says("DEBUG, INFO, WARNING or ERROR")
    ] = "INFO"
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

    Raises `ConfigurationError` that names each wrong key, where it was written and what to write.
    """
    path = config or Path(os.environ.get("IMPASTO_CONFIG", user_config_path("impasto") / "impasto.toml"))
    if config is not None and not config.is_file():
        raise ConfigurationError(f"there is no configuration file {config}")

    class FromFile(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    try:
        return FromFile(**overrides)
    except ValidationError as error:
        file = path if path.is_file() else None
        wrong = [
            _explained(detail, None if detail["loc"][0] in overrides else file) for detail in error.errors()
        ]
        raise ConfigurationError("; ".join(wrong)) from None
    except ValueError as error:  # tomllib.TOMLDecodeError among them
        raise ConfigurationError(f"{path}: {error}") from error


_WRITE = {
    "int": "write a whole number",
    "float": "write a number",
    "bool": "write true or false",
    "string": "write it in quotation marks",
    "path": "write a path in quotation marks",
    "model": "write the settings of this table one by one",
    "greater_than": "write a number above {gt:g}",
    "greater_than_equal": "write {ge:g} or more",
}
"""By pydantic's name of a mistake, or how that name begins."""


def _explained(mistake: ErrorDetails, file: Path | None) -> str:
    """Which setting is wrong, in the environment or else in `file`, and what to write."""
    keys = [part for part in mistake["loc"] if isinstance(part, str)]
    set_here = {name.upper() for name in os.environ}
    spelt = next(
        (name for n in range(len(keys), 0, -1) if (name := _variable(keys[:n])) in set_here),
        None,
    )
    if spelt is not None:
        place = f"{spelt} in the environment"
    else:
        place = ".".join(keys) + (f" in {file}" if file else "")
    kind, context = mistake["type"], mistake.get("ctx", {})
    if kind == "extra_forbidden":
        sentence = "there is no such setting"
        if meant := _meant(keys[-1]):
            sentence += f", did you mean {_variable(meant) if spelt else '.'.join(meant)}?"
    elif kind == "value_error":
        sentence = str(context["error"])
    else:
        known = _WRITE.get(kind) or _WRITE.get(kind.partition("_")[0])
        sentence = known.format(**context) if known else mistake["msg"]
    return f"{place}: {sentence}"


def _variable(keys: list[str]) -> str:
    return _ENVIRONMENT + _BETWEEN.join(keys).upper()


def _meant(name: str) -> list[str] | None:
    """The setting, of whichever table, that is spelt much like `name`."""
    known = {}
    for key, field in Settings.model_fields.items():
        known[key] = [key]
        known |= {inner: [key, inner] for inner in getattr(field.annotation, "model_fields", {})}
    close = get_close_matches(name.lower(), known, n=1, cutoff=0.7)
    return known[close[0]] if close else None
