"""The losses of Gatys et al. (2016), each layer's normalised by its target: one weight fits any network."""

from __future__ import annotations

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
class Targets:
    """What a picture is to have: the content's features, and the Gram matrices of the style's."""

    content: Features
    style: dict[str, torch.Tensor]


@dataclass(frozen=True, slots=True)
class Weighting:
    """How much each loss counts."""

    content: float
    style: float
    variation: float


def targets(network: PerceptualNetwork, content: torch.Tensor, style: torch.Tensor) -> Targets:
    """The targets of a content and a style image, each (1, 3, H, W) in [0, 1]."""
    with torch.no_grad():
        of_content, of_style = network(content), network(style)
    return Targets(
        {layer: of_content[layer] for layer in network.content_layers},
        {layer: gram_matrix(of_style[layer]) for layer in network.style_layers},
    )


def loss(
    network: PerceptualNetwork, image: torch.Tensor, wanted: Targets, weighting: Weighting
) -> torch.Tensor:
    """How far `image`, (1, 3, H, W) in [0, 1], is from what is wanted."""
    features = network(image)
    content = torch.stack(
        [_relative(features[layer], target) for layer, target in wanted.content.items()]
    ).mean()
    style = torch.stack(
        [_relative(gram_matrix(features[layer]), target) for layer, target in wanted.style.items()]
    ).mean()
    return (
        weighting.content * content + weighting.style * style + weighting.variation * total_variation(image)
    )


def _relative(value: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (value - target).square().mean() / (target.square().mean() + _TINY)
