"""The files of all chats, in memory only and bounded: the oldest are dropped when the budget is used up."""

from __future__ import annotations

import hashlib
import mimetypes
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from impasto.sandbox.errors import bad_request
from impasto.sandbox.limits import DOWNLOAD_BYTES, LOCAL_UPLOAD_BYTES, MIB, UPLOAD_BYTES

BUDGET_BYTES: Final = 512 * MIB

_FOLDERS: Final = {"photo": "photos", "document": "documents", "sticker": "stickers", "voice": "voice"}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file as the server keeps it. `name` is its owner's name for it, `path` the server's own."""

    file_id: str
    unique_id: str
    path: str
    data: bytes
    mime: str
    name: str | None = None

    def described(self, **more: Any) -> dict[str, Any]:
        """The fields that every Bot API object with a file has, and `more`."""
        ids = {"file_id": self.file_id, "file_unique_id": self.unique_id}
        return {**ids, "file_size": len(self.data), **more}


@dataclass(frozen=True, slots=True)
class Media:
    """What a message carries: `kind` names the message's field, `value` is its content there."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """Where a server with --local puts files that the bot asks for. `name` is how it calls the folder itself,

    which is another where it runs on another computer.
    """

    path: Path
    name: Path

    def put(self, name: str, data: bytes) -> str:
        """Write a file; its path, as the server calls it."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return str(self.name / name)


class FileStore:
    """Keeps files by file_id; a file_id once handed out can be sent again while its file is kept.

    With a `local` folder, files of any size are handed out, as paths in there.
    """

    def __init__(self, budget: int = BUDGET_BYTES, *, local: LocalFolder | None = None) -> None:
        self._budget, self.local = budget, local
        self._held = 0
        self._files: dict[str, StoredFile] = {}
        self._by_path: dict[str, str] = {}
        self._media: dict[str, Media] = {}
        self._count = 0

    @property
    def is_local(self) -> bool:
        """Whether this is a server of one's own."""
        return self.local is not None

    @property
    def upload_bytes(self) -> int:
        """The most that a request of the bot may hold."""
        return UPLOAD_BYTES if self.local is None else LOCAL_UPLOAD_BYTES

    def add(self, kind: str, data: bytes, mime: str, name: str | None = None) -> StoredFile:
        """Keep `data` and give it ids; drops the oldest files above the budget."""
        self._count += 1
        digest = hashlib.sha256(kind.encode() + data).hexdigest()
        suffix = mimetypes.guess_extension(mime) or ".bin"
        stored = StoredFile(
            file_id=f"{kind[:2].upper()}AC{secrets.token_urlsafe(42)}",
            unique_id=f"AQAD{digest[:12]}",
            path=f"{_FOLDERS.get(kind, kind)}/file_{self._count}{suffix}",
            data=data,
            mime=mime,
            name=name,
        )
        self._files[stored.file_id] = stored
        self._by_path[stored.path] = stored.file_id
        self._held += len(data)
        while self._held > self._budget and len(self._files) > 1:
            self._drop(next(iter(self._files)))
        return stored

    def _drop(self, file_id: str) -> None:
        stored = self._files.pop(file_id)
        self._by_path.pop(stored.path)
        self._media.pop(file_id, None)
        self._held -= len(stored.data)

    def remember(self, media: Media, *files: StoredFile) -> None:
        """Let `media` be sent again by the file_id of any of `files`."""
        for stored in files:
            self._media[stored.file_id] = media

    def media(self, file_id: str, kind: str) -> Media:
        """What a bot sends again by file_id. Raises `Refused` where the id or its kind is wrong."""
        media = self._media.get(file_id)
        if media is None:
            raise bad_request("wrong file identifier/HTTP URL specified")
        if media.kind != kind:
            raise bad_request(f"can't use file of type {media.kind.title()} as {kind.title()}")
        return media

    def get(self, file_id: str) -> StoredFile | None:
        """The file of that id, if it is still kept."""
        return self._files.get(file_id)

    def at(self, path: str) -> StoredFile | None:
        """The file at a path that getFile gave."""
        return self._files.get(self._by_path.get(path, ""))

    def downloadable(self, file_id: str) -> StoredFile:
        """The file for getFile. Raises `Refused` where it is unknown, dropped or too big for a bot."""
        stored = self._files.get(file_id)
        if stored is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        if self.local is None and len(stored.data) > DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        return stored
