"""The owner's gallery: a folder of paintings, each with title, artist and year in a small TOML beside it.

starry-night.jpg and starry-night.toml:

    title = "The Starry Night"
    artist = "Vincent van Gogh"
    year = 1889
"""

from __future__ import annotations

import logging
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import Image

from impasto.effects import EffectError
from impasto.imaging import READABLE
from impasto.jobs.model import PictureRef
from impasto.text import text as _

log = logging.getLogger(__name__)

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

_SCHEME = "gallery:"
_KEY_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Painting:
    """A picture of the gallery. `key` names it in buttons and stored jobs."""

    key: str
    path: Path
    title: str
    artist: str = ""
    year: str = ""
    changed: int = 0
    """When the picture was last changed, in nanoseconds."""

    @property
    def label(self) -> str:
        """Artist – title – year, as far as they are known."""
        return " – ".join(part for part in (self.artist, self.title, self.year) if part)

    @property
    def ref(self) -> PictureRef:
        """The painting as a job keeps it."""
        return PictureRef(_SCHEME + self.key)


@dataclass(frozen=True, slots=True)
class Gallery:
    """The paintings in `folder`, which need not exist; looked at anew each time, so it can be added to."""

    folder: Path

    def paintings(self) -> list[Painting]:
        """All of them, by artist, year and title."""
        if not self.folder.is_dir():
            return []
        found: dict[str, Painting] = {}
        for path in sorted(self.folder.iterdir()):
            if path.suffix.lower() not in SUFFIXES:
                continue
            painting = _read(path, _changed(path), _changed(path.with_suffix(".toml")))
            if painting is not None and painting.key not in found:
                found[painting.key] = painting
        return sorted(found.values(), key=lambda painting: (painting.artist, painting.year, painting.title))

    def find(self, key: str) -> Painting | None:
        """The painting of that key, if it is still there."""
        return next((painting for painting in self.paintings() if painting.key == key), None)

    def of(self, ref: PictureRef) -> Painting | None:
        """The painting that `ref` stands for; None for a person's own picture, and for one that is gone."""
        return self.find(ref.file_id.removeprefix(_SCHEME)) if is_painting(ref) else None

    def read(self, ref: PictureRef) -> bytes:
        """The file of a painting. Raises `EffectError` where it is gone."""
        painting = self.of(ref)
        try:
            if painting is not None:
                return painting.path.read_bytes()
        except OSError as error:
            log.warning("a painting can't be read: %s", error)
        raise EffectError(_("This painting is no longer in the gallery. Please choose another."))


def is_painting(ref: PictureRef) -> bool:
    """Whether `ref` stands for a picture of the gallery."""
    return ref.file_id.startswith(_SCHEME)


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


@lru_cache(maxsize=1000)
def _read(path: Path, changed: int, _toml_changed: int) -> Painting | None:
    """The painting at `path`, read anew when one of its files was changed; None where it is no picture.

    A TOML that can't be read is done without. The log tells of both, once.
    """
    try:
        with Image.open(path, formats=READABLE):
            pass
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        log.warning("%s is left out of the gallery: it can't be read as a picture", path)
        return None
    about: dict[str, object] = {}
    described = path.with_suffix(".toml")
    if described.is_file():
        try:
            about = tomllib.loads(described.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            log.warning("%s is left out: %s", described, error)
    title = str(about.get("title") or path.stem.replace("-", " ").replace("_", " ").strip().capitalize())
    return Painting(
        _key(path.stem), path, title, str(about.get("artist", "")), str(about.get("year", "")), changed
    )


def _key(stem: str) -> str:
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    key = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    return (key or stem.encode().hex())[:_KEY_CHARACTERS]
