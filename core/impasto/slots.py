"""Pictures in order to the slots of an effect: the same rule in the chat and on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from impasto.effects import Effect, ImageSlot, Option, OptionValue, WhenChanged, WhenPictures

Picture = TypeVar("Picture")


def takes_one(effect: Effect) -> bool:
    """Whether the effect takes a single picture, so that several pictures are several jobs."""
    return len(effect.slots) == 1 and effect.slots[0].maximum == 1


def missing_slot(effect: Effect, count: int) -> ImageSlot | None:
    """The first slot that `count` pictures in order leave without its minimum."""
    for slot in effect.slots:
        if count < slot.minimum:
            return slot
        count -= slot.minimum
    return None


def open_slot(effect: Effect, count: int) -> ImageSlot | None:
    """The slot that takes one more picture after `count`: one that lacks it, or the last with room."""
    return missing_slot(effect, count) or (effect.slots[-1] if fits(effect, count + 1) else None)


def shown(effect: Effect, option: Option, chosen: Mapping[str, OptionValue], count: int) -> bool:
    """Whether an option has a meaning with these choices and so many pictures."""
    match option.when:
        case WhenChanged(other):
            return chosen.get(other) != effect.option(other).default
        case WhenPictures(slot, needed):
            filled = fill(effect, range(count)) if missing_slot(effect, count) is None else []
            return bool(filled) and len(filled[0][slot]) >= needed
        case None:
            return True


def fits(effect: Effect, count: int) -> bool:
    """Whether so many pictures are not too many for the effect."""
    return takes_one(effect) or count <= sum(slot.maximum for slot in effect.slots)


def fill(effect: Effect, pictures: Sequence[Picture]) -> list[dict[str, list[Picture]]]:
    """The pictures by slot: of one job, or of one job each where the effect takes one.

    Slots are filled in order, each as far as the later ones leave it. Raises `ValueError` where pictures are
    missing or too many.
    """
    if missing_slot(effect, len(pictures)) is not None or not fits(effect, len(pictures)):
        raise ValueError(f"{len(pictures)} pictures do not fill the slots of {effect.id}")
    if takes_one(effect):
        return [{effect.slots[0].name: [picture]} for picture in pictures]
    filled: dict[str, list[Picture]] = {}
    rest = list(pictures)
    for place, slot in enumerate(effect.slots):
        for_others = sum(later.minimum for later in effect.slots[place + 1 :])
        take = min(slot.maximum, len(rest) - for_others)
        filled[slot.name], rest = rest[:take], rest[take:]
    return [filled]
