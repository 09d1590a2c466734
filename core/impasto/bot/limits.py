"""Telegram's limits, from core.telegram.org/bots/api and /bots/faq, in one place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from telegram import Bot

from impasto.imaging import Output
from impasto.jobs.model import JobOrder

PHOTO = Output("photo", "JPEG", max_bytes=10 * 10**6, max_side_sum=10_000, max_ratio=20)
FILE = Output("file", "PNG", max_bytes=50 * 10**6)


@dataclass(frozen=True, slots=True)
class Files:
    """How large files may be, in bytes: those that are fetched, and those that are sent."""

    download: int
    upload: int

    def outputs(self, order: JobOrder) -> tuple[Output, ...]:
        """The forms in which the results of `order` are wanted."""
        return PHOTO, replace(FILE, format=order.file_format, max_bytes=self.upload)


CLOUD = Files(download=20 * 10**6, upload=FILE.max_bytes)
LOCAL = Files(download=500 * 10**6, upload=500 * 10**6)
"""A Bot API server of one's own takes 2000 MB; but files pass through memory, the core's and a worker's."""


def files(bot: Bot) -> Files:
    """How large the files may be that `bot` fetches and sends."""
    return LOCAL if bot.local_mode else CLOUD


CAPTION_CHARACTERS = 1024
CALLBACK_DATA_BYTES = 64
CALLBACK_ANSWER_CHARACTERS = 200

COMMANDS = 100
COMMAND_DESCRIPTION_CHARACTERS = 256
DESCRIPTION_CHARACTERS = 512
SHORT_DESCRIPTION_CHARACTERS = 120

BUTTON_CHARACTERS = {1: 200, 2: 18, 3: 12, 4: 9, 5: 7}
"""What is read of a button on a phone of 360 pixels, by how many stand in the row; the rest is cut off."""

EDIT_SECONDS = 3.0
"""Between two pieces of news in a chat, at least: about one message a second is allowed, edits counted."""

GROUP_EDIT_SECONDS = 6.0
"""The same in a group, where 20 messages a minute are allowed."""

NEWS_SECONDS = 0.05
"""Between two pieces of news in all chats together: 30 messages a second are allowed."""

ACTION_SECONDS = 5.0
"""How long a client shows "is sending a photo…"."""

PREVIEW_SECONDS = 6.0
"""Between two previews, which are uploads."""
