"""Pictures that come with Impasto, to show on them what effects do. The cat is CC0; docs/make_samples.py."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent

SAMPLE = _HERE / "sample.jpg"
"""A small one, 256 × 256 pixels, for many small results."""

PHOTO = _HERE / "photo.jpg"
"""A large one for results that are looked at singly."""

PHOTO_SIDE = 1152
"""Pixels of its longer side."""

DETAIL = _HERE / "detail.jpg"
"""A part of it of 96 × 96 pixels, as the camera took it, for what enlarges."""

STYLE = _HERE / "style.jpg"
"""What stands for a painting where an effect wants one."""


@cache
def digest() -> str:
    """Stands for all of them."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in (SAMPLE, PHOTO, DETAIL, STYLE))).hexdigest()
