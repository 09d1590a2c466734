"""Buttons survive the way through Telegram, and strangers' callback data harms nobody."""

from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto.bot.buttons import Button, ChooseEffect, Menu, pack, unpack
from impasto.bot.replies import Label
from impasto.bot.view import keyboard
from impasto.i18n import Language
from impasto.text import verbatim

values = {"int": st.integers(0, 2**40), "str": st.from_regex(r"[a-z0-9.-]{1,40}", fullmatch=True)}
buttons = st.one_of(
    [st.builds(kind, *(values[str(field.type)] for field in fields(kind))) for kind in get_args(Button)]
)


@given(buttons)
def test_a_button_comes_back_as_it_was_in_at_most_64_bytes(button: Button) -> None:
    assert unpack(pack(button)) == button
    assert len(pack(button).encode()) <= 64


@given(st.text())
def test_any_callback_data_is_a_button_or_nothing(data: str) -> None:
    unpack(data)


def test_a_button_that_telegram_would_refuse_is_never_made() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        pack(ChooseEffect("x" * 64))


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (["−", "Strength: 50", "+"], [["−", "Strength: 50", "+"]]),
        (["−", "第二种风格的比例：5", "+"], [["第二种风格的比例：5"], ["−", "+"]]),
        (["−", "Share of a second style: 50", "+"], [["Share of a second style: 50"], ["−", "+"]]),
        (["A short one", "A somewhat longer one"], [["A short one"], ["A somewhat longer one"]]),
        (["‹ Page 3", "‹ Back", "Page 2 ›"], [["‹ Page 3", "‹ Back", "Page 2 ›"]]),
    ],
)
def test_a_row_that_a_phone_would_cut_off_becomes_several(row: list[str], shown: list[list[str]]) -> None:
    markup = keyboard((tuple(Label(verbatim(word), Menu()) for word in row),), Language("en"))
    assert markup is not None
    assert [[button.text for button in row] for row in markup.inline_keyboard] == shown
