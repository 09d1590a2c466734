"""Effects for the networks in the folder `superres` of the owner's weights. Data only; imports no torch."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from impasto.effects import Category, Effect, ImageSlot, Text, Weights, verbatim
from impasto.effects import text as _
from impasto_superres.descriptions import NetworkFile, usable_networks

FOLDER = "superres"
_LONGEST_SLUG = 27
"""The id of an effect takes 40 characters."""

_LONGEST_TITLE = 40


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """A network to offer; no other has the same `slug`."""

    file: NetworkFile
    slug: str
    scale: int

    def weights(self) -> Weights:
        """The file, as weights."""
        return Weights(
            f"superres-own-{self.slug}",
            _("Added by the owner: {name}")(name=self._name()),
            (f"file:{FOLDER}/{self.file.name}",),
            self.file.size,
            licence="unknown",
        )

    def effect(self) -> Effect:
        """What can be done with it."""
        return Effect(
            id=f"superres.own-{self.slug}",
            title=self._title(),
            description=self._description(),
            category=Category.OTHER if self.scale == 1 else Category.ENLARGE,
            processor="impasto_superres.processors:Own",
            slots=(ImageSlot("content", _("Picture"), self._prompt()),),
            weights=(self.weights().name,),
            emoji="🧽" if self.scale == 1 else "🔍",
        )

    def _name(self) -> str:
        stem = Path(self.file.name).stem
        return stem if len(stem) <= _LONGEST_TITLE else stem[: _LONGEST_TITLE - 1] + "…"

    def _title(self) -> Text:
        if self.scale == 1:
            return _("Restore: {name}")(name=self._name())
        return verbatim(f"{self._name()} ×{self.scale}")

    def _prompt(self) -> Text:
        if self.scale == 1:
            return _("Send the picture to restore.")
        return _("Send the picture to enlarge.")

    def _description(self) -> Text:
        if self.scale == 1:
            return _("Cleans a picture up and keeps its size. {name} was added by the owner of this bot.")(
                name=self._name()
            )
        return _(
            "Makes a picture {scale} times as wide and high. {name} was added by the owner of this bot."
        )(scale=self.scale, name=self._name())


def own_networks(weights_folder: Path) -> list[OwnNetwork]:
    """The networks in the owner's folder, by name. A look at new files takes some seconds."""
    found = usable_networks(weights_folder / FOLDER)
    slugs = _slugs([file.name for file in found])
    return [OwnNetwork(file, slugs[file.name], description.scale) for file, description in found.items()]


def _slugs(names: list[str]) -> dict[str, str]:
    """A short name for each file, of `a-z0-9-`, all different.

    Files whose names are alike get some digits of a digest each: were one of them to keep the plain name, it
    would pass to the other when the first is removed, and with it the jobs that wait for it.
    """
    plain = {name: _plain(Path(name).stem) for name in names}
    count = Counter(plain.values())
    return {
        name: _distinct(slug, name) if count[slug] > 1 or not slug else slug for name, slug in plain.items()
    }


def _plain(stem: str) -> str:
    letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_LONGEST_SLUG].strip("-")


def _distinct(slug: str, name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{slug[: _LONGEST_SLUG - 7].strip('-')}-{digest}".strip("-")
