"""How near estimates come to the time that jobs take, while they are learnt: real effects on this machine.

Run from the repository root: .venv/bin/python -m benchmarks.estimates [JOBS] [EFFECT…]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from contextlib import closing
from random import Random

from PIL import Image

from impasto.bot import limits
from impasto.bot.application import local_engine
from impasto.config import load_settings
from impasto.database import open_database
from impasto.effects import Effect, OptionValue
from impasto.engine.base import CapacityChanged, Failed, Finished, InputPicture, Task, WorkerLost
from impasto.engine.local import LocalEngine
from impasto.jobs.estimates import Estimates
from impasto.plugins import load_plugins
from tests.pictures import encoded, photo

LEARNING = 10
"""Jobs after which estimates are to be right within a factor of 1.5."""

USUAL: Mapping[str, Mapping[str, tuple[OptionValue, ...]]] = {
    "nst.learnt": {
        "style": ("1", "5", "9", "20", "20", "20"),
        "size": ("512", "768", "768", "1024"),
        "strength": (100, 100, 70),
    },
    "nst.any": {"size": ("512", "512", "768"), "keep_colours": (False, False, True)},
    "nst.gatys": {"size": ("256", "256", "512"), "steps": ("20", "20", "60"), "strength": (100, 100, 150)},
    "cyclegan.vintage": {"size": ("512", "512", "768")},
    "superres.fast": {"scale": ("2", "2", "4")},
    "superres.photo-x4": {"scale": ("4", "4", "2")},
}
"""What people choose, roughly; what they choose often stands there more often."""

SIDES = {"superres.photo-x4": (96, 64, 128), "superres.fast": (320, 256, 480)}
"""The longer sides in pixels of what they send; by default those of Telegram's photos."""

STYLE = InputPicture(
    encoded(Image.merge("RGB", [Image.effect_noise((640, 480), sigma) for sigma in (90, 60, 30)]))
)


async def seconds(engine: LocalEngine, task: Task) -> float:
    """How long `task` takes in the worker."""
    waits = True
    async for event in engine.events():
        match event:
            case CapacityChanged() if waits and engine.capacity()[0].ready:
                await engine.submit(task)
                waits = False
            case Finished():
                return event.seconds
            case Failed() | WorkerLost():
                raise RuntimeError(event)
    raise AssertionError("events do not end")


async def measure(engine: LocalEngine, estimates: Estimates, effect: Effect, jobs: int) -> list[str]:
    """The ratios of the estimates to the times, job by job; "?" where nothing was said."""
    random, ratios = Random(3), []
    for number in range(jobs):
        chosen = {key: random.choice(values) for key, values in USUAL[effect.id].items()}
        options = effect.defaults() | chosen
        width = random.choice(SIDES.get(effect.id, (1280, 1280, 960, 640)))
        height = width * random.choice((3, 3, 2)) // 4
        outputs = limits.PHOTO, limits.FILE
        pictures = InputPicture(photo(width, height)), STYLE
        images = {slot.name: (picture,) for slot, picture in zip(effect.slots, pictures, strict=False)}
        device = engine.capacity()[0].name
        said = estimates.seconds(effect.id, device, options, width * height)
        took = await seconds(engine, Task(f"{effect.id}-{number}", 1, effect.id, options, images, outputs))
        estimates.learn(effect.id, device, options, width * height, took)
        ratios.append("?" if said is None else f"{said / took:.2f}")
    return ratios


async def main(jobs: int, only: list[str]) -> None:
    """Print for each effect the ratios while it is learnt and after."""
    settings = load_settings(None)
    plugins = load_plugins(settings.plugins_folder, settings.weights_folder)
    engine = local_engine(settings)
    await engine.start()
    try:
        with closing(open_database(":memory:")) as database:
            for effect_id in only or USUAL:
                ratios = await measure(engine, Estimates(database), plugins.effects[effect_id], jobs)
                later = [float(ratio) for ratio in ratios[LEARNING:] if ratio != "?"]
                right = sum(1 / 1.5 <= ratio <= 1.5 for ratio in later)
                print(f"{effect_id}: while learning {' '.join(ratios[:LEARNING])}")
                print(f"  then {' '.join(ratios[LEARNING:])}: {right} of {len(later)} within 1.5", flush=True)
    finally:
        await engine.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 2 * LEARNING, sys.argv[2:]))
