"""What the bot sends beside words: by upload or by file_id, checked as Telegram does."""

from __future__ import annotations

from typing import Any, Final

from impasto.sandbox.errors import bad_request
from impasto.sandbox.files import Media
from impasto.sandbox.limits import PHOTO_BOUNDS, PHOTO_BYTES, PHOTO_SIDES
from impasto.sandbox.media import (
    is_sticker,
    is_voice,
    keep_document,
    keep_photo,
    keep_recording,
    keep_sticker,
)
from impasto.sandbox.methods.registry import Call, caption_content
from impasto.sandbox.parameters import Upload, check_fields
from impasto.sandbox.world import World

INPUT_MEDIA: Final = {
    "photo": "InputMediaPhoto",
    "document": "InputMediaDocument",
    "video": "InputMediaVideo",
}


async def media_from(world: World, call: Call, kind: str, source: str | Upload | None) -> Media:
    """What the bot sends as `kind`: an upload, a reference to one, or a file_id. Raises `Refused`."""
    if isinstance(source, str) and source.startswith("attach://"):
        source = call.uploads.get(source.removeprefix("attach://"))
    if not source:
        raise bad_request(f"there is no {kind} in the request")
    if isinstance(source, str):
        if source.startswith(("http://", "https://")):
            raise bad_request("failed to get HTTP URL content")
        return world.files.media(source, kind)
    if not source.data:
        raise bad_request("file must be non-empty")
    match kind:
        case "sticker" if is_sticker(source):
            return await keep_sticker(world.files, source)
        case "voice" if is_voice(source):
            return keep_recording(world.files, source, kind, call.get("duration"))
        case "video":
            return keep_recording(world.files, source, kind)
        case "photo":
            return await _photo(world, source)
        case _:  # a sticker or voice message in another format arrives as a file
            return await keep_document(world.files, source)


async def _photo(world: World, source: Upload) -> Media:
    if (size := len(source.data)) > PHOTO_BYTES:
        raise bad_request(
            f"file of size {size} bytes is too big for a photo; the maximum size is {PHOTO_BYTES} bytes"
        )
    return await keep_photo(world.files, source.data, PHOTO_BOUNDS[-1], PHOTO_SIDES)


async def input_media(world: World, call: Call, item: Any) -> dict[str, Any]:
    """The message content that an InputMedia object stands for. Raises `Refused`."""
    kind = item.get("type") if isinstance(item, dict) else None
    if kind not in INPUT_MEDIA:
        raise bad_request(f"type {kind} is not supported by the sandbox: {', '.join(INPUT_MEDIA)} are")
    check_fields(item, INPUT_MEDIA[kind], "type")
    media = await media_from(world, call, kind, item.get("media"))
    return {media.kind: media.value} | caption_content(item) | spoiler(item)


def spoiler(values: Any) -> dict[str, Any]:
    """The field that covers a photo."""
    return {"has_media_spoiler": True} if values.get("has_spoiler") else {}
