"""The option "Detail": how large a network sees a picture. Data only; imports no torch."""

from __future__ import annotations

from impasto.effects import Choice, ChoiceOption
from impasto.effects import text as _

FULL = "full"
"""The picture as large as it is, as far as memory goes."""

USUAL = "usual"
"""The size that suits the kind of network."""

_SIDES = (512, 768, 1024)
_FULL = Choice(FULL, _("Full size (slow)"))


def detail(default: int) -> ChoiceOption:
    """Numbers of pixels of the longer side, `default` among them, and "full"."""
    return _option(*_sides(default), default=str(default))


def own_detail(default: int | None) -> ChoiceOption:
    """The same for a network that the owner brought, with "usual" where the owner names no size."""
    if default is None:
        return _option(Choice(USUAL, _("Usual")), *_sides(256), default=USUAL)
    return _option(*_sides(256, default), default=str(default))


def _sides(*more: int) -> list[Choice]:
    return [Choice(str(side), _("{side} px")(side=str(side))) for side in sorted({*_SIDES, *more})]


def _option(*choices: Choice, default: str) -> ChoiceOption:
    return ChoiceOption("size", _("Detail"), (*choices, _FULL), default)
