"""The Bot API's methods that the sandbox carries out. Each takes the world and a checked call."""

from impasto.sandbox.methods import chats, editing, profile, sending, updates
from impasto.sandbox.methods.registry import METHODS, Call, Method

__all__ = ["METHODS", "Call", "Method", "chats", "editing", "profile", "sending", "updates"]
