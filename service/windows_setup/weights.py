"""The networks that more effects need: which there are, and fetching those that the owner wants."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from windows_layout import Layout

from windows_setup.hands import Hands, Refused, asked
from windows_setup.questions import Console

ALL, NONE = "all", "none"


@dataclass(frozen=True, slots=True)
class Missing:
    """Weights that can be downloaded; `size` in bytes."""

    name: str
    size: int
    effects: tuple[str, ...]


def fetch(
    hands: Hands, layout: Layout, console: Console, wanted: str | None, say: Callable[[str], None]
) -> None:
    """Fetch what is `wanted` (all, none, or names with commas between), or ask. A failure is only told."""
    if wanted == NONE:
        return
    if hands.dry:
        say(f"    would fetch weights: {wanted or 'ask which'}")
        return
    missing = _missing(layout)
    if wanted is None:
        wanted = _asked_for(console, missing, say)
    names = [item.name for item in missing] if wanted == ALL else [name for name in wanted.split(",") if name]
    if not names:
        return
    try:
        hands.run(
            layout.impasto("weights", "fetch", *names, "--yes"), variables=_variables(layout), shown=True
        )
    except Refused:
        say("Not all weights came (see above). In the chat, More effects brings them later.")


def _asked_for(console: Console, missing: list[Missing], say: Callable[[str], None]) -> str:
    if not missing or not console.attended:
        return ""
    say("More effects can be had, which need a download:")
    for item in missing:
        say(f"  {item.name:32} {item.size / 1e6:7.0f} MB  {', '.join(item.effects)}")
    said = console.ask("Which? Names with commas between, all, or Enter for none (the chat has them too): ")
    return ",".join(name.strip() for name in said.split(","))


def _missing(layout: Layout) -> list[Missing]:
    code, answer = asked(layout.impasto("weights", "list", "--json"), _variables(layout))
    try:
        rows = json.loads(answer) if code == 0 else []
    except ValueError:
        return []
    return [
        Missing(row["name"], row["size"], tuple(row["effects"]))
        for row in rows
        if not row["file"] and row["addresses"]
    ]


def _variables(layout: Layout) -> dict[str, str]:
    """Without the owner's plugins: an administrator should not run what the service's account may write."""
    return layout.variables() | {"IMPASTO_PLUGINS_DIR": str(layout.program / "no-plugins")}
