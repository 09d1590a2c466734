"""Engines run tasks on devices; the core hands them tasks and gets events back."""
