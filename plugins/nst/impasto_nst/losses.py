"""The losses of Gatys et al. (2016), each layer's normalised by its target: one weight fits any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from impasto_nst.perceptual import Features, PerceptualNetwork

_TINY = 1e-8


def gram_matrix(features: torch.Tensor) -> torch.Tensor:
    """(1, C, H, W) to (C, C): how much the channels occur together, for each pixel on average."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def total_variation(image: torch.Tensor) -> torch.Tensor:
    """The mean squared difference of neighbouring pixels of (1, 3, H, W): it punishes noise."""
    across, down = image.diff(dim=-1), image.diff(dim=-2)
    return across.square().mean() + down.square().mean()


@dataclass(frozen=True, slots=True)
class Weighting:
    """How much each loss counts."""

    content: float
    style: float
    variation: float


@dataclass(frozen=True, slots=True)
class StyleTarget:
    """The Gram matrices of one style image by layer, and how much it counts among the others."""

    grams: dict[str, torch.Tensor]
    share: float


@dataclass(frozen=True, slots=True)
class Targets:
    """What a picture is to have: the content's features, and the Gram matrices of the styles."""

    content: Features
    styles: tuple[StyleTarget, ...]


@dataclass(frozen=True, slots=True)
class Losses:
    """How far a picture is from what is wanted: scalars, each before its weight."""

    content: torch.Tensor
    style: torch.Tensor
    variation: torch.Tensor

    def total(self, weighting: Weighting) -> torch.Tensor:
        """Their weighted sum."""
        return (
            weighting.content * self.content
            + weighting.style * self.style
            + weighting.variation * self.variation
        )


def targets(
    network: PerceptualNetwork, content: torch.Tensor, styles: Sequence[tuple[torch.Tensor, float]]
) -> Targets:
    """The targets of a content image and style images with their weights.

    Each image is (1, 3, H, W) in [0, 1]; the weights are not negative, and not all 0.
    """
    whole = sum(weight for _image, weight in styles)
    with torch.no_grad():
        of_content = network(content)
        of_styles = [
            (
                {layer: gram_matrix(features[layer]) for layer in network.style_layers},
                weight / whole,
            )
            for features, weight in ((network(image), weight) for image, weight in styles if weight)
        ]
    return Targets(
        {layer: of_content[layer] for layer in network.content_layers},
        tuple(StyleTarget(grams, share) for grams, share in of_styles),
    )


def losses(network: PerceptualNetwork, image: torch.Tensor, wanted: Targets) -> Losses:
    """How far `image`, (1, 3, H, W) in [0, 1], is from what is wanted."""
    features = network(image)
    content = torch.stack(
        [_relative(features[layer], target) for layer, target in wanted.content.items()]
    ).mean()
    grams = {layer: gram_matrix(features[layer]) for layer in network.style_layers}
    style = torch.stack(
        [
            target.share * _relative(grams[layer], gram)
            for target in wanted.styles
            for layer, gram in target.grams.items()
        ]
    ).sum() / len(grams)
    return Losses(content, style, total_variation(image))


def _relative(value: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (value - target).square().mean() / (target.square().mean() + _TINY)
