"""Makes the pictures that effects are shown on, in core/impasto/gallery/.

photo.jpg is the cat Chelsea, who comes with scikit-image (CC0), enlarged by superres.photo-x4; detail.jpg is
a part of her as the camera took it. style.jpg, a sun over hills, is painted here, stroke by stroke: bristles
follow the eddies of the sky and the slopes of the hills, in strong colours laid side by side.
Run from the repository root, with the development requirements: .venv/bin/python docs/make_samples.py
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import skimage
from PIL import Image, ImageDraw, ImageOps

GALLERY = Path(__file__).parent.parent / "core" / "impasto" / "gallery"
CAT = Path(skimage.__file__).parent / "data" / "chelsea.png"
PHOTO_SIZE = (1152, 768)
DETAIL = (123, 67, 219, 163)
"""Her left eye: left, top, right, bottom."""

SIDE, FINER = 512, 2
"""Pixels of the picture, and how much larger it is drawn."""

LAYERS = ((1400, 30, 90), (3400, 17, 62), (4200, 10, 40))
"""Strokes, their width and their length in pixels: from the ground to what lies on top."""

SUN, SUN_RADIUS = (350.0, 150.0), 62.0
EDDIES = ((130.0, 130.0, 110.0, 1), (*SUN, 150.0, -1), (250.0, 250.0, 80.0, 1), (470.0, 270.0, 70.0, -1))
"""Across, down, radius, sense of rotation."""

Colour = tuple[int, int, int]

SKY: tuple[Colour, ...] = ((16, 42, 120), (24, 84, 190), (40, 140, 214), (120, 200, 220), (20, 60, 160))
LIGHT: tuple[Colour, ...] = ((255, 226, 90), (255, 184, 36), (255, 240, 170), (250, 140, 30))
NEAR: tuple[Colour, ...] = ((18, 92, 60), (60, 140, 50), (170, 180, 50), (10, 60, 60), (214, 150, 40))
FAR: tuple[Colour, ...] = ((60, 40, 120), (120, 60, 150), (200, 80, 110), (40, 80, 150))


def far_hill(x: float) -> float:
    """Where the far hills begin, from the top."""
    return 318 + 26 * math.sin(x / 58) + 12 * math.sin(x / 23 + 1)


def near_hill(x: float) -> float:
    """Where the near hills begin."""
    return 398 - 40 * math.sin(x / 110 + 0.6)


def direction(x: float, y: float) -> float:
    """The way a stroke goes at a place, in radians."""
    if y > near_hill(x):
        return 0.5 * math.sin(x / 60 + y / 40) - 0.3
    if y > far_hill(x):
        return math.atan2(far_hill(x + 4) - far_hill(x - 4), 8) + 0.2
    across, down = 1.0, 0.25 * math.sin(x / 70)
    for left, top, radius, sense in EDDIES:
        dx, dy = x - left, y - top
        pull = math.exp(-((math.hypot(dx, dy) / radius) ** 2)) * 4
        across -= sense * pull * dy / radius * 2
        down += sense * pull * dx / radius * 2
    return math.atan2(down, across)


def colour(x: float, y: float, lots: random.Random) -> Colour:
    """The paint for a stroke that begins at a place."""
    distance = math.hypot(x - SUN[0], y - SUN[1])
    if y > near_hill(x):
        palette = NEAR
    elif y > far_hill(x):
        palette = FAR
    elif distance < SUN_RADIUS:
        palette = LIGHT
    else:
        band = int(distance / 26 + lots.gauss(0, 0.5))
        glow = lots.random() < math.exp(-(distance - SUN_RADIUS) / 70) * 0.6
        palette = LIGHT if glow else (SKY[band % len(SKY)],)
    red, green, blue = lots.choice(palette)
    shift = lots.gauss(0, 14)
    return clipped(red + shift, green + shift, blue + shift)


def clipped(*channels: float) -> Colour:
    """A colour that there is."""
    red, green, blue = (max(0, min(255, round(channel))) for channel in channels)
    return red, green, blue


def stroke(
    pen: ImageDraw.ImageDraw, x: float, y: float, width: float, length: float, lots: random.Random
) -> None:
    """Lay one stroke: bristles side by side, light on one edge and in shadow on the other."""
    red, green, blue = colour(x, y, lots)
    path = [(x, y)]
    for _step in range(8):
        angle = direction(*path[-1])
        path.append((path[-1][0] + math.cos(angle) * length / 8, path[-1][1] + math.sin(angle) * length / 8))
    angle = direction(x, y) + math.pi / 2
    bristles = max(3, round(width / 2.2))
    for number in range(bristles):
        place = number / (bristles - 1) - 0.5
        relief = 34 * math.cos((place + 0.35) * math.pi * 1.3) - 20 + lots.gauss(0, 11)
        paint = clipped(red + relief, green + relief, blue + relief)
        beside = (math.cos(angle) * place * width, math.sin(angle) * place * width)
        first, last = lots.choice((0, 0, 1)), len(path) - lots.choice((0, 0, 1, 2))
        line = [((a + beside[0]) * FINER, (b + beside[1]) * FINER) for a, b in path[first:last]]
        pen.line(line, fill=paint, width=round(width / bristles * FINER * 1.7), joint="curve")


def save_photo() -> None:
    """The cat, large, and the detail."""
    with tempfile.TemporaryDirectory() as folder:
        enlarged = Path(folder) / "cat.png"
        command = [
            sys.executable,
            "-m",
            "impasto",
            "apply",
            "superres.photo-x4",
            str(CAT),
            "-o",
            str(enlarged),
        ]
        subprocess.run(command, check=True)
        photo = ImageOps.fit(Image.open(enlarged).convert("RGB"), PHOTO_SIZE, Image.Resampling.LANCZOS)
    photo.save(GALLERY / "photo.jpg", quality=84, optimize=True, progressive=True)
    detail = Image.open(CAT).convert("RGB").crop(DETAIL)
    detail.save(GALLERY / "detail.jpg", quality=95, subsampling=0, optimize=True)


def save_style() -> None:
    """The style, drawn larger and made smaller, so that its bristles are smooth."""
    lots = random.Random(1889)
    image = Image.new("RGB", (SIDE * FINER, SIDE * FINER), SKY[0])
    pen = ImageDraw.Draw(image)
    for count, width, length in LAYERS:
        for _stroke in range(count):
            x, y = lots.uniform(-30, SIDE + 10), lots.uniform(-10, SIDE + 10)
            stroke(pen, x, y, width * lots.uniform(0.7, 1.2), length * lots.uniform(0.7, 1.3), lots)
    small = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    small.save(GALLERY / "style.jpg", quality=58, optimize=True, progressive=True)


if __name__ == "__main__":
    save_photo()
    save_style()
