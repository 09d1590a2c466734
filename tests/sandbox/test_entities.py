"""HTML is parsed as strictly as Telegram parses it; offsets are UTF-16, places in errors are bytes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import MessageEntity

from impasto.sandbox.entities import formatted, utf16
from impasto.sandbox.errors import Refused


def entity(kind: str, offset: int, length: int, **more: str) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>bold</b> plain", "bold plain", [entity("bold", 0, 4)]),
        ("🎨<i>x</i>", "🎨x", [entity("italic", 2, 1)]),
        ("<B>a<i>b</i></B>", "ab", [entity("bold", 0, 2), entity("italic", 1, 1)]),
        ("1 &lt; 2 &amp; &quot;3&quot; &#33; &copy;", '1 < 2 & "3" ! &copy;', []),
        (
            '<a href="https://a.b/?x=1&amp;y">q</a>',
            "q",
            [entity("text_link", 0, 1, url="https://a.b/?x=1&y")],
        ),
        ('<pre><code class="language-python">x</code></pre>', "x", [entity("pre", 0, 1, language="python")]),
        ('<span class="tg-spoiler">s</span>', "s", [entity("spoiler", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [entity("expandable_blockquote", 0, 1)]),
        ("  <b> x </b>\n", "x", [entity("bold", 0, 1)]),
        ("see /help", "see /help", [entity("bot_command", 4, 5)]),
        ("<code>/help</code>", "/help", [entity("code", 0, 5)]),
        ("at https://a.b/c.", "at https://a.b/c.", [entity("url", 3, 13)]),
    ],
)
def test_html_becomes_text_and_entities(source: str, text: str, entities: list[dict[str, Any]]) -> None:
    parsed = formatted(source, "HTML", None)
    assert (parsed.text, parsed.entities) == (text, entities)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("ы<p>x</p>", 'Unsupported start tag "p" at byte offset 2'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("x <b", "Unclosed start tag at byte offset 2"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
    ],
)
def test_wrong_html_is_refused_in_telegrams_words(source: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        formatted(source, "HTML", None)
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


def test_other_parse_modes_and_entities_outside_the_text_are_refused() -> None:
    with pytest.raises(Refused, match="unsupported parse_mode"):
        formatted("*x*", "MarkdownV2", None)
    with pytest.raises(Refused, match="ends after the end of the text"):
        formatted("short", None, [entity("bold", 3, 4)])


@given(st.text())
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert formatted(escaped, "HTML", None).text == text.strip()


@given(st.text(alphabet="<>/&ab i=\"'🎨pre;", max_size=40))
def test_any_html_is_parsed_or_refused_and_entities_stay_inside_the_text(source: str) -> None:
    try:
        parsed = formatted(source, "HTML", None)
    except Refused:
        return
    for found in parsed.entities:
        assert 0 <= found["offset"] < found["offset"] + found["length"] <= utf16(parsed.text)
        MessageEntity.de_json(found)
