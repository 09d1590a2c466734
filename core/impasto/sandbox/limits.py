"""Telegram's limits in one place. Source: the Bot API 10 documentation (core.telegram.org/bots/api)."""

from __future__ import annotations

from typing import Final

MIB: Final = 1024 * 1024

UPLOAD_BYTES: Final = 50 * MIB
"""The largest request of a bot."""
LOCAL_UPLOAD_BYTES: Final = 2000 * MIB
"""The same with a server of one's own that runs with --local."""
DOWNLOAD_BYTES: Final = 20 * MIB
"""The largest file that getFile hands out; with --local any."""
PHOTO_BYTES: Final = 10 * MIB
PHOTO_SIDES: Final = 10_000
"""Width and height of a photo together, in pixels."""
PHOTO_RATIO: Final = 20
"""The longer side of a photo divided by the shorter."""
PHOTO_BOUNDS: Final = (90, 320, 800, 1280, 2560)
"""Longest sides, in pixels, of the copies that Telegram keeps of a photo."""
CLIENT_PHOTO_SIDE: Final = 1280
"""To what a person's client shrinks a photo before it sends it."""
THUMBNAIL_SIDE: Final = 320

TEXT: Final = 4096
CAPTION: Final = 1024
CALLBACK_DATA_BYTES: Final = 64
CALLBACK_ANSWER: Final = 200
ALBUM: Final = range(2, 11)
BUTTONS: Final = 100

COMMANDS: Final = 100
COMMAND_DESCRIPTION: Final = 256
NAME: Final = 64
DESCRIPTION: Final = 512
SHORT_DESCRIPTION: Final = 120

POLL_UPDATES: Final = 100
POLL_SECONDS: Final = 50

WEBHOOK_PORTS: Final = (80, 88, 443, 8443)
WEBHOOK_CONNECTIONS: Final = 100
WEBHOOK_CONNECTIONS_LOCAL: Final = 100_000
CERTIFICATE_BYTES: Final = 3 * MIB
