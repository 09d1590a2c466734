"""A file from an address: with progress, going on where a connection broke, whole or not at all."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path

import pooch
import requests

from impasto import __version__

Report = Callable[[int, int | None], None]
"""Takes the bytes that are here, and how many there will be where the server says so."""

RETRIES = 4
"""Further tries of one address after a fault, each going on where the last one ended."""

_CHUNK = 2**16
_TIMEOUT_SECONDS = (15, 60)
"""To connect, and between two pieces."""


class DownloadFailed(Exception):
    """No address gave the file; the message says why, for the owner."""


def download(addresses: Sequence[str], target: Path, sha256: str | None, report: Report) -> str:
    """Bring the file from the first of `addresses` that has it to `target`, and return that address.

    What arrived before a fault is kept in a file beside `target`, NAME.part, and gone on from by the next try
    or call. `sha256` may be the first digits of the checksum. Raises `DownloadFailed`.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for address in addresses:
        try:
            _from_address(address, target, report)
        except (_Refused, requests.RequestException, OSError) as error:
            reasons.append(f"{address}: {_reason(error)}")
            continue
        found = checksum(target)
        if sha256 is None or found.startswith(sha256):
            return address
        target.unlink()
        reasons.append(f"{address}: this is another file than expected (SHA-256 {found}, not {sha256}…)")
    raise DownloadFailed("\n".join(reasons))


def checksum(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Refused(Exception):
    """The server will not give the file, however often it is asked."""


def _from_address(address: str, target: Path, report: Report) -> None:
    pooch.get_logger().setLevel(logging.WARNING)
    registry = pooch.create(
        target.parent,
        base_url="",
        registry={target.name: None},
        urls={target.name: address},
        retry_if_failed=RETRIES,
    )
    target.unlink(missing_ok=True)  # pooch takes what is there for what is wanted
    registry.fetch(target.name, downloader=_Resuming(target.with_name(target.name + ".part"), report))


class _Resuming:
    """A downloader for pooch that keeps what has arrived, and asks for the rest."""

    def __init__(self, part: Path, report: Report) -> None:
        self._part, self._report = part, report
        self._tag = part.with_name(part.name + ".etag")
        """The server's name for the version of the file that the part is of."""
        self._unreached = 0

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        have = self._part.stat().st_size if self._part.is_file() and self._tag.is_file() else 0
        headers = {"Accept-Encoding": "identity", "User-Agent": f"Impasto/{__version__}"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": self._tag.read_text(encoding="utf-8")}
        with self._ask(url, headers) as answer:
            if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                self._forget()
            elif HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise _Refused(f"the server answers {answer.status_code}")
            answer.raise_for_status()
            resumed = answer.status_code == HTTPStatus.PARTIAL_CONTENT
            self._receive(answer, have if resumed else 0)
        self._part.replace(output_file)
        self._forget()

    def _ask(self, url: str, headers: dict[str, str]) -> requests.Response:
        """The server's answer. One that can't be reached twice before anything came is not asked again."""
        try:
            return requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS)
        except requests.ConnectionError:
            self._unreached += 1
            if self._unreached > 1 and not self._part.is_file():
                raise _Refused("the server can't be reached") from None
            raise

    def _receive(self, answer: requests.Response, have: int) -> None:
        length = answer.headers.get("Content-Length")
        total = have + int(length) if length else None
        if tag := answer.headers.get("ETag"):
            self._tag.write_text(tag, encoding="utf-8")
        else:
            self._tag.unlink(missing_ok=True)
        with self._part.open("ab" if have else "wb") as file:
            for piece in answer.iter_content(_CHUNK):
                file.write(piece)
                have += len(piece)
                self._report(have, total)

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    """A fault in the owner's words."""
    match error:
        case requests.HTTPError(response=requests.Response(status_code=code)):
            return f"the server answers {code}"
        case requests.ConnectTimeout() | requests.ReadTimeout():
            return "the server does not answer"
        case requests.ConnectionError() | requests.exceptions.ChunkedEncodingError():
            return "the server can't be reached, or the connection broke"
        case _:
            return str(error)
