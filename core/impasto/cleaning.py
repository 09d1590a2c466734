"""A picture without anything but its pixels: no EXIF, no profile, no file name.

Done in a process of its own, since the core never opens people's pictures:
python -m impasto.cleaning turns the picture on standard input into a JPEG on standard output.
"""

from __future__ import annotations

import sys

from impasto.apart import done_apart
from impasto.effects import BadPicture
from impasto.imaging import Output, decode, encode
from impasto.text import text as _

_MOST_PIXELS = 50_000_000
_PHOTO = Output("photo", "JPEG", max_bytes=10 * 10**6, max_side_sum=4000, max_ratio=20)
_BAD = 3


async def cleaned(data: bytes) -> bytes:
    """`data` as a JPEG of its pixels alone. Raises `BadPicture` for what can't be opened or is too narrow."""
    try:
        return await done_apart(__name__, data=data)
    except ChildProcessError as error:
        raise BadPicture(
            _("I can't read this file as a picture. Please send a JPEG, PNG or WebP picture."), str(error)
        ) from error


def main() -> int:
    """Clean what is on standard input."""
    try:
        encoded = encode(decode(sys.stdin.buffer.read(), _MOST_PIXELS).image, _PHOTO)
    except BadPicture as error:
        sys.stderr.write(error.detail)
        return _BAD
    if encoded is None:
        return _BAD
    sys.stdout.buffer.write(encoded.data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
