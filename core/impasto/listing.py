"""`impasto effects`: what is installed, for people and for programs."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from impasto.calling import program
from impasto.effects import ChoiceOption, Option, RangeOption
from impasto.i18n import Language
from impasto.plugins import Plugins


def describe(plugins: Plugins, language: Language) -> list[dict[str, Any]]:
    """Every effect as JSON-able data, in the order of menus."""
    return [
        {
            "id": effect.id,
            "title": language(effect.title),
            "description": language(effect.description),
            "category": effect.category.value,
            "slots": [
                {"name": slot.name, "minimum": slot.minimum, "maximum": slot.maximum} for slot in effect.slots
            ],
            "options": {option.key: _values(option) for option in effect.options},
            "missing_weights": [weights.name for weights in plugins.missing(effect)],
        }
        for effect in plugins.by_category()
    ]


def print_effects(plugins: Plugins, language: Language) -> None:
    """Every effect on the terminal, and the plugins that were set aside."""
    console = Console(highlight=False, soft_wrap=True)
    for effect in plugins.by_category():
        slots = " ".join(slot.name.upper() for slot in effect.slots)
        console.print(f"[bold]{effect.id}[/] {slots}  {escape(language(effect.title))}")
        console.print(f"    {escape(language(effect.description))}")
        if missing := plugins.missing(effect):
            size = language.byte_size(sum(weights.size for weights in missing))
            fetch = f"{program()} weights fetch {effect.id}  ({size})"
            how = fetch if all(weights.addresses for weights in missing) else ""
            names = ", ".join(weights.name for weights in missing)
            console.print(f"    [red]its weights are not here: {names}[/]  {how}")
        for option in effect.options:
            values = escape(str(_values(option)["values"]))
            console.print(f"    [dim]{option.key}={option.default}  {values}[/]")
    for broken in plugins.broken:
        console.print(f"[red]set aside: {broken.name}: {escape(broken.reason)}[/]")


def _values(option: Option) -> dict[str, Any]:
    match option:
        case ChoiceOption(choices=choices, default=default):
            return {"values": [choice.value for choice in choices], "default": default}
        case RangeOption(minimum=minimum, maximum=maximum, step=step, default=default):
            return {"values": {"from": minimum, "to": maximum, "step": step}, "default": default}
        case _:
            return {"values": [True, False], "default": option.default}
