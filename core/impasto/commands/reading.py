"""What every command starts with: the configuration, and the language of whoever sits at the terminal."""

from __future__ import annotations

import os
from pathlib import Path

import click

from impasto.config import Settings
from impasto.i18n import Language, Languages, shipped_locales
from impasto.plugins import Plugins

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The TOML file with the settings, instead of the usual one.",
)


def reader(settings: Settings, plugins: Plugins) -> Language:
    """The language of the terminal."""
    code = (os.environ.get("LC_ALL") or os.environ.get("LANG") or "en").partition(".")[0]
    return Languages([shipped_locales(settings.locales_dir), *plugins.locales]).get(code)
