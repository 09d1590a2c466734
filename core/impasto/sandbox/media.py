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
    "audio": {"mime_type": "audio/mpeg", "duration": 3, "title": "Song"},
    "video_note": {"mime_type": "video/mp4", "duration": 3, "length": 240},
}
RECORDINGS: Final = tuple(_RECORDED)
_STICKER_SIDE: Final = 512
# The first bytes of the formats that Telegram plays as such: gzip is an animated sticker.
_ANIMATED: Final = b"\x1f\x8b"
_WEBM: Final = b"\x1a\x45\xdf\xa3"
_OGG: Final = b"OggS"


def is_sticker(upload: Upload) -> bool:
    """Whether a file is in a format of stickers: WEBP, TGS or WEBM."""
    return upload.data.startswith((_ANIMATED, _WEBM)) or upload.data[8:12] == b"WEBP"


def is_voice(upload: Upload) -> bool:
    """Whether a file is in a format of voice messages: OGG, MP3 or M4A."""
    return upload.data.startswith((_OGG, b"ID3", b"\xff\xfb")) or upload.data[4:8] == b"ftyp"


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
    """Keep a static, animated or video sticker. Raises `Refused` where it is none of them."""
    animated, video = upload.data.startswith(_ANIMATED), upload.data.startswith(_WEBM)
    moving = animated or video
    width, height = (_STICKER_SIDE,) * 2 if moving else await pictures.dimensions(upload.data)
    mime = "application/x-tgsticker" if animated else "video/webm" if video else "image/webp"
    stored = files.add("sticker", upload.data, mime, upload.name)
    shape = {"type": "regular", "width": width, "height": height}
    return _remembered(files, "sticker", stored, shape | {"is_animated": animated, "is_video": video})


def keep_recording(files: FileStore, upload: Upload, kind: str, seconds: int | None = None) -> Media:
    """Keep a voice message, a video and the like, unopened, as lasting `seconds`."""
    measured = _RECORDED[kind] | ({} if seconds is None else {"duration": seconds})
    stored = files.add(kind, upload.data, measured["mime_type"], upload.name)
    if kind == "video_note":
        measured = {name: value for name, value in measured.items() if name != "mime_type"}
    return _remembered(files, kind, stored, measured)


def _remembered(files: FileStore, kind: str, stored: StoredFile, more: dict[str, Any]) -> Media:
    media = Media(kind, stored.described(**more))
    files.remember(media, stored)
    return media
