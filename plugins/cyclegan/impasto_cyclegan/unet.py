"""The U-Net generator of pix2pix (Isola et al. 2017), built to fit its weights.

Names are those of the published checkpoints: blocks nested in each other, model.model.0 the outermost's
convolution, model.model.1.model.… what it holds. Depth (7 for unet_128, 8 for unet_256), features and kind of
norm follow from the weights. Dropout, which the published test leaves on, is off: a picture gives one result.
"""

from __future__ import annotations

from dataclasses import dataclass

from impasto_cyclegan.layers import Convolution, Norm, StateDict
from impasto_cyclegan.maps import Convolved, FeatureMap, Joined, Rectified, Tanh
from impasto_cyclegan.stripes import Run

_SLOPE = 0.2


@dataclass(frozen=True, slots=True)
class _Level:
    """What halves height and width and what doubles them again."""

    down: Convolution
    down_norm: Norm | None
    up: Convolution
    up_norm: Norm | None


class UnetGenerator:
    """(1, 3, H, W) in [-1, 1] to the same; H and W multiples of `multiple`, two to the power of its depth.

    Raises `WrongWeights` where `state` is of another network.
    """

    margin = 0
    """One would double what is computed of a picture of 256 × 256."""

    side = 256
    """Pixels of a picture's longer side that it does well with: that of its training."""

    def __init__(self, state: StateDict) -> None:
        self._levels: list[_Level] = []
        name, inputs, outputs = "model.model", 3, 3
        while True:
            outermost = not self._levels
            innermost = not outermost and not state.has_part(f"{name}.3.model")
            down, up = (0, 3) if outermost else (1, 3) if innermost else (1, 5)
            features = state.shape(f"{name}.{down}.weight")[0]
            self._levels.append(
                _Level(
                    _halving(state, f"{name}.{down}", inputs, features),
                    None if outermost or innermost else state.norm(f"{name}.{down + 1}", features),
                    _doubling(state, f"{name}.{up}", features * (1 if innermost else 2), outputs),
                    None if outermost else state.norm(f"{name}.{up + 1}", outputs),
                )
            )
            if innermost:
                break
            name, inputs, outputs = f"{name}.{1 if outermost else 3}.model", features, features
        self.multiple = 2 ** len(self._levels)
        # what is kept going down, and the map in the making at the top: it and the one below
        sizes = [level.down.outputs / 4**depth for depth, level in enumerate(self._levels, start=1)]
        self.kept_per_pixel = int(sum(sizes) + sizes[0] + sizes[1]) + 1

    def translate(self, picture: FeatureMap, run: Run) -> FeatureMap:
        """The picture translated."""
        skips: list[FeatureMap] = []
        features = picture
        for level in self._levels:
            source = Rectified(features, _SLOPE) if skips else features
            made = run.kept(Convolved(source, level.down))
            features = _normalised(made, level.down_norm, run)
            skips.append(features)
        features = skips.pop()
        for level in reversed(self._levels[1:]):
            made = run.kept(Convolved(Rectified(features), level.up))
            features = Joined(skips.pop(), _normalised(made, level.up_norm, run))
        return Tanh(Convolved(Rectified(features), self._levels[0].up))


def _normalised(source: FeatureMap, norm: Norm | None, run: Run) -> FeatureMap:
    return source if norm is None else run.normalised(source, norm)


def _halving(state: StateDict, name: str, inputs: int, outputs: int) -> Convolution:
    return state.convolution(name, inputs, outputs, 4, stride=2, padding=1)


def _doubling(state: StateDict, name: str, inputs: int, outputs: int) -> Convolution:
    return state.convolution(name, inputs, outputs, 4, stride=2, padding=1, transposed=True)
