"""Telegram's flood limits as token buckets: too many messages are answered with 429 and a time to wait."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from impasto.sandbox.errors import Refused


@dataclass(frozen=True, slots=True)
class Rates:
    """How many messages a bot may send or edit.

    Telegram documents about 30 messages a second in all, about one a second in one chat, "short bursts"
    allowed, and 20 a minute in one group (core.telegram.org/bots/faq); how long a burst may be it does not
    say.
    """

    overall_per_second: float = 30.0
    chat_per_second: float = 1.0
    chat_burst: int = 20
    group_per_minute: float = 20.0


@dataclass(slots=True)
class _Bucket:
    """Fills with `rate` tokens a second up to `size`."""

    rate: float
    size: float
    tokens: float
    filled_at: float

    def missing(self, cost: float, now: float) -> float:
        """How many tokens are missing for `cost`, after filling up to `now`."""
        self.tokens = min(self.size, self.tokens + (now - self.filled_at) * self.rate)
        self.filled_at = now
        return max(0.0, cost - self.tokens)


class RateLimiter:
    """Counts what the bot sends against `rates`."""

    def __init__(self, rates: Rates) -> None:
        self._rates = rates
        self._overall = self._bucket(rates.overall_per_second, rates.overall_per_second)
        self._chats: dict[int, _Bucket] = {}
        self.throttled = 0

    @staticmethod
    def _bucket(rate: float, size: float) -> _Bucket:
        return _Bucket(rate, size, size, time.monotonic())

    def _chat_bucket(self, chat_id: int) -> _Bucket:
        rates = self._rates
        if chat_id < 0:
            return self._bucket(rates.group_per_minute / 60, rates.group_per_minute)
        return self._bucket(rates.chat_per_second, rates.chat_burst)

    def spend(self, chat_id: int, messages: int = 1) -> None:
        """Take `messages` from both buckets. Raises `Refused` (429) and takes nothing if one lacks them."""
        now = time.monotonic()
        chat = self._chats.get(chat_id)
        if chat is None:
            chat = self._chats[chat_id] = self._chat_bucket(chat_id)
        wait = max(bucket.missing(messages, now) / bucket.rate for bucket in (self._overall, chat))
        if wait > 0:
            self.throttled += 1
            seconds = math.ceil(wait)
            raise Refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        for bucket in (self._overall, chat):
            bucket.tokens -= messages
