"""Files as they become part of a message: kept in the store, described as the Bot API describes them."""

from __future__ import annotations

import mimetypes
from typing import Any, Final

from impasto.sandbox import pictures
from impasto.sandbox.files import FileStore, Media, StoredFile
from impasto.sandbox.parameters import Upload

# What a person's client would measure in a recording; the sandbox does not decode sound and film.
_RECORDED: Final[dict[str, dict[str, Any]]] = {
    "voice": {"mime_type": "audio/ogg", "duration": 3},
    "video": {"mime_type": "video/mp4", "duration": 3, "width": 640, "height": 360},
    "animation": {"mime_type": "video/mp4", "duration": 3, "width": 320, "height": 240},
}
RECORDINGS: Final = tuple(_RECORDED)


async def keep_photo(files: FileStore, data: bytes, longest: int, sides: int | None = None) -> Media:
    """Keep a photo in its sizes, as JPEG with sides up to `longest` pixels. Raises `Refused`."""
    sizes = []
    kept: list[StoredFile] = []
    for encoded in await pictures.photo_sizes(data, longest, sides):
        kept.append(files.add("photo", encoded.data, "image/jpeg"))
        sizes.append(kept[-1].described(width=encoded.width, height=encoded.height))
    media = Media("photo", sizes)
    files.remember(media, *kept)
    return media


async def keep_document(files: FileStore, upload: Upload) -> Media:
    """Keep a file as it is, with a thumbnail where it is a picture."""
    mime = mimetypes.guess_type(upload.name)[0] or upload.mime
    small = await pictures.thumbnail(upload.data)
    stored = files.add("document", upload.data, mime, upload.name)
    value = stored.described(file_name=upload.name, mime_type=mime)
    if small is not None:
        thumb = files.add("thumbnail", small.data, "image/jpeg")
        value["thumbnail"] = thumb.described(width=small.width, height=small.height)
    media = Media("document", value)
    files.remember(media, stored)
    return media


async def keep_sticker(files: FileStore, upload: Upload) -> Media:
    """Keep a static sticker. Raises `Refused` where it is no picture."""
    width, height = await pictures.dimensions(upload.data)
    stored = files.add("sticker", upload.data, "image/webp", upload.name)
    shape = {"type": "regular", "width": width, "height": height}
    return _remembered(files, "sticker", stored, shape | {"is_animated": False, "is_video": False})


def keep_recording(files: FileStore, upload: Upload, kind: str) -> Media:
    """Keep a voice message, a video or an animation, unopened."""
    stored = files.add(kind, upload.data, _RECORDED[kind]["mime_type"], upload.name)
    return _remembered(files, kind, stored, _RECORDED[kind])


def _remembered(files: FileStore, kind: str, stored: StoredFile, more: dict[str, Any]) -> Media:
    media = Media(kind, stored.described(**more))
    files.remember(media, stored)
    return media
