"""A Telegram Bot API server on loopback with a chat page: the real bot, no token, no internet.

Knows nothing of Impasto's own bot: any Bot API client can be pointed at it.
"""

from impasto.sandbox.errors import Refusal
from impasto.sandbox.rates import Rates
from impasto.sandbox.server import Sandbox

__all__ = ["Rates", "Refusal", "Sandbox"]
