"""Keyboards: an unknown field, a button without an action or 65 bytes of callback data are refused."""

from __future__ import annotations

import re
from typing import Any, Final

from impasto.sandbox.errors import Refused, bad_request, not_offered
from impasto.sandbox.limits import BUTTONS, CALLBACK_DATA_BYTES
from impasto.sandbox.parameters import check_fields

_URL: Final = re.compile(r"(?:https?://[^\s/]+\.[^\s/]+|https?://localhost|tg://)\S*", re.IGNORECASE)
_BUTTON_LOOK: Final = {"text", "style", "icon_custom_emoji_id"}
_KEYBOARDS: Final = {
    "inline_keyboard": "InlineKeyboardMarkup",
    "keyboard": "ReplyKeyboardMarkup",
    "remove_keyboard": "ReplyKeyboardRemove",
    "force_reply": "ForceReply",
}


def checked_markup(markup: dict[str, Any] | None, *, inline_only: bool = False) -> dict[str, Any] | None:
    """`markup` if Telegram would take it; None where there is none or an inline keyboard without buttons.

    Raises `Refused` with Telegram's words.
    """
    if not markup:
        return None
    name = next((name for name in _KEYBOARDS if name in markup), None)
    if name is None:
        raise bad_request("can't parse reply keyboard markup JSON object")
    if inline_only and name != "inline_keyboard":
        raise bad_request("inline keyboard expected")
    check_fields(markup, _KEYBOARDS[name], name)
    if name not in ("inline_keyboard", "keyboard"):
        return markup
    rows = markup[name]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request(f'field "{name}" must be an Array of Arrays')
    buttons = [button for row in rows for button in row]
    if len(buttons) > BUTTONS:
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    if name == "keyboard":
        for button in buttons:
            _check_text(button if isinstance(button, dict) else {"text": button}, "keyboard")
        return markup
    for button in buttons:
        _check_inline(button)
    return {"inline_keyboard": [row for row in rows if row]} if buttons else None


def _check_text(button: Any, keyboard: str) -> str:
    if not isinstance(button, dict):
        raise bad_request(f"can't parse {keyboard} button: expected an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise bad_request(f'can\'t parse {keyboard} button: Field "text" must be of type String')
    if not text.strip():
        raise bad_request(f"{keyboard} button text must be non-empty")
    return text


def _check_inline(button: Any) -> None:
    text = _check_text(button, "inline keyboard")
    check_fields(button, "InlineKeyboardButton")
    match [name for name in button if name not in _BUTTON_LOOK]:
        case []:
            raise _unparsed("Text buttons are unallowed in the inline keyboard")
        case ["callback_data"]:
            data = button["callback_data"]
            if not isinstance(data, str):
                raise _unparsed('Field "callback_data" must be of type String')
            if not 1 <= len(data.encode()) <= CALLBACK_DATA_BYTES:
                raise bad_request("BUTTON_DATA_INVALID")
        case ["url"]:
            if not isinstance(button["url"], str) or not _URL.fullmatch(button["url"]):
                raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
        case [action]:
            raise not_offered(f"{action} on buttons")
        case actions:
            raise _unparsed(f"button {text!r} has several actions: {', '.join(actions)}")


def _unparsed(reason: str) -> Refused:
    return bad_request(f"can't parse inline keyboard button: {reason}")
