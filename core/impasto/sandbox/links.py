"""Deep links: https://t.me/BOT?start=PAYLOAD opens the chat with the bot and says "/start PAYLOAD" there."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from impasto.sandbox.errors import bad_request

_HOSTS: Final = ("t.me", "telegram.me", "telegram.dog")
_PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


def start_payload(link: str, username: str) -> str | None:
    """The payload of a link to the bot `username`; None where it only opens the chat.

    Raises `Refused` where the link leads elsewhere, or its payload is none that Telegram would pass on.
    """
    address = urlsplit(link)
    query = parse_qs(address.query, keep_blank_values=True)
    match address.scheme.lower():
        case "http" | "https" if (address.hostname or "") in _HOSTS:
            name = address.path.strip("/")
        case "tg" if address.hostname == "resolve":
            name = query.get("domain", [""])[0]
        case _:
            name = ""
    if name.lower() != username:
        raise bad_request("this link does not lead to the bot")
    payload = query.get("start", [None])[0]
    if payload is not None and not _PAYLOAD.fullmatch(payload):
        raise bad_request("START_PARAM_INVALID")
    return payload
