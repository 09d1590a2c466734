"""Samples: what effects do to the pictures that come with Impasto, made by the effects themselves.

They are made once, by the workers in their idle time, and kept on the disk: those pictures are ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from PIL import Image

from impasto.effects import Category, ChoiceOption, Effect, Option, OptionValue, RangeOption
from impasto.engine.base import InputPicture
from impasto.gallery import shipped
from impasto.gallery.sheet import CELL
from impasto.imaging import Output
from impasto.jobs.errands import ErrandFailed
from impasto.plugins import Plugins

log = logging.getLogger(__name__)

_SMALL = Output("sample", "JPEG", max_bytes=200_000, max_side_sum=2 * CELL)
_LARGE = Output("example", "JPEG", max_bytes=1_000_000, max_side_sum=2 * shipped.PHOTO_SIDE)

_MOST_SIZES = 4

Errand = Callable[
    [Effect, Mapping[str, OptionValue], Mapping[str, tuple[InputPicture, ...]], Output],
    Awaitable[bytes | None],
]
"""Applies an effect with these options to pictures by slot, when a worker has nothing better to do.

None where jobs kept coming; raises `ErrandFailed`.
"""


@dataclass(frozen=True, slots=True)
class Example:
    """A picture before and after an effect."""

    before: Path
    after: Path
    more: tuple[Path, ...] = ()
    """Other pictures that the effect was given."""


class Samples:
    """Samples in `folder`, made by `errand` where they are missing; what failed is not tried again."""

    def __init__(self, folder: Path, plugins: Plugins, errand: Errand) -> None:
        self._folder, self._plugins, self._errand = folder, plugins, errand
        self._making: dict[Path, asyncio.Task[Path | None]] = {}
        self._failed: set[Path] = set()

    def signature(self, effect: Effect) -> str:
        """Stands for what the samples of an effect look like: other weights, another signature."""
        about = [effect.id, shipped.digest(), repr(effect.defaults())]
        for name, path in sorted(self._plugins.located(effect).items()):
            stat = path.stat()
            about.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
        return hashlib.sha256("\n".join(about).encode()).hexdigest()

    async def styles(self, effect: Effect, option: ChoiceOption, values: Sequence[str]) -> list[Path | None]:
        """Small samples of these values of an option in their order; None for one that could not be made."""
        making = [self._sample(effect, shipped.SAMPLE, _SMALL, {option.samples: value}) for value in values]
        return list(await asyncio.gather(*making))

    async def example(self, effect: Effect) -> Example | None:
        """What the effect makes of the photo; of a detail of it, where the result is larger than its picture.

        None where it could not be made.
        """
        close = await self._sample(effect, shipped.DETAIL, _LARGE)
        if close is None:
            return None
        if await asyncio.to_thread(_pixels, close) > await asyncio.to_thread(_pixels, shipped.DETAIL):
            return Example(shipped.DETAIL, close)
        after = await self._sample(effect, shipped.PHOTO, _LARGE)
        more = (shipped.STYLE,) * (len(effect.slots) - 1)
        return None if after is None else Example(shipped.PHOTO, after, more)

    async def examples(self, effects: Sequence[Effect], most: int) -> tuple[list[Example], bool]:
        """Examples of so many of the effects, and whether none is lacking.

        Some of each category; one detail at most, which comes last.
        """
        photos: list[Example] = []
        details: list[Example] = []
        lacking = False
        for effect in _mixed(effects):
            example = await self.example(effect)
            if example is None:
                lacking = True
            else:
                (photos if example.before == shipped.PHOTO else details).append(example)
            if len(photos) + len(details[:1]) == most:
                return photos + details[:1], True
        return photos + details[:1], not lacking

    async def sizes(self, effect: Effect, key: str) -> list[tuple[str, Path | None]]:
        """What the effect makes of the photo at several values of an option that is a size."""
        values = _sizes(effect.option(key))
        making = [self._sample(effect, shipped.PHOTO, _LARGE, {key: value}) for value in values]
        return [
            (f"{float(value):g}", path)
            for value, path in zip(values, await asyncio.gather(*making), strict=True)
        ]

    def _sample(
        self, effect: Effect, picture: Path, output: Output, options: Mapping[str, OptionValue] | None = None
    ) -> Awaitable[Path | None]:
        chosen = effect.defaults() | dict(options or {})
        about = f"{self.signature(effect)} {picture.name} {output} {sorted(chosen.items())}"
        path = self._folder / f"{hashlib.sha256(about.encode()).hexdigest()[:32]}.jpg"
        if path not in self._making:
            self._making[path] = asyncio.create_task(self._make(path, effect, chosen, picture, output))
            self._making[path].add_done_callback(lambda _done: self._making.pop(path, None))
        return asyncio.shield(self._making[path])

    async def _make(
        self, path: Path, effect: Effect, options: Mapping[str, OptionValue], picture: Path, output: Output
    ) -> Path | None:
        if path in self._failed:
            return None
        if await asyncio.to_thread(path.is_file):
            return path
        images = await asyncio.to_thread(_pictures_for, effect, picture)
        try:
            data = await self._errand(effect, options, images, output)
        except ErrandFailed:
            self._failed.add(path)
            return None
        if data is None:
            return None
        try:
            await asyncio.to_thread(_keep, path, data)
        except OSError as error:  # the disk is full
            log.warning("a sample could not be kept: %s", error)
            return None
        return path


def _pictures_for(effect: Effect, picture: Path) -> dict[str, tuple[InputPicture, ...]]:
    """`picture` in the first slot, the style in every other."""
    style = InputPicture(shipped.STYLE.read_bytes())
    images = {slot.name: (style,) * slot.minimum for slot in effect.slots}
    first = effect.slots[0]
    return images | {first.name: (InputPicture(picture.read_bytes()),) * first.minimum}


def _mixed(effects: Sequence[Effect]) -> list[Effect]:
    """The first of each category, then the second of each, and so on."""
    columns = [[effect for effect in effects if effect.category is category] for category in Category]
    return [effect for row in zip_longest(*columns) for effect in row if effect is not None]


def _sizes(option: Option) -> list[OptionValue]:
    """Values of an option that differ on the photo, at most four, the first and the last among them."""
    values: list[OptionValue] = []
    match option:
        case ChoiceOption(choices=choices):
            numbers = [choice.value for choice in choices if choice.value.isdecimal()]
            values = [number for number in numbers if int(number) <= shipped.PHOTO_SIDE]
        case RangeOption(minimum=minimum, maximum=maximum, step=step):
            steps = int((min(maximum, shipped.PHOTO_SIDE) - minimum) / step + 1e-6)
            values = [round(minimum + step * number, 6) for number in {0, steps // 2, steps} if number >= 0]
    last = len(values) - 1
    chosen = {round(last * number / (_MOST_SIZES - 1)) for number in range(_MOST_SIZES)} if values else set()
    return [values[place] for place in sorted(chosen)]


def _pixels(path: Path) -> int:
    with Image.open(path) as image:
        return image.width * image.height


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(data)
    fresh.replace(path)
