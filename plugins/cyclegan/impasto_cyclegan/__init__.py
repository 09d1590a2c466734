"""Image-to-image translation by CycleGAN (Zhu et al. 2017) and pix2pix (Isola et al. 2017).

Published networks, and those that the owner trained or found. Data only; imports no torch.
"""

from __future__ import annotations

import logging
from pathlib import Path

from impasto.effects import Effect, Weights, hookimpl
from impasto_cyclegan import own, published

log = logging.getLogger(__name__)


@hookimpl
def impasto_effects(weights_folder: Path) -> list[Effect]:
    """One effect for each translation."""
    found = own.networks_in(weights_folder)
    for problem in found.problems:
        log.warning("%s", problem)
    return [*published.EFFECTS, *(network.effect for network in found.networks)]


@hookimpl
def impasto_weights(weights_folder: Path) -> list[Weights]:
    """The weights of each."""
    return [*published.WEIGHTS, *(network.weights for network in own.networks_in(weights_folder).networks)]
