"""The generators of CycleGAN and pix2pix against plain networks of the same names, whole and in stripes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import pytest
import torch
from torch import nn

from impasto_cyclegan.generator import generator_for
from impasto_cyclegan.layers import WrongWeights
from impasto_cyclegan.maps import Kept
from impasto_cyclegan.stripes import Stripes

Norm = Callable[[int], nn.Module]

NORMS: dict[str, Norm] = {
    "instance": nn.InstanceNorm2d,
    "affine instance": functools.partial(nn.InstanceNorm2d, affine=True),
    "batch": nn.BatchNorm2d,
}

CPU = torch.device("cpu")
WHOLE = 2**40


class PlainResnet(nn.Module):
    """The generator of CycleGAN, as its paper and the names in its checkpoints say, with 8 features."""

    def __init__(self, norm: Norm, blocks: int, dropout: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(3, 8, 7), norm(8), nn.ReLU()]
        for n in (8, 16):
            layers += [nn.Conv2d(n, 2 * n, 3, stride=2, padding=1), norm(2 * n), nn.ReLU()]
        layers += [PlainBlock(norm, dropout) for _ in range(blocks)]
        for n in (32, 16):
            up = nn.ConvTranspose2d(n, n // 2, 3, stride=2, padding=1, output_padding=1)
            layers += [up, norm(n // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(8, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.model(x)
        return made


class PlainBlock(nn.Module):
    def __init__(self, norm: Norm, dropout: bool) -> None:
        super().__init__()
        first = [nn.ReflectionPad2d(1), nn.Conv2d(32, 32, 3), norm(32), nn.ReLU()]
        second = [nn.ReflectionPad2d(1), nn.Conv2d(32, 32, 3), norm(32)]
        self.conv_block = nn.Sequential(*first, *[nn.Dropout(0.5)] * dropout, *second)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = x + self.conv_block(x)
        return made


class PlainUnetBlock(nn.Module):
    """A level of the generator of pix2pix, with the levels below in it."""

    def __init__(self, norm: Norm, widths: list[int], outputs: int, inputs: int, outermost: bool) -> None:
        super().__init__()
        n, below = widths[0], widths[1:]
        bias = norm is not nn.BatchNorm2d
        down = nn.Conv2d(inputs, n, 4, stride=2, padding=1, bias=bias)
        joined = n if not below else 2 * n
        up = nn.ConvTranspose2d(joined, outputs, 4, stride=2, padding=1, bias=bias or outermost)
        inner = [PlainUnetBlock(norm, below, n, n, outermost=False)] if below else []
        if outermost:
            layers = [down, *inner, nn.ReLU(), up, nn.Tanh()]
        elif below:
            dropout = [nn.Dropout(0.5)] if n == widths[-1] else []
            around = [nn.LeakyReLU(0.2), down, norm(n)], [nn.ReLU(), up, norm(outputs), *dropout]
            layers = [*around[0], *inner, *around[1]]
        else:
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, norm(outputs)]
        self.model = nn.Sequential(*layers)
        self._outermost = outermost

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.model(x)
        return made if self._outermost else torch.cat((x, made), dim=1)


class PlainUnet(nn.Module):
    def __init__(self, norm: Norm, depth: int) -> None:
        super().__init__()
        widths = [4, 8, 12, *[16] * (depth - 3)]
        self.model = PlainUnetBlock(norm, widths, 3, 3, outermost=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.model(x)
        return made


def trained(network: nn.Module, side: int = 64) -> nn.Module:
    """`network` with statistics of pictures in its batch norms, and out of training."""
    torch.manual_seed(3)
    for parameter in network.parameters():
        nn.init.normal_(parameter, 0.0 if parameter.dim() > 1 else 0.5, 0.2)
    network.train()
    network(torch.rand(2, 3, side, side) * 2 - 1)
    return network.eval()


def translated(
    state: Mapping[str, torch.Tensor], pixels: torch.Tensor, elements: int = WHOLE
) -> torch.Tensor:
    """`pixels` by the generator with the weights `state`, in stripes with tensors of so many elements."""
    stripes = Stripes(CPU, torch.float32, CPU, elements, lambda _multiplications: None)
    picture = Kept(pixels, CPU, torch.float32)
    with torch.inference_mode():
        return stripes.kept(generator_for(state).translate(picture, stripes)).tensor


def pixels(height: int, width: int) -> torch.Tensor:
    """Noise that is brighter to one side and has a dark corner: statistics differ from place to place."""
    torch.manual_seed(5)
    made = torch.rand(1, 3, height, width) * torch.linspace(0.2, 2, height)[:, None] - 1
    made[..., : height // 3, : width // 3] = -1
    return made.clamp(-1, 1)


@pytest.mark.parametrize("blocks", [6, 9])
@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("dropout", [False, True])
@torch.inference_mode()
def test_a_resnet_gives_what_the_plain_network_gives(blocks: int, norm: str, dropout: bool) -> None:
    plain = trained(PlainResnet(NORMS[norm], blocks, dropout))
    picture = pixels(48, 72)
    torch.testing.assert_close(translated(plain.state_dict(), picture), plain(picture), atol=1e-4, rtol=0)


@pytest.mark.parametrize("depth", [7, 8])
@pytest.mark.parametrize("norm", ["instance", "batch"])
@torch.inference_mode()
def test_a_unet_gives_what_the_plain_network_gives(depth: int, norm: str) -> None:
    side = 2**depth
    plain = trained(PlainUnet(NORMS[norm], depth), side)
    picture = pixels(2 * side, side)
    torch.testing.assert_close(translated(plain.state_dict(), picture), plain(picture), atol=1e-4, rtol=0)
    assert generator_for(plain.state_dict()).multiple == side


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("elements", [100_000, 3_000, 1])
def test_stripes_differ_from_the_whole_by_no_more_than_rounding(norm: str, elements: int) -> None:
    networks = (PlainResnet(NORMS[norm], 6), pixels(196, 60)), (PlainUnet(NORMS[norm], 7), pixels(256, 128))
    for network, picture in networks:
        state = trained(network, 128).state_dict()
        apart = (translated(state, picture, elements) - translated(state, picture)).abs() * 127.5
        assert apart.max() < 0.05, "of 255"


def test_parts_with_statistics_of_their_own_would_differ_much_more() -> None:
    state = trained(PlainResnet(nn.InstanceNorm2d, 6)).state_dict()
    picture = pixels(192, 60)
    parts = torch.cat([translated(state, part) for part in picture.split(64, dim=2)], dim=2)
    assert ((parts - translated(state, picture)).abs() * 127.5).mean() > 5, "of 255"


def test_what_old_files_hold_besides_does_not_matter() -> None:
    plain = trained(PlainResnet(nn.InstanceNorm2d, 6))
    old = {f"module.{key}": value for key, value in plain.state_dict().items()}
    for name, module in plain.named_modules():
        if isinstance(module, nn.InstanceNorm2d):
            old[f"module.{name}.running_mean"] = torch.full((module.num_features,), 9.0)
            old[f"module.{name}.running_var"] = torch.full((module.num_features,), 9.0)
            old[f"module.{name}.num_batches_tracked"] = torch.tensor(0)
    picture = pixels(32, 40)
    torch.testing.assert_close(translated(old, picture), plain(picture), atol=1e-4, rtol=0)


@pytest.mark.parametrize("change", ["another net", "a lost key", "another shape", "a key too many", "grey"])
@pytest.mark.parametrize("kind", ["resnet", "unet"])
def test_weights_of_another_network_are_refused(change: str, kind: str) -> None:
    network = PlainResnet(nn.InstanceNorm2d, 6) if kind == "resnet" else PlainUnet(nn.BatchNorm2d, 7)
    state = dict(network.state_dict())
    first = "model.1.weight" if kind == "resnet" else "model.model.0.weight"
    last = list(state)[-2]
    if change == "another net":
        state = dict(nn.Linear(2, 2).state_dict())
    elif change == "a lost key":
        del state[last]
    elif change == "another shape":
        state[last] = torch.zeros(1)
    elif change == "a key too many":
        state["model.99.weight"] = torch.zeros(1)
    else:
        state[first] = state[first][:, :1]
    with pytest.raises(WrongWeights):
        generator_for(state)
