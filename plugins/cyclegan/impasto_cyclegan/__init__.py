"""Unpaired image-to-image translation by CycleGAN (Zhu et al. 2017). Data only; imports no torch."""

from __future__ import annotations

from impasto.effects import Category, Choice, ChoiceOption, Effect, ImageSlot, Weights, hookimpl, verbatim
from impasto.effects import text as _

_VINTAGE = Weights(
    "cyclegan-vintage",
    _("Modern photo to vintage photo"),
    ("package:vintagify/resources/G_A2B_epoch33.pth",),
    45_588_424,
    "MIT",
)


@hookimpl
def impasto_effects() -> list[Effect]:
    """One effect for each translation."""
    return [
        Effect(
            id="cyclegan.vintage",
            title=_("Vintage photo"),
            description=_("Gives a modern photo the warm, faded look of an old album."),
            category=Category.TRANSLATE,
            processor="impasto_cyclegan.processors:Vintage",
            slots=(ImageSlot("content", _("Photo"), _("Send the photo that shall look old.")),),
            options=(
                ChoiceOption(
                    "size",
                    _("Detail"),
                    tuple(Choice(side, verbatim(f"{side} px")) for side in ("512", "768", "1024")),
                    "512",
                ),
            ),
            weights=(_VINTAGE.name,),
            emoji="📷",
        )
    ]


@hookimpl
def impasto_weights() -> list[Weights]:
    """Weights that come with the package vintagify."""
    return [_VINTAGE]
