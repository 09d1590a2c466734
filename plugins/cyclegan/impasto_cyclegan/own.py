"""Networks that the owner put into the folder `cyclegan` of the weights folder, each told of by a TOML file.

    cyclegan/night.pth                      what torch saved
    cyclegan/night.toml                     title = "Day to night"
    cyclegan/maps/latest_net_G.pth          as pytorch-CycleGAN-and-pix2pix leaves it
    cyclegan/maps/effect.toml               title = "Map to aerial photo", keep_details = false

Imports no torch: what a file holds is seen in the worker.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from impasto.effects import Category, Effect, ImageSlot, Text, Weights, verbatim
from impasto.effects import text as _
from impasto_cyclegan.detail import own_detail

FOLDER = "cyclegan"
_TRAINED = ("latest_net_G.pth", "latest_net_G_A.pth")
"""What training leaves: pix2pix's generator, CycleGAN's from A to B."""

_SLUG_LENGTH = 27
"""An effect's id has at most 40 characters."""


class Description(BaseModel):
    """What a TOML file says of a network.

    `file` lies beside it, by default under the same name with .pth or .safetensors, or under the name that
    training gives it. `size` is the longer side, in pixels, that the network sees if nothing else is chosen;
    by default 512 for a ResNet, 256 for a U-Net. `keep_details` adds what the network changes to the picture
    in full size; turn it off where result and picture have little in common (a map, a sketch).
    """

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    title: str = Field(min_length=1, max_length=40)
    file: str | None = Field(None, pattern=r"^[^/\\]+$")
    description: str = Field("", max_length=200)
    emoji: str = Field("✨", min_length=1, max_length=8)
    size: int | None = Field(None, ge=64, le=4096)
    keep_details: bool = True


@dataclass(frozen=True, slots=True)
class OwnNetwork:
    """An effect of the owner's and its weights."""

    effect: Effect
    weights: Weights


@dataclass(slots=True)
class Found:
    """What lies in the folder: networks, and sentences on what is wrong with the others."""

    networks: list[OwnNetwork] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def networks_in(weights_folder: Path) -> Found:
    """The networks told of in the folder, in the order of their names; a wrong one stops no other."""
    found = Found()
    slugs: dict[str, Path] = {}
    told: set[Path] = set()
    folder = weights_folder / FOLDER
    for path in (*sorted(folder.glob("*.toml")), *sorted(folder.glob("*/*.toml"))):
        slug = _slug(path.relative_to(folder))
        try:
            if slug in slugs:
                raise ValueError(f"its name means the same as that of {slugs[slug]}")
            slugs[slug] = path
            description = Description.model_validate(tomllib.loads(path.read_text("utf-8")))
            file = _file(path, description, in_folder_of_its_own=path.parent != folder)
        except ValidationError as error:
            wrong = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            found.problems.append(_left_out(path, "; ".join(wrong)))
        except (OSError, ValueError) as error:
            found.problems.append(_left_out(path, str(error)))
        else:
            found.networks.append(_network(slug, description, file, weights_folder))
            told.add(file)
    for pattern in ("*.pth", "*.safetensors", "*/*.pth", "*/*.safetensors"):
        for file in sorted(folder.glob(pattern)):
            if file not in told and not any(file.parent.glob("*.toml")):
                found.problems.append(_left_out(file, "there is no TOML file beside it that says its title"))
    return found


def _left_out(path: Path, reason: str) -> str:
    return f"{path} makes no effect: {reason}. Mend that and restart."


def _slug(path: Path) -> str:
    """A part of an effect's id from `path` in the folder; effect.toml goes by its folder's name."""
    parts = path.with_suffix("").parts
    name = " ".join(parts[:-1] if parts[1:] == ("effect",) else parts).lower()
    slug = re.sub(r"[^a-z0-9]+", "-", name).strip("-")
    if slug == re.sub(r"[ _]", "-", name) and len(slug) <= _SLUG_LENGTH:
        return slug
    # what is too long, or has letters that an id may not have, is told apart by its digest
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{slug[: _SLUG_LENGTH - 7]}-{digest}".replace("--", "-").strip("-")


def _file(path: Path, description: Description, *, in_folder_of_its_own: bool) -> Path:
    """The file of the network. Raises `ValueError` where there is none."""
    names = [f"{path.stem}.pth", f"{path.stem}.safetensors"]
    if description.file is not None:
        names = [description.file]
    elif in_folder_of_its_own:
        names += _TRAINED
    for name in names:
        if (file := path.with_name(name)).is_file():
            return file
    raise ValueError(f"there is no {' or '.join(names)} beside it")


def _network(slug: str, description: Description, file: Path, weights_folder: Path) -> OwnNetwork:
    title = verbatim(description.title)
    weights = Weights(
        f"cyclegan-own-{slug}",
        title,
        (f"file:{file.relative_to(weights_folder).as_posix()}",),
        file.stat().st_size,
        "the owner's",
    )
    effect = Effect(
        id=f"cyclegan.own-{slug}",
        title=title,
        description=_told(description),
        category=Category.TRANSLATE,
        processor=f"impasto_cyclegan.processors:{'Translation' if description.keep_details else 'Redrawing'}",
        slots=(ImageSlot("content", _("Picture"), _("Send the picture.")),),
        options=(own_detail(description.size),),
        weights=(weights.name,),
        emoji=description.emoji,
    )
    return OwnNetwork(effect, weights)


def _told(description: Description) -> Text:
    if description.description:
        return verbatim(description.description)
    return _("An effect that the owner of this bot has added.")
