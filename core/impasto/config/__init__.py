"""The configuration of an instance."""

from impasto.config.settings import ConfigurationError, Settings, load_settings
from impasto.config.tables import GuestSettings, Limits, MetricsSettings, TelegramSettings, WebhookSettings

__all__ = [
    "ConfigurationError",
    "GuestSettings",
    "Limits",
    "MetricsSettings",
    "Settings",
    "TelegramSettings",
    "WebhookSettings",
    "load_settings",
]
