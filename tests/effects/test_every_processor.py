"""Every installed effect keeps the contract of a processor: progress, cancel, one job one picture."""

from __future__ import annotations

import functools
import pkgutil
from pathlib import Path

import pytest
from PIL import Image

from impasto.effects import Cancelled, Effect, Processor
from impasto.plugins import load_plugins
from tests.effects.options import quick_options
from tests.pictures import scene
from tests.plugins.context import RecordingContext

NOWHERE = Path("/nonexistent")
PLUGINS = load_plugins(NOWHERE, NOWHERE)

every_effect = pytest.mark.parametrize("effect", PLUGINS.offered(), ids=lambda effect: effect.id)


@functools.cache
def processor(effect_id: str) -> Processor:
    effect = PLUGINS.effects[effect_id]
    made: Processor = pkgutil.resolve_name(effect.processor)("cpu", PLUGINS.located(effect))
    return made


def run(effect: Effect, context: RecordingContext) -> Image.Image:
    pictures = [scene(64, 48), scene(48, 64).transpose(Image.Transpose.ROTATE_90)]
    images = {
        slot.name: [picture] * slot.minimum for slot, picture in zip(effect.slots, pictures, strict=False)
    }
    return processor(effect.id).run(images, quick_options(effect), context)


@every_effect
def test_the_same_job_gives_the_same_picture_and_its_progress_rises_to_the_end(effect: Effect) -> None:
    contexts = [RecordingContext(), RecordingContext()]
    first, second = (run(effect, context) for context in contexts)
    assert first.tobytes() == second.tobytes()
    fractions = contexts[0].fractions
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 1
    assert 0.9 <= fractions[-1] <= 1.0001


@every_effect
def test_a_cancel_acts_within_one_step(effect: Effect) -> None:
    whole = RecordingContext()
    run(effect, whole)
    assert whole.looks >= 3, "it looks up several times even on a small picture"
    context = RecordingContext(stop=lambda looks: looks == 3)
    with pytest.raises(Cancelled):
        run(effect, context)
    assert context.looks == 3
