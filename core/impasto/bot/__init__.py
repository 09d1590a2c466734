"""The Telegram side: updates in, dialogue, messages out. Knows effects by their description alone."""

import os

os.environ.setdefault(
    "PTB_TIMEDELTA", "1"
)  # python-telegram-bot's way of durations to come, without its warning
