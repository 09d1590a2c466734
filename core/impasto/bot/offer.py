"""What the dialogue chooses from, as it sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from impasto.effects import Effect, Weights
from impasto.gallery.paintings import Painting
from impasto.jobs.model import PictureRef


class Offer(Protocol):
    """What the bot can do, which changes when weights are downloaded."""

    @property
    def weights(self) -> Mapping[str, Weights]:
        """All weights by name."""

    def offered(self) -> Sequence[Effect]:
        """The effects that can be used, as menus show them."""

    def downloadable(self) -> Sequence[Effect]:
        """Those whose weights can be had."""

    def missing(self, effect: Effect) -> Sequence[Weights]:
        """The weights that an effect lacks."""


class Paintings(Protocol):
    """The gallery that styles can be chosen from."""

    def paintings(self) -> Sequence[Painting]:
        """All of them."""

    def of(self, ref: PictureRef) -> Painting | None:
        """The painting that a picture is."""


def find(offer: Offer, effect_id: str | None) -> Effect | None:
    """The effect of that id, if it can be used."""
    return next((effect for effect in offer.offered() if effect.id == effect_id), None)


def deep_link(effect: Effect) -> str:
    """The effect in a link t.me/BOT?start=…, which takes no dots: "nst_learnt"."""
    return effect.id.replace(".", "_")
