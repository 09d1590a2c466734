"""The 26 styles of the learnt network, in its order, named after what they look like."""

from __future__ import annotations

from impasto.effects import Choice, Text
from impasto.effects import text as _

_LOOKS: tuple[Text, ...] = (
    _("Pastel evening"),
    _("Yellow and ink"),
    _("Pale charcoal"),
    _("Bright shards"),
    _("Crimson shore"),
    _("Red autumn"),
    _("Indigo dots"),
    _("Burning sky"),
    _("Candy colours"),
    _("Red and teal"),
    _("Copper"),
    _("Gold etching"),
    _("Lilac mist"),
    _("Green fields"),
    _("Ice blue"),
    _("White mosaic"),
    _("Blue and olive"),
    _("Red weave"),
    _("Carved sand"),
    _("Starry blue"),
    _("Red lacquer"),
    _("Pop art"),
    _("Grey cubes"),
    _("Dark water"),
    _("Ink waves"),
    _("Brown strokes"),
)

STYLES = tuple(Choice(str(number), look) for number, look in enumerate(_LOOKS, start=1))
