"""Makes docs/effects.md and its pictures: every installed effect on the same two photos.

The photos come with scikit-image (CC0 and public domain); the style is the first of them in a learnt style.
Effects whose weights are not on the machine are listed without a picture. Run from the repository root, with
the development requirements installed: .venv/bin/python docs/make_effects.py [EFFECT…]
With names of effects, only their pictures are made anew.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import skimage
from PIL import Image

PHOTOS = Path(skimage.__file__).parent / "data"
HERE = Path(__file__).parent
IMAGES = HERE / "images" / "effects"
HEIGHT, GAP = 300, 8
HEADINGS = {
    "paint": "Paint",
    "translate": "Transform",
    "enlarge": "Enlarge",
    "other": "Other",
}

HEAD = """# Every effect, on the same two photos

Made by `docs/make_effects.py` with the options that an effect begins with. The first photo is 600 × 400 px,
the second 451 × 300; the enlarging effects get a part of them of 150 × 100 px. The style picture, where one
is needed, is this one:

![the style picture](images/effects/style.jpg)
"""


def impasto(*words: str) -> str:
    """What a command says."""
    command = [sys.executable, "-m", "impasto", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def beside(pictures: list[Image.Image]) -> Image.Image:
    """Pictures in a row, each as high as the others."""
    scaled = [
        picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT), Image.Resampling.LANCZOS)
        for picture in pictures
    ]
    row = Image.new("RGB", (sum(p.width for p in scaled) + GAP * (len(scaled) - 1), HEIGHT), "white")
    left = 0
    for picture in scaled:
        row.paste(picture, (left, 0))
        left += picture.width + GAP
    return row


def part(path: Path) -> Image.Image:
    """A small part of a photo, for the enlarging effects."""
    image = Image.open(path).convert("RGB")
    left, top = (180, 70) if image.width < 500 else (150, 120)
    return image.crop((left, top, left + 150, top + 100))


def show(effect: dict[str, Any], photos: list[Path], style: Path, folder: Path) -> Path:
    """A row of photos before and after an effect."""
    target = IMAGES / f"{effect['id']}.jpg"
    if sys.argv[1:] and effect["id"] not in sys.argv[1:]:
        return target
    row: list[Image.Image] = []
    for number, photo in enumerate(photos):
        source, result = photo, folder / f"{effect['id']}-{number}.png"
        if effect["category"] == "enlarge":
            source = folder / f"part-{number}.png"
            part(photo).save(source)
        styles = [str(style)] * (len(effect["slots"]) - 1)
        impasto("apply", effect["id"], str(source), *styles, "-o", str(result))
        row += [Image.open(source).convert("RGB"), Image.open(result).convert("RGB")]
    beside(row).save(target, quality=86, optimize=True)
    return target


def options_of(effect: dict[str, Any]) -> str:
    """The options in a line."""
    words = []
    for key, option in effect["options"].items():
        values = option["values"]
        if isinstance(values, dict):
            said = f"{values['from']:g} to {values['to']:g}"
        elif len(values) > 8:
            said = f"{values[0]} to {values[-1]}"
        else:
            said = ", ".join(str(value).lower() if isinstance(value, bool) else value for value in values)
        words.append(f"`{key}` {said} (`{str(option['default']).lower()}`)")
    return "; ".join(words)


def main() -> None:
    """Write the page."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    page, lacking = [HEAD], []
    photos = [PHOTOS / "coffee.png", PHOTOS / "chelsea.png"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        style = folder / "style.png"
        impasto("apply", "nst.learnt", str(photos[0]), "-o", str(style), "--option", "style=8")
        painted = Image.open(style).convert("RGB")
        painted.resize((300, 200), Image.Resampling.LANCZOS).save(IMAGES / "style.jpg", quality=86)
        category = ""
        for effect in json.loads(impasto("effects", "--json")):
            if effect["missing_weights"]:
                lacking.append(effect)
                continue
            if effect["category"] != category:
                category = effect["category"]
                page.append(f"## {HEADINGS[category]}\n")
            picture = show(effect, photos, style, folder)
            options = f"\nOptions: {options_of(effect)}.\n" if effect["options"] else ""
            page.append(
                f"### {effect['title']}\n\n`{effect['id']}`: {effect['description']}\n{options}\n"
                f"![before and after]({picture.relative_to(HERE)})\n"
            )
    if lacking:
        page.append("## Not shown\n\nTheir weights were not on the machine that made this page:\n")
        page.append("\n".join(f"- `{effect['id']}`: {effect['description']}" for effect in lacking) + "\n")
    (HERE / "effects.md").write_text("\n".join(page), encoding="utf-8")


if __name__ == "__main__":
    main()
