"""What can be chosen of an effect: one of several, a number, yes or no; and when it is shown. Data only."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from impasto.text import Text

OptionValue = str | float | bool

KEY = re.compile(r"[a-z][a-z0-9_]*")
"""What keys of options and names of slots look like."""


@dataclass(frozen=True, slots=True)
class WhenPictures:
    """An option that is only shown when the slot has at least so many pictures."""

    slot: str
    count: int


@dataclass(frozen=True, slots=True)
class WhenChanged:
    """An option that is only shown when another one is not at its default."""

    option: str


Condition = WhenPictures | WhenChanged


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a `ChoiceOption` and its title on the button."""

    value: str
    title: Text


@dataclass(frozen=True, slots=True)
class ChoiceOption:
    """One of several values, drawn as buttons with the chosen one marked.

    With `samples`, each choice is shown as a small picture: what the effect makes of one sample picture when
    the option of that key (mostly this one's own) has the choice's value. For quick effects of one slot.
    """

    key: str
    title: Text
    choices: tuple[Choice, ...]
    default: str
    when: Condition | None = None
    samples: str = ""

    def __post_init__(self) -> None:
        _check_key(self.key)
        values = [choice.value for choice in self.choices]
        if len(set(values)) != len(values):
            raise ValueError(f"option {self.key!r} has two choices of one value")
        if self.default not in values:
            raise ValueError(f"option {self.key!r}: default {self.default!r} is not among its choices")

    def accepts(self, value: OptionValue) -> bool:
        """Whether `value` is one that can be chosen."""
        return any(choice.value == value for choice in self.choices)

    def parse(self, raw: str) -> str:
        """The value that `raw` names. Raises `ValueError` with the allowed values otherwise."""
        if raw not in (values := [choice.value for choice in self.choices]):
            raise ValueError(f"{self.key} must be one of {', '.join(values)}, not {raw!r}")
        return raw


@dataclass(frozen=True, slots=True)
class RangeOption:
    """A number between `minimum` and `maximum` in steps, drawn as − value +."""

    key: str
    title: Text
    minimum: float
    maximum: float
    step: float
    default: float
    when: Condition | None = None

    def __post_init__(self) -> None:
        _check_key(self.key)
        if not self.minimum <= self.default <= self.maximum or self.step <= 0:
            raise ValueError(f"option {self.key!r}: minimum ≤ default ≤ maximum, step > 0 does not hold")

    def accepts(self, value: OptionValue) -> bool:
        """Whether `value` is one that can be chosen."""
        if isinstance(value, str | bool):
            return False
        steps = (value - self.minimum) / self.step
        return self.minimum <= value <= self.maximum and abs(steps - round(steps)) <= 1e-6

    def parse(self, raw: str) -> float:
        """`raw` as a number of the range, on one of its steps. Raises `ValueError` otherwise."""
        try:
            value = float(raw)
        except ValueError:
            value = math.nan
        if not self.accepts(value):
            raise ValueError(
                f"{self.key} must be from {self.minimum:g} to {self.maximum:g} in steps of {self.step:g}, "
                f"not {raw}"
            )
        return value


@dataclass(frozen=True, slots=True)
class ToggleOption:
    """Yes or no, drawn as one button."""

    key: str
    title: Text
    default: bool = False
    when: Condition | None = None

    def __post_init__(self) -> None:
        _check_key(self.key)

    def accepts(self, value: OptionValue) -> bool:
        """Whether `value` is one that can be chosen."""
        return isinstance(value, bool)

    def parse(self, raw: str) -> bool:
        """`raw` as yes or no. Raises `ValueError` otherwise."""
        if (word := raw.lower()) in {"1", "yes", "true", "on"}:
            return True
        if word in {"0", "no", "false", "off"}:
            return False
        raise ValueError(f"{self.key} must be yes or no, not {raw!r}")


Option = ChoiceOption | RangeOption | ToggleOption


def _check_key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise ValueError(f"option key {key!r} is not a lower-case identifier")
