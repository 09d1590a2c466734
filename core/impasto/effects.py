"""What a plugin author imports: effects as data, processors as code that only the worker loads.

An effect says what it is called, which pictures it needs and what can be chosen; it never imports torch.
Its processor is named by "package.module:Class" and imported in the worker process alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

import pluggy

from impasto.options import (
    KEY,
    Choice,
    ChoiceOption,
    Condition,
    Option,
    OptionValue,
    RangeOption,
    ToggleOption,
    WhenChanged,
    WhenPictures,
)
from impasto.text import Text, as_text, plural, text, verbatim

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from PIL import Image

__all__ = [
    "BadPicture",
    "Cancelled",
    "Category",
    "Choice",
    "ChoiceOption",
    "Condition",
    "Effect",
    "EffectError",
    "ImageSlot",
    "JobContext",
    "Option",
    "OptionValue",
    "Processor",
    "RangeOption",
    "Text",
    "ToggleOption",
    "Weights",
    "WhenChanged",
    "WhenPictures",
    "hookimpl",
    "plural",
    "text",
    "verbatim",
]

hookimpl = pluggy.HookimplMarker("impasto")
"""Decorates a plugin's implementation of a hook; see `impasto.hookspecs` for the hooks."""

_ID = re.compile(r"[a-z0-9]+(\.[a-z0-9]+(-[a-z0-9]+)*)+")
_PROCESSOR = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_WEIGHTS_NAME = re.compile(r"[a-z0-9]+([-._][a-z0-9]+)*")
_COMMAND = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SHA256 = re.compile(r"[0-9a-f]{8,64}")


class Category(StrEnum):
    """Where an effect stands in the menu, in this order."""

    PAINT = "paint"
    TRANSLATE = "translate"
    ENLARGE = "enlarge"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ImageSlot:
    """A place for one or more pictures: the content image, the style image…

    `prompt` asks the person for it ("Now send the picture whose style you like"). With `gallery`, a painting
    of the owner's gallery can be chosen instead of sent.
    """

    name: str
    title: Text
    prompt: Text
    minimum: int = 1
    maximum: int = 1
    gallery: bool = False

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.name):
            raise ValueError(f"slot name {self.name!r} is not a lower-case identifier")
        if not 1 <= self.minimum <= self.maximum <= 10:
            raise ValueError(f"slot {self.name!r}: 1 ≤ minimum ≤ maximum ≤ 10 does not hold")


@dataclass(frozen=True, slots=True)
class Effect:
    """What can be done with a picture: data only.

    `id` is "plugin.effect" in lower case, at most 40 characters, and never changes once published, since
    stored jobs and buttons refer to it. `command` is what people may write under a picture instead of
    choosing it: "vintage" for /vintage. `express` says that it is expected to finish within about a second
    on a GPU, so it goes before longer work. `weights` must be there for the effect to be offered;
    `optional_weights` improve it when they are.
    """

    id: str
    title: Text
    description: Text
    category: Category
    processor: str
    slots: tuple[ImageSlot, ...]
    options: tuple[Option, ...] = ()
    weights: tuple[str, ...] = ()
    optional_weights: tuple[str, ...] = ()
    express: bool = False
    emoji: str = "🎨"
    command: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id) or len(self.id) > 40:
            raise ValueError(f"effect id {self.id!r} is not of the form plugin.effect in 40 characters")
        if not _PROCESSOR.fullmatch(self.processor):
            raise ValueError(f"effect {self.id}: processor {self.processor!r} is not package.module:Class")
        if self.command and not _COMMAND.fullmatch(self.command):
            raise ValueError(f"effect {self.id}: command {self.command!r} is not 1 to 32 of a-z, 0-9 and _")
        if not self.slots:
            raise ValueError(f"effect {self.id} takes no picture")
        for what, names in (
            ("slots", [slot.name for slot in self.slots]),
            ("options", [option.key for option in self.options]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"effect {self.id} has two {what} of one name")
        for option in self.options:
            self._check_option(option)

    def _check_option(self, option: Option) -> None:
        match option.when:
            case WhenPictures(slot) if slot not in {slot.name for slot in self.slots}:
                raise ValueError(
                    f"effect {self.id}: option {option.key} looks at slot {slot!r}, which is none"
                )
            case WhenChanged(other) if other not in {option.key for option in self.options}:
                raise ValueError(f"effect {self.id}: option {option.key} looks at {other!r}, which is none")
        if isinstance(option, ChoiceOption) and option.samples:
            if len(self.slots) > 1:
                raise ValueError(f"effect {self.id}: samples need an effect of one slot")
            if option.samples not in {option.key for option in self.options}:
                raise ValueError(f"effect {self.id}: samples by {option.samples!r}, which is no option")

    def defaults(self) -> dict[str, OptionValue]:
        """Every option with its default."""
        return {option.key: option.default for option in self.options}

    def with_chosen(self, chosen: Mapping[str, OptionValue]) -> dict[str, OptionValue]:
        """The defaults, and in their place what was chosen once, as far as it can still be chosen."""
        still = {o.key: chosen[o.key] for o in self.options if o.key in chosen and o.accepts(chosen[o.key])}
        return self.defaults() | still

    def option(self, key: str) -> Option:
        """The option of that key. Raises `KeyError` where there is none."""
        for option in self.options:
            if option.key == key:
                return option
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class Weights:
    """Where a network's parameters come from.

    `sources` are tried in order: "package:NAME/path/in/package" is a file of an installed package (found
    without importing it); "file:NAME" is a file in the owner's weights folder; "https://…" is an address that
    `impasto weights fetch` and the owner's chat download from, into the first "file:" of the sources.

    `size` is that of the file or the download in bytes, `sha256` its SHA-256 or the first digits of it, where
    that is known. `convert`, "package.module:function", makes the file that is kept of the one that was
    downloaded, (downloaded: Path, kept: Path) -> None: smaller, and in a format that can't hold code.
    """

    name: str
    purpose: Text
    sources: tuple[str, ...]
    size: int
    licence: str
    sha256: str | None = None
    convert: str | None = None

    def __post_init__(self) -> None:
        if not _WEIGHTS_NAME.fullmatch(self.name):
            raise ValueError(f"weights {self.name!r}: the name is not of lower-case letters, digits and -._")
        for source in self.sources:
            if not source.startswith(("package:", "file:", "https://", "http://")):
                raise ValueError(
                    f"weights {self.name}: source {source!r} is none of package:, file:, https://"
                )
        if self.addresses and self.file is None:
            raise ValueError(f"weights {self.name} have an address and no file: to keep the download in")
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"weights {self.name}: sha256 {self.sha256!r} is not of hexadecimal digits")
        if self.convert is not None and not _PROCESSOR.fullmatch(self.convert):
            raise ValueError(f"weights {self.name}: convert {self.convert!r} is not package.module:function")

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where they can be downloaded, in the order to try."""
        return tuple(source for source in self.sources if source.startswith(("https://", "http://")))

    @property
    def file(self) -> str | None:
        """The file in the owner's weights folder that a download is kept in."""
        files = (source.removeprefix("file:") for source in self.sources if source.startswith("file:"))
        return next(files, None)


class EffectError(Exception):
    """An effect that cannot give a picture, with a sentence that tells the person what to do."""

    def __init__(self, user_message: Text | str, detail: str = "") -> None:
        super().__init__(detail or str(user_message))
        self.user_message = as_text(user_message)
        self.detail = detail or str(user_message)


class BadPicture(EffectError):
    """The picture is the reason: another one will work."""


class Cancelled(Exception):
    """The person does not want the job any more. Raised by `JobContext.check`; let it pass."""


class JobContext(Protocol):
    """A running job as its processor sees it."""

    @property
    def seed(self) -> int:
        """The seed of this job; the same job gives the same picture."""

    @property
    def budget(self) -> int | None:
        """Bytes of device memory that the job may use; None where nobody limits it."""

    def progress(self, fraction: float, preview: Image.Image | None = None) -> None:
        """Report the finished part, 0 to 1, never falling, perhaps with a picture of the state so far.

        Call it as often as you like; the worker thins it out. Raises `Cancelled` as `check` does.
        """

    def check(self) -> None:
        """Raise `Cancelled` if the job is to stop. Call it at least every second or so of work."""

    def note(self, message: Text | str) -> None:
        """Add a sentence to the caption of the result ("Painted at half size…")."""

    def record(self, name: str, value: float | str) -> None:
        """Keep a detail for the owner: numbers of one name make a curve (a loss), a word is a fact.

        Shown in developer mode and by `impasto apply --details`.
        """


class Processor(Protocol):
    """The code of an effect; lives in the worker and may import torch.

    Made once per device and kept while memory allows; `run` is called for one job at a time.
    """

    def __init__(self, device: str, weights: Mapping[str, Path]) -> None:
        """Load the network to `device` ("cpu", "cuda:0").

        `weights` maps the names in `Effect.weights`, and those of `optional_weights` that are present, to
        files.
        """

    def run(
        self, images: Mapping[str, Sequence[Image.Image]], options: Mapping[str, Any], context: JobContext
    ) -> Image.Image:
        """Make the picture.

        `images` maps slot names to RGB pictures, upright and in sRGB; `options` holds a value for every
        option of the effect. Transparency of the first slot's picture is put back by the worker.
        Raises `EffectError` with a sentence for the person, or `Cancelled` through the context.
        """
