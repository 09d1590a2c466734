"""Impasto: a Telegram image studio for your own desktop and its GPU. Imports no torch."""

__version__ = "0.1.0"
