"""The configuration of an instance."""

from impasto.config.settings import ConfigurationError, Settings, load_settings
from impasto.config.tables import GuestSettings, Limits, TelegramSettings

__all__ = ["ConfigurationError", "GuestSettings", "Limits", "Settings", "TelegramSettings", "load_settings"]
