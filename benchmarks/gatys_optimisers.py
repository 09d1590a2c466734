"""Which optimiser paints best for the same work: L-BFGS or Adam, at once or from coarse to fine?

Run from the repository root: .venv/bin/python -m benchmarks.gatys_optimisers [SIDE]

Work is counted in evaluations of the loss and its gradient on SIDE × SIDE pixels (one at half the side is a
quarter), so other load on the machine does not matter. The figures are total losses at the end, and their
ratio to L-BFGS at once: below 1 is better.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import skimage
import torch
from PIL import Image

from impasto.plugins import load_plugins
from impasto_nst.losses import Weighting, losses, targets
from impasto_nst.perceptual import load_efficientnet
from impasto_nst.pictures import covering, to_batch, to_picture

NOWHERE = Path("/nonexistent")
CPU = torch.device("cpu")
WORK = (10, 30, 100)

Paint = Callable[[torch.Tensor, Callable[[torch.Tensor], torch.Tensor], int], torch.Tensor]


def lbfgs(
    start: torch.Tensor, loss: Callable[[torch.Tensor], torch.Tensor], evaluations: int
) -> torch.Tensor:
    """The picture after so many evaluations of L-BFGS."""
    image = start.contiguous().clone().requires_grad_()
    optimiser = torch.optim.LBFGS([image], max_iter=evaluations, max_eval=evaluations, tolerance_change=0)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        value = loss(image)
        torch.autograd.backward(value)
        return value

    optimiser.step(closure)
    return image.detach()


def adam(rate: float) -> Paint:
    """The same with Adam at this learning rate."""

    def paint(
        start: torch.Tensor, loss: Callable[[torch.Tensor], torch.Tensor], evaluations: int
    ) -> torch.Tensor:
        image = start.contiguous().clone().requires_grad_()
        optimiser = torch.optim.Adam([image], lr=rate)
        for _step in range(evaluations):
            optimiser.zero_grad()
            torch.autograd.backward(loss(image))
            optimiser.step()
        return image.detach()

    return paint


def main() -> None:
    """Print the table."""
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    plugins = load_plugins(NOWHERE, NOWHERE)
    network = load_efficientnet(plugins.located(plugins.effects["nst.gatys"])["efficientnet-lite0"])
    data = Path(skimage.__file__).parent / "data"
    photo, style = (Image.open(data / name).convert("RGB") for name in ("chelsea.png", "coffee.png"))
    weighting = Weighting(1.0, 20.0, network.variation)

    def loss_at(size: int) -> Callable[[torch.Tensor], torch.Tensor]:
        content, wanted = (to_batch(covering(image, (size, size)), CPU) for image in (photo, style))
        aim = targets(network, content, [(wanted, 1.0)])
        return lambda image: losses(network, image, aim).total(weighting)

    def start(size: int) -> torch.Tensor:
        return to_batch(covering(photo, (size, size)), CPU)

    def at_once(paint: Paint, work: int) -> float:
        return float(loss_at(side)(paint(start(side), loss_at(side), work)))

    def coarse_to_fine(paint: Paint, work: int) -> float:
        half = side // 2
        rough = paint(start(half), loss_at(half), 2 * work)  # as much as work / 2 at the full side
        enlarged = to_picture(rough).resize((side, side), Image.Resampling.BICUBIC)
        return float(loss_at(side)(paint(to_batch(enlarged, CPU), loss_at(side), work // 2)))

    ways: dict[str, Callable[[int], float]] = {
        "L-BFGS at once": lambda work: at_once(lbfgs, work),
        "L-BFGS coarse to fine": lambda work: coarse_to_fine(lbfgs, work),
        "Adam 0.01 at once": lambda work: at_once(adam(0.01), work),
        "Adam 0.05 at once": lambda work: at_once(adam(0.05), work),
        "Adam 0.01 coarse to fine": lambda work: coarse_to_fine(adam(0.01), work),
    }
    print(f"{'evaluations':26}" + "".join(f"{work:>16}" for work in WORK))
    base = {work: ways["L-BFGS at once"](work) for work in WORK}
    for name, way in ways.items():
        figures = ((value := way(work), value / base[work]) for work in WORK)
        print(f"{name:26}" + "".join(f"{value:9.3f} ({ratio:.2f})" for value, ratio in figures), flush=True)


if __name__ == "__main__":
    main()
