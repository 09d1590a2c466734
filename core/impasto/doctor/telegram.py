"""Checks of what lies between the bot and Telegram: token, network, clock, and who else gets the updates."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from impasto.doctor.case import Case
from impasto.doctor.finding import Finding, doubtful, good, skipped, wrong
from impasto.doctor.patient import COPY_AGAIN

_CLOCK_SECONDS = 60.0
_HOUR = 3600.0
_MANY_UPDATES = 100


async def token(case: Case) -> Finding:
    """Whether there is a token, hidden from others, and known to Telegram."""
    mine = case.patient.token
    if isinstance(mine, Finding):
        return mine
    talk = await case.conversation()
    if talk.fault is not None:
        known = skipped(f"It is there, {mine.place}, and looks right; Telegram could not be asked about it.")
    elif talk.name is None:
        return wrong(
            f"Telegram does not know the token {mine.place}.",
            COPY_AGAIN,
        )
    else:
        known = good(f"@{talk.name}, {mine.place}")
    if mine.open_to_all:
        return doubtful(
            f"{known.detail.removesuffix('.')}. Everybody on this computer may read that, and so be the bot.",
            f"Let your account alone read it: chmod 600 {mine.file}",
        )
    return known


async def network(case: Case) -> Finding:
    """Whether Telegram can be reached."""
    talk = await case.conversation()
    if talk.fault is not None:
        return talk.fault
    way = f" through the proxy {talk.proxy}" if talk.proxy else ""
    return good(f"{talk.server} answers in {max(talk.seconds, 0.01):.2g} s{way}")


async def clock(case: Case) -> Finding:
    """Whether this computer's clock agrees with Telegram's."""
    talk = await case.conversation()
    if talk.clock is None:
        return skipped("Telegram did not say what time it is.")
    if abs(talk.clock) <= _CLOCK_SECONDS:
        return good(f"agrees with that of {talk.server}")
    off = abs(talk.clock)
    amount = f"{off / _HOUR:.1f} hours" if off >= _HOUR else f"{off / 60:.1f} minutes"
    return doubtful(
        f"This computer's clock is {amount} {'fast' if talk.clock > 0 else 'slow'}: quiet hours and the log "
        "are wrong by as much, and when it is too far off, Telegram can't be reached.",
        _set_clock(),
    )


async def updates(case: Case) -> Finding:
    """Whether what people write comes to this bot, and to no other program."""
    talk = await case.conversation()
    if talk.webhook is None:
        return skipped("Telegram could not be asked where it sends what people write.")
    wanted = case.settings.webhook.url if case.settings.webhook else ""
    waiting = talk.webhook.pending_update_count
    waits = f"; {waiting} wait" if waiting else ""
    if talk.webhook.url == wanted:
        if wanted and talk.webhook.last_error_message:
            return doubtful(
                f"Telegram calls {_host(wanted)}, but failed: {talk.webhook.last_error_message}{waits}.",
                "Can that address be reached from outside, and does Impasto run behind it?",
            )
        return good((f"Telegram calls {_host(wanted)}" if wanted else "Impasto asks for them") + waits)
    if not talk.webhook.url:
        return doubtful(
            f"Telegram does not call {_host(wanted)} yet{waits}.",
            "Start Impasto, which tells it to. If it runs: another program with this token told it not to.",
        )
    return doubtful(
        f"Telegram sends what people write to {_host(talk.webhook.url)}: another program uses this token.",
        "Impasto takes over when it starts. Should the other go on, get a second bot from @BotFather; if you "
        "do not know it, let @BotFather revoke the token.",
    )


def _host(url: str) -> str:
    """The server of an address; its path often holds a secret."""
    return urlsplit(url).hostname or "another address"


def _set_clock() -> str:
    if sys.platform == "win32":
        return "As administrator: w32tm /resync"
    return "Set it, and let the system keep it right; with systemd: sudo timedatectl set-ntp true"
