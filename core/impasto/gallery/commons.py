"""A first gallery: famous paintings in the public domain, from Wikimedia Commons by file name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from impasto.downloads import DownloadFailed, download
from impasto.gallery.paintings import SUFFIXES
from impasto.imaging import READABLE

COMMONS = "https://commons.wikimedia.org/wiki/Special:FilePath/"

WIDTH = 1280
"""Pixels: Commons sends the paintings in this width; the originals have up to a gigapixel."""


@dataclass(frozen=True, slots=True)
class Known:
    """A painting in the public domain, and its file on Commons."""

    key: str
    title: str
    artist: str
    year: int
    file: str


KNOWN = (
    Known("starry-night", "The Starry Night", "Vincent van Gogh", 1889,
          "Van Gogh - Starry Night - Google Art Project.jpg"),
    Known("cafe-terrace", "Café Terrace at Night", "Vincent van Gogh", 1888,
          "Vincent Willem van Gogh - Cafe Terrace at Night (Yorck).jpg"),
    Known("wheat-field", "Wheat Field with Cypresses", "Vincent van Gogh", 1889,
          "Vincent van Gogh - Wheat Field with Cypresses - Google Art Project.jpg"),
    Known("great-wave", "The Great Wave off Kanagawa", "Hokusai", 1831,
          "Tsunami by hokusai 19th century.jpg"),
    Known("impression", "Impression, Sunrise", "Claude Monet", 1872,
          "Monet - Impression, Sunrise.jpg"),
    Known("water-lilies", "Water Lilies", "Claude Monet", 1906,
          "Claude Monet - Water Lilies - 1906, Ryerson.jpg"),
    Known("the-scream", "The Scream", "Edvard Munch", 1893,
          "Edvard Munch, 1893, The Scream, oil, tempera and pastel on cardboard, 91 x 73 cm, National "
          "Gallery of Norway.jpg"),
    Known("the-kiss", "The Kiss", "Gustav Klimt", 1908,
          "The Kiss - Gustav Klimt - Google Cultural Institute.jpg"),
    Known("grande-jatte", "A Sunday on La Grande Jatte", "Georges Seurat", 1884,
          "A Sunday on La Grande Jatte, Georges Seurat, 1884.jpg"),
    Known("sainte-victoire", "Mont Sainte-Victoire", "Paul Cézanne", 1904,
          "Paul Cézanne - Mont Sainte-Victoire - Google Art Project.jpg"),
    Known("composition-vii", "Composition VII", "Wassily Kandinsky", 1913,
          "Vassily Kandinsky, 1913 - Composition 7.jpg"),
    Known("ninth-wave", "The Ninth Wave", "Ivan Aivazovsky", 1850,
          "Hovhannes Aivazovsky - The Ninth Wave - Google Art Project.jpg"),
    Known("mona-lisa", "Mona Lisa", "Leonardo da Vinci", 1503,
          "Mona Lisa, by Leonardo da Vinci, from C2RMF retouched.jpg"),
    Known("pearl-earring", "Girl with a Pearl Earring", "Johannes Vermeer", 1665,
          "1665 Girl with a Pearl Earring.jpg"),
    Known("rain-steam-speed", "Rain, Steam and Speed", "J. M. W. Turner", 1844,
          "Turner - Rain, Steam and Speed - National Gallery file.jpg"),
    Known("flowering-plum", "Plum Park in Kameido", "Hiroshige", 1857,
          "Hiroshige Van Gogh 1.JPG"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one painting: `fault` says why it is not here."""

    known: Known
    fault: str | None = None
    was_here: bool = False


def fetch_paintings(folder: Path, base: str = COMMONS) -> Iterator[Fetched]:
    """Bring the paintings that are not in `folder` yet, one after another."""
    folder.mkdir(parents=True, exist_ok=True)
    for known in KNOWN:
        if any((folder / known.key).with_suffix(suffix).is_file() for suffix in SUFFIXES):
            yield Fetched(known, was_here=True)
            continue
        yield Fetched(known, _fetch(known, folder, base))


def _fetch(known: Known, folder: Path, base: str) -> str | None:
    arrived = folder / f".{known.key}.download"
    try:
        download([f"{base}{quote(known.file)}?width={WIDTH}"], arrived, None, lambda _done, _total: None)
        with Image.open(arrived, formats=READABLE) as image:
            image.convert("RGB").save(folder / f"{known.key}.jpg", quality=92)
    except DownloadFailed as error:
        return str(error)
    except (OSError, SyntaxError, ValueError) as error:
        return f"what came is not a picture: {error}"
    finally:
        arrived.unlink(missing_ok=True)
    about = f'title = "{known.title}"\nartist = "{known.artist}"\nyear = {known.year}\n'
    (folder / f"{known.key}.toml").write_text(about, encoding="utf-8")
    return None
