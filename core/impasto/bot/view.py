"""Turns cards and texts into Telegram's HTML and inline keyboards, in the reader's language."""

from __future__ import annotations

from html import escape
from unicodedata import east_asian_width

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from impasto.bot.buttons import pack
from impasto.bot.limits import BUTTON_CHARACTERS
from impasto.bot.replies import Card, Label, Link
from impasto.i18n import Language


def card_html(card: Card, language: Language) -> str:
    """The words of a card, as Telegram's HTML."""
    paragraphs = [escape(language(paragraph)) for paragraph in card.paragraphs]
    if card.heading is not None:
        paragraphs.insert(0, f"<b>{escape(language(card.heading))}</b>")
    if card.names:
        paragraphs.append(" · ".join(escape(language(name)) for name in card.names))
    if card.lines:
        paragraphs.append("\n".join(escape(language(line)) for line in card.lines))
    return "\n\n".join(paragraphs)


def link_keyboard(link: Link, username: str, language: Language) -> InlineKeyboardMarkup:
    """The one button of a link; "start=…" leads to the private chat with the bot of that name."""
    deep = link.address.startswith("start=")
    address = f"https://t.me/{username}?{link.address}" if deep else link.address
    return InlineKeyboardMarkup([[InlineKeyboardButton(language(link.title), url=address)]])


def keyboard(rows: tuple[tuple[Label, ...], ...], language: Language) -> InlineKeyboardMarkup | None:
    """Rows of buttons; None where there are none. A row whose words a phone would cut off becomes several."""
    made = [
        [InlineKeyboardButton(language(label.title), callback_data=pack(label.button)) for label in row]
        for row in rows
    ]
    return InlineKeyboardMarkup([part for row in made for part in _readable(row)]) if made else None


def _readable(row: list[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    most = BUTTON_CHARACTERS.get(len(row), 0)
    if all(_width(button.text) <= most for button in row):
        return [row]
    if len(row) == 3 and len(row[0].text) == len(row[2].text) == 1:  # less, a value, more
        return [[row[1]], [row[0], row[2]]]
    return [[button] for button in row]


def _width(text: str) -> int:
    """How wide it is, in letters: Chinese characters and emoji count twice."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
