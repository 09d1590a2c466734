"""The effects of published CycleGAN networks (Zhu et al. 2017). Data only; imports no torch."""

from __future__ import annotations

from impasto.effects import Category, Effect, ImageSlot, Text, Weights
from impasto.effects import text as _
from impasto_cyclegan.detail import detail

_DOWNLOADS = "http://efrosgans.eecs.berkeley.edu/cyclegan/pretrained_models"


def _effect(key: str, emoji: str, title: Text, description: Text, prompt: Text) -> Effect:
    return Effect(
        id=f"cyclegan.{key}",
        title=title,
        description=description,
        category=Category.TRANSLATE,
        processor="impasto_cyclegan.processors:Translation",
        slots=(ImageSlot("content", _("Photo"), prompt),),
        options=(detail(512),),
        weights=(f"cyclegan-{key}",),
        emoji=emoji,
        command=key.removeprefix("photo-to-").replace("-", "_"),
    )


def _download(key: str, checkpoint: str, purpose: Text) -> Weights:
    """11.4 million parameters, of which half precision is kept."""
    return Weights(
        f"cyclegan-{key}",
        purpose,
        (f"file:cyclegan-{key}.safetensors", f"{_DOWNLOADS}/{checkpoint}.pth"),
        45_600_000,
        "BSD-2-Clause",
        convert="impasto_cyclegan.checkpoints:to_safetensors",
    )


EFFECTS = (
    _effect(
        "vintage",
        "📷",
        _("Vintage photo"),
        _("Makes a photo look as if taken on film decades ago: softer contrast, aged colours, fine grain."),
        _("Send the photo that shall look old."),
    ),
    _effect(
        "summer-to-winter",
        "❄️",
        _("Summer to winter"),
        _("Puts snow and cold light over a summer landscape. Best with mountains, woods and meadows."),
        _("Send a photo of a landscape in summer."),
    ),
    _effect(
        "winter-to-summer",
        "🌞",
        _("Winter to summer"),
        _("Melts the snow of a winter landscape and makes it green. Best with mountains and woods."),
        _("Send a photo of a landscape in winter."),
    ),
    _effect(
        "horse-to-zebra",
        "🦓",
        _("Horse to zebra"),
        _("Gives the horses in a photo the stripes of zebras. Best with whole horses on grass."),
        _("Send a photo of a horse."),
    ),
    _effect(
        "zebra-to-horse",
        "🐴",
        _("Zebra to horse"),
        _("Takes the stripes from the zebras in a photo and makes them brown horses."),
        _("Send a photo of a zebra."),
    ),
    _effect(
        "photo-to-monet",
        "🪷",
        _("Monet"),
        _("Turns a photo into a painting in the manner of Claude Monet. Best with landscapes."),
        _("Send the photo to paint."),
    ),
    _effect(
        "photo-to-van-gogh",
        "🌻",
        _("Van Gogh"),
        _("Turns a photo into a painting in the manner of Vincent van Gogh. Best with landscapes."),
        _("Send the photo to paint."),
    ),
    _effect(
        "photo-to-cezanne",
        "🍎",
        _("Cézanne"),
        _("Turns a photo into a painting in the manner of Paul Cézanne. Best with landscapes."),
        _("Send the photo to paint."),
    ),
    _effect(
        "photo-to-ukiyo-e",
        "🌊",
        _("Japanese woodblock print"),
        _("Turns a photo into a Japanese woodblock print, an ukiyo-e. Best with landscapes."),
        _("Send the photo to paint."),
    ),
)

WEIGHTS = (
    Weights(
        "cyclegan-vintage",
        _("Modern photo to vintage photo"),
        ("package:vintagify/resources/G_A2B_epoch33.pth",),
        45_588_424,
        "MIT",
    ),
    _download("summer-to-winter", "summer2winter_yosemite", _("Summer to winter")),
    _download("winter-to-summer", "winter2summer_yosemite", _("Winter to summer")),
    _download("horse-to-zebra", "horse2zebra", _("Horse to zebra")),
    _download("zebra-to-horse", "zebra2horse", _("Zebra to horse")),
    _download("photo-to-monet", "style_monet", _("Monet")),
    _download("photo-to-van-gogh", "style_vangogh", _("Van Gogh")),
    _download("photo-to-cezanne", "style_cezanne", _("Cézanne")),
    _download("photo-to-ukiyo-e", "style_ukiyoe", _("Japanese woodblock print")),
)
