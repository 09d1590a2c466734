"""Samples: what each choice of an option does to one sample picture, made by the effect itself.

They are made once, by the workers in their idle time, and kept on the disk: the sample picture is ours.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path

from impasto.effects import ChoiceOption, Effect, OptionValue
from impasto.gallery.sheet import CELL
from impasto.imaging import Output
from impasto.plugins import Plugins

log = logging.getLogger(__name__)

SAMPLE = Output("sample", "JPEG", max_bytes=200_000, max_side_sum=2 * CELL)

Errand = Callable[[Effect, dict[str, OptionValue], bytes, Output], Awaitable[bytes | None]]
"""Applies an effect with these options to a picture when a worker has nothing better to do."""


class Samples:
    """Samples in `folder`, made by `errand` where they are missing."""

    def __init__(self, folder: Path, plugins: Plugins, errand: Errand) -> None:
        self._folder, self._plugins, self._errand = folder, plugins, errand
        self._picture = files("impasto.gallery").joinpath("sample.jpg").read_bytes()
        self._making: dict[Path, asyncio.Task[Path | None]] = {}

    def signature(self, effect: Effect, option: ChoiceOption) -> str:
        """Stands for what the samples of an option look like: other weights, another signature."""
        digest = hashlib.sha256(self._picture)
        for name, path in sorted(self._plugins.located(effect).items()):
            about = path.stat()
            digest.update(f"{name} {about.st_size} {about.st_mtime_ns}".encode())
        return f"{effect.id} {option.samples} {digest.hexdigest()[:16]}"

    async def get(self, effect: Effect, option: ChoiceOption, values: list[str]) -> list[Path | None]:
        """The samples of these values in their order, JPEG files; None for one that could not be made."""
        signature = self.signature(effect, option)
        making = [self._sample(signature, effect, option, value) for value in values]
        return list(await asyncio.gather(*making))

    def _sample(
        self, signature: str, effect: Effect, option: ChoiceOption, value: str
    ) -> Awaitable[Path | None]:
        name = hashlib.sha256(f"{signature} {value}".encode()).hexdigest()[:32]
        path = self._folder / f"{name}.jpg"
        if path not in self._making:
            self._making[path] = asyncio.create_task(self._make(path, effect, option, value))
            self._making[path].add_done_callback(lambda _done: self._making.pop(path, None))
        return asyncio.shield(self._making[path])

    async def _make(self, path: Path, effect: Effect, option: ChoiceOption, value: str) -> Path | None:
        if await asyncio.to_thread(path.is_file):
            return path
        data = await self._errand(effect, effect.defaults() | {option.samples: value}, self._picture, SAMPLE)
        if data is None:
            return None
        await asyncio.to_thread(_keep, path, data)
        return path


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_bytes(data)
    fresh.replace(path)
