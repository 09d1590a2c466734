"""Reading requests into memory: JSON, forms, multipart; no temporary files, and never without a bound."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from aiohttp import BodyPartReader, web

from impasto.sandbox.errors import Refused, bad_request
from impasto.sandbox.limits import UPLOAD_BYTES
from impasto.sandbox.parameters import Upload

if TYPE_CHECKING:
    from aiohttp.multipart import MultipartReader

_CHUNK: Final = 2**18
_FIELDS_BYTES: Final = 2**20
_MOST_PARTS: Final = 100


@dataclass(slots=True)
class Body:
    """What a request says: its parameters as they came, and its files (several may have one name)."""

    values: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[str, Upload]] = field(default_factory=list)


async def read_body(request: web.Request, most: int = UPLOAD_BYTES) -> Body:
    """Parameters from the address and from the body. Raises `Refused`: 413 above `most` bytes of files."""
    body = Body(dict(request.query))
    if request.content_type.startswith("multipart/"):
        await _read_multipart(await request.multipart(), body, most)
    elif request.content_type == "application/json":
        body.values |= _json_object(await request.read())
    elif request.content_type == "application/x-www-form-urlencoded":
        body.values |= {
            name: value for name, value in (await request.post()).items() if isinstance(value, str)
        }
    elif request.body_exists:
        raise bad_request("unsupported content type of the request body")
    return body


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data or b"{}")
    except ValueError:
        raise bad_request("can't parse request body as JSON") from None
    if not isinstance(value, dict):
        raise bad_request("the request body must be a JSON Object")
    return value


async def _read_multipart(reader: MultipartReader, body: Body, most: int) -> None:
    """Reads to the end even when refusing, or the client would see a broken pipe in place of the answer."""
    files = fields = parts = 0
    while (part := await reader.next()) is not None:
        parts += 1
        if not isinstance(part, BodyPartReader) or not part.name or parts > _MOST_PARTS:
            raise bad_request("can't parse the multipart body")
        data = bytearray()
        while chunk := await part.read_chunk(_CHUNK):
            files, fields = (files + len(chunk), fields) if part.filename else (files, fields + len(chunk))
            if files <= most and fields <= _FIELDS_BYTES:
                data += chunk
        if part.filename:
            mime = part.headers.get("Content-Type", "application/octet-stream")
            body.files.append((part.name, Upload(bytes(data), part.filename, mime)))
        else:
            body.values[part.name] = data.decode("utf-8", "replace")
    if files > most or fields > _FIELDS_BYTES:
        raise Refused(413, "Request Entity Too Large")
