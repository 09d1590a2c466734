"""Asks Telegram whose a bot token is, for the installers: before anything is changed, with any Python.

As a program it takes the token from standard input; the file with the settings, which need not be there, is
its argument. The exit code is 1 where Telegram does not know the token. Where Telegram can't be asked it says
why and ends with 0.
"""

from __future__ import annotations

import json
import os
import sys
import tomllib
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 15
TELEGRAM = "https://api.telegram.org/bot"


class UnknownToken(Exception):
    """Telegram does not know the token."""


class NotAsked(Exception):
    """Telegram could not say whose the token is; the message, which does not hold it, says why."""


def bot_of(token: str, settings: Path) -> str:
    """The user name of the token's bot, at the server of `settings`. Raises `UnknownToken` or `NotAsked`."""
    try:
        with urllib.request.urlopen(f"{_base_url(settings)}{token}/getMe", timeout=TIMEOUT_SECONDS) as answer:
            return str(json.load(answer)["result"]["username"])
    except urllib.error.HTTPError as error:
        if error.code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
            raise UnknownToken from None
        raise NotAsked(f"it answers {error.code}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotAsked(str(getattr(error, "reason", type(error).__name__))) from None


def _base_url(settings: Path) -> str:
    """As Impasto takes it: from the environment or the settings, with /bot where it is an address alone."""
    address = os.environ.get("IMPASTO_TELEGRAM__BASE_URL")
    if address is None:
        try:
            table = tomllib.loads(settings.read_text(encoding="utf-8"))
            address = str(table["telegram"]["base_url"])
        except (OSError, ValueError, KeyError, TypeError):  # Impasto itself will say what is wrong
            return TELEGRAM
    return address if urlsplit(address).path.strip("/") else f"{address.rstrip('/')}/bot"


def main() -> int:
    """The exit code."""
    try:
        said = f"This is the token of @{bot_of(sys.stdin.read().strip(), Path(sys.argv[1]))}."
    except UnknownToken:
        return 1
    except NotAsked as error:
        said = f"Telegram can't be asked just now whose this token is ({error}); going on."
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
