"""The ResNet generator of CycleGAN (Zhu et al. 2017, after Johnson et al. 2016), built to fit its weights.

Names are those of the published checkpoints, model.N.…; features, number of blocks, kind of norm, and whether
convolutions have biases, follow from the weights.
"""

from __future__ import annotations

from impasto_cyclegan.layers import Convolution, Norm, StateDict, WrongWeights
from impasto_cyclegan.maps import Convolved, FeatureMap, Rectified, Tanh
from impasto_cyclegan.stripes import Run

_FIRST_BLOCK = 10

_Layer = tuple[Convolution, Norm]


class ResnetGenerator:
    """(1, 3, H, W) in [-1, 1] to the same; H and W multiples of 4, at least 16.

    Raises `WrongWeights` where `state` is of another network.
    """

    multiple = 4
    margin = 16
    """It pads with zeros where it halves and doubles, which colours the outermost pixels, in vintage by 8 to
    12 of 255 in the mean; with this margin by 3 to 4. In full size it drew a line that one saw."""

    side = 512
    """Pixels of a photo's longer side that it does well with: it was trained on parts of 256 × 256."""

    def __init__(self, state: StateDict) -> None:
        n = state.shape("model.1.weight")[0]
        self._start = _layer(state, "model", 1, (3, n, 7), padding=3, reflect=True)
        self._down = [
            _layer(state, "model", place, (inputs, 2 * inputs, 3), stride=2, padding=1)
            for place, inputs in ((4, n), (7, 2 * n))
        ]
        self._blocks: list[tuple[_Layer, _Layer]] = []
        at = _FIRST_BLOCK
        while f"model.{at}.conv_block.1.weight" in state:
            self._blocks.append(_block(state, f"model.{at}.conv_block", 4 * n))
            at += 1
        if not self._blocks:
            raise WrongWeights(f"model.{_FIRST_BLOCK}.conv_block.1.weight is missing")
        self._up = [
            _layer(state, "model", place, (inputs, inputs // 2, 3), stride=2, padding=1, transposed=True)
            for place, inputs in ((at, 4 * n), (at + 3, 2 * n))
        ]
        self._end = state.convolution(f"model.{at + 7}", n, 3, 7, padding=3, reflect=True)
        self.kept_per_pixel = 3 * 4 * n // 16
        """Elements in memory for each pixel: three maps of a quarter of the height and width."""

    def translate(self, picture: FeatureMap, run: Run) -> FeatureMap:
        """The picture translated. Of full size nothing is kept: it is quickly computed again."""

        def normalised(source: FeatureMap, layer: _Layer, *, keep: bool = True) -> FeatureMap:
            convolution, norm = layer
            made = Convolved(source, convolution)
            return run.normalised(run.kept(made) if keep else made, norm)

        features = Rectified(normalised(picture, self._start, keep=False))
        for down in self._down:
            features = Rectified(normalised(features, down))
        x = run.kept(features)
        del features
        for first, second in self._blocks:
            x = run.added(x, normalised(Rectified(normalised(x, first)), second))
        half, full = self._up
        features = Rectified(normalised(x, half))
        del x
        features = Rectified(normalised(features, full, keep=False))
        return Tanh(Convolved(features, self._end))


def _block(state: StateDict, name: str, features: int) -> tuple[_Layer, _Layer]:
    """The two layers of a residual block; dropout between them, where there is, moves the second."""
    moved = f"{name}.6.weight" in state and len(state.shape(f"{name}.6.weight")) == 4
    first, second = (
        _layer(state, name, place, (features, features, 3), padding=1, reflect=True)
        for place in (1, 6 if moved else 5)
    )
    return first, second


def _layer(
    state: StateDict,
    name: str,
    place: int,
    shape: tuple[int, int, int],
    *,
    stride: int = 1,
    padding: int = 0,
    reflect: bool = False,
    transposed: bool = False,
) -> _Layer:
    inputs, outputs, kernel = shape
    convolution = state.convolution(
        f"{name}.{place}",
        inputs,
        outputs,
        kernel,
        stride=stride,
        padding=padding,
        reflect=reflect,
        transposed=transposed,
    )
    return convolution, state.norm(f"{name}.{place + 1}", outputs)
