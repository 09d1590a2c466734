"""Telegram's limits, from core.telegram.org/bots/api and /bots/faq, in one place."""

from __future__ import annotations

from impasto.imaging import Output

DOWNLOAD_BYTES = 20 * 10**6
"""getFile gives no larger files."""

PHOTO = Output("photo", "JPEG", max_bytes=10 * 10**6, max_side_sum=10_000, max_ratio=20)
FILE = Output("file", "PNG", max_bytes=50 * 10**6)

CAPTION_CHARACTERS = 1024
CALLBACK_DATA_BYTES = 64
CALLBACK_ANSWER_CHARACTERS = 200

EDIT_SECONDS = 3.0
"""Between two edits of a message, at least."""

PREVIEW_SECONDS = 6.0
"""Between two previews, which are uploads."""
