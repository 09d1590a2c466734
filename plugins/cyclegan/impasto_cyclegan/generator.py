"""The ResNet generator of CycleGAN (Zhu et al. 2017, after Johnson et al. 2016), built to fit its weights.

Keys are those of the published checkpoints, model.N.…; how many blocks it has, whether its norms are affine
or track statistics, and whether its convolutions have biases, follows from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn

_FIRST_BLOCK = 10

MULTIPLE = 4
"""Height and width are halved twice."""


class WrongWeights(Exception):
    """The state dict is not that of a ResNet generator."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """What the weights say of the network."""

    features: int
    blocks: int
    bias: bool
    affine: bool
    tracked: bool

    def convolution(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0
    ) -> nn.Module:
        return nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=self.bias)

    def norm(self, features: int) -> nn.Module:
        return nn.InstanceNorm2d(features, affine=self.affine, track_running_stats=self.tracked)


class _ResnetBlock(nn.Module):
    """x + f(x), with reflection padding, two 3 × 3 convolutions and instance norms."""

    def __init__(self, kind: _Kind, features: int, second: int) -> None:
        super().__init__()
        layers = [
            nn.ReflectionPad2d(1),
            kind.convolution(features, features, 3),
            kind.norm(features),
            nn.ReLU(inplace=True),
            *[nn.Identity() for _dropout in range(second - 5)],
            nn.ReflectionPad2d(1),
            kind.convolution(features, features, 3),
            kind.norm(features),
        ]
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv_block(x)  # type: ignore[no-any-return]


class ResnetGenerator(nn.Module):
    """(N, 3, H, W) in [-1, 1] to the same; H and W multiples of 4, at least 8."""

    def __init__(self, kind: _Kind, second: int) -> None:
        super().__init__()
        n = kind.features
        layers = [nn.ReflectionPad2d(3), kind.convolution(3, n, 7), kind.norm(n), nn.ReLU(inplace=True)]
        for inputs in (n, 2 * n):
            layers += [
                kind.convolution(inputs, 2 * inputs, 3, stride=2, padding=1),
                kind.norm(2 * inputs),
                nn.ReLU(inplace=True),
            ]
        layers += [_ResnetBlock(kind, 4 * n, second) for _block in range(kind.blocks)]
        for inputs in (4 * n, 2 * n):
            layers += [
                nn.ConvTranspose2d(
                    inputs, inputs // 2, 3, stride=2, padding=1, output_padding=1, bias=kind.bias
                ),
                kind.norm(inputs // 2),
                nn.ReLU(inplace=True),
            ]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(n, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Translate."""
        return self.model(x)  # type: ignore[no-any-return]


def generator_for(state: Mapping[str, torch.Tensor]) -> ResnetGenerator:
    """The generator with the weights `state`, ready for use. Raises `WrongWeights`."""
    state = {_published_name(key): value for key, value in state.items()}
    blocks = {int(match[1]) for key in state if (match := re.match(r"model\.(\d+)\.conv_block\.", key))}
    if "model.1.weight" not in state or not blocks or min(blocks) != _FIRST_BLOCK:
        raise WrongWeights(
            "the keys are not those of a ResNet generator (model.1.weight, model.10.conv_block…)"
        )
    convolutions = [
        int(match[1])
        for key, value in state.items()
        if (match := re.match(rf"model\.{_FIRST_BLOCK}\.conv_block\.(\d+)\.weight", key)) and value.dim() == 4
    ]
    kind = _Kind(
        features=state["model.1.weight"].shape[0],
        blocks=len(blocks),
        bias="model.1.bias" in state,
        affine="model.2.weight" in state,
        tracked="model.2.running_mean" in state,
    )
    generator = ResnetGenerator(kind, second=max(convolutions))
    try:
        generator.load_state_dict(state)
    except RuntimeError as error:
        raise WrongWeights(str(error)) from error
    for module in generator.modules():
        if isinstance(module, nn.InstanceNorm2d):
            # published networks are run in training mode: statistics of the picture, never the tracked ones
            module.track_running_stats = False
            module.running_mean = module.running_var = None
    return generator.eval().requires_grad_(False)


def _published_name(key: str) -> str:
    """`key` under its published name; DataParallel's prefix and vintagify's name of a block are known."""
    return key.removeprefix("module.").replace(".block.", ".conv_block.")
