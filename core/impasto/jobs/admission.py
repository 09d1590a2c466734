"""Admission: whether an order is accepted now, by what its user and all together have waiting already."""

from __future__ import annotations

import time

from impasto.config import Limits
from impasto.effects import EffectError
from impasto.jobs.model import JobOrder
from impasto.jobs.store import JobStore
from impasto.text import plural
from impasto.text import text as _

_DAY = 24 * 3600.0


class Refused(EffectError):
    """An order that is not accepted now; the message says why."""


class Admission:
    """Holds orders against `limits`."""

    def __init__(self, store: JobStore, limits: Limits) -> None:
        self._store, self._limits = store, limits

    def check(self, order: JobOrder) -> None:
        """Raise `Refused` where a limit is met."""
        own = self._store.unfinished(order.user_id)
        if len(own) >= self._limits.jobs_per_user:
            raise Refused(
                plural(
                    "You have {n} picture waiting already. Please wait for it, or cancel it.",
                    "You have {n} pictures waiting already. Please wait for one, or cancel one.",
                    len(own),
                )
            )
        if len(self._store.unfinished()) >= self._limits.jobs_in_all:
            raise Refused(_("So many people are here just now that I can't take more. Try again later."))
        self._check_share(order)

    def _check_share(self, order: JobOrder) -> None:
        share = self._limits.megapixels_per_day
        if share is None:
            return
        new = sum(ref.width * ref.height for refs in order.pictures.values() for ref in refs)
        used = self._store.pixels_since(order.user_id, time.time() - _DAY)
        if used + new > share * 1e6:
            raise Refused(
                _(
                    "That would be more than your share of this computer, {limit} megapixels in 24 hours. "
                    "Please come back later, or send a smaller picture."
                )(limit=share)
            )
