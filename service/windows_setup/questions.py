"""What the owner is asked at the console, or has said beforehand; checked before anything is changed."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ask_telegram import NotAsked, UnknownToken, bot_of

from windows_setup.hands import Refused

TOKEN = re.compile(r"[0-9]{3,}:[A-Za-z0-9_-]{30,}")
CHAT_ID = re.compile(r"-?[1-9][0-9]{0,15}")

_FORM = "a token looks like 123456789:AA... and comes from @BotFather in Telegram"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Console:
    """The person at the keyboard, if there is one who may be asked."""

    attended: bool
    ask: Callable[[str], str] = input
    ask_unseen: Callable[[str], str] = getpass.getpass

    @classmethod
    def of_this_process(cls, unattended: bool) -> Console:
        """The real one."""
        return cls(not unattended and sys.stdin is not None and sys.stdin.isatty())

    def says_yes(self, question: str) -> bool:
        """Whether the answer is yes; nobody says no."""
        return self.attended and self.ask(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def token(console: Console, file: Path | None, say: Callable[[str], None] = print) -> str:
    """The bot's token. Raises `Refused` where none can be had."""
    if file is not None:
        try:
            said = file.read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"the token file {file} cannot be read: {error}") from error
        if not TOKEN.fullmatch(said):
            raise Refused(f"{file} holds no bot token: {_FORM}")
        return said
    if not console.attended:
        raise Refused("nobody is here to be asked for the token; give it with -TokenFile FILE")
    for _ in range(_TRIES):
        said = console.ask_unseen("The bot's token from @BotFather (it stays unseen): ").strip()
        if TOKEN.fullmatch(said):
            return said
        if "\x16" in said:
            say("Ctrl+V does not paste in this window: use the right mouse button.")
        else:
            say(f"That is not it: {_FORM}.")
    raise Refused(f"no token after {_TRIES} tries; nothing was changed")


def telegram_knows(token: str, settings: Path) -> str | None:
    """The name of the token's bot; None where Telegram can't be reached. Raises `Refused` if it is wrong."""
    try:
        return bot_of(token, settings)
    except UnknownToken:
        raise Refused("Telegram does not know this token; copy it again from @BotFather") from None
    except NotAsked:
        return None


def owner(console: Console, given: str | None, say: Callable[[str], None] = print) -> str:
    """The owner's chat id; empty for none. Raises `Refused` for one that is none."""
    if given is not None:
        if not CHAT_ID.fullmatch(given):
            raise Refused("-Owner needs a numeric chat id such as 123456789, not a name")
        return given
    while console.attended:
        said = console.ask("Your numeric chat id, for reports and errors (Enter for none): ").strip()
        if not said or CHAT_ID.fullmatch(said):
            return said
        say("That is not a number such as 123456789.")
    return ""
