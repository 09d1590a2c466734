"""Asks Telegram whose the bot token on standard input is: exit code 1 where Telegram does not know it.

Where Telegram can't be asked it says why and ends with 0. The argument is the file with the settings, if any.
"""

from __future__ import annotations

import json
import sys
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 15
UNKNOWN_TOKEN = {401, 404}


def base_url(settings: Path) -> str:
    """The address of the Bot API that the settings name, or Telegram's own."""
    try:
        address = str(tomllib.loads(settings.read_text(encoding="utf-8"))["telegram"]["base_url"])
    except (OSError, ValueError, KeyError, TypeError):
        return "https://api.telegram.org/bot"
    return address if urlsplit(address).path.strip("/") else f"{address.rstrip('/')}/bot"


def main() -> int:
    """The exit code."""
    token = sys.stdin.read().strip()
    address = f"{base_url(Path(sys.argv[1]))}{token}/getMe"
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
            said = f"This is the token of @{json.load(answer)['result']['username']}."
    except urllib.error.HTTPError as error:
        if error.code in UNKNOWN_TOKEN:
            return 1
        said = f"Telegram could not say whose this token is (it answered {error.code}); going on."
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = getattr(error, "reason", type(error).__name__)
        said = f"Telegram can't be asked just now whose this token is ({reason}); going on."
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
