"""What people read, word by word, in languages of different kinds: transcripts in tests/chat/transcripts.

When words change on purpose, write them anew and read the difference:
IMPASTO_WRITE_TRANSCRIPTS=1 pytest tests/chat/test_transcripts.py
"""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.people import Person, Seen
from tests.pictures import photo
from tests.studio import Studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRANSCRIPTS = Path(__file__).parent / "transcripts"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    async with Studio(tmp_path_factory.mktemp("data")) as studio:
        yield studio
        assert studio.sandbox.refusals == []


class Recorder:
    """Somebody in the chat, and what was said there."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self.lines: list[str] = []

    async def says(self, words: str, *, button: str = "") -> Seen:
        """Say something; the bot's answer, which has a button with that data if it is named."""
        self._person.looks_away()
        self.lines += ["", f"> {words}"]
        await self._person.say(words)
        return await self.hears(button)

    async def sends(self, caption: str = "", *, button: str = "") -> Seen:
        """Send a photo, and so on."""
        self._person.looks_away()
        self.lines += ["", f"> [photo] {caption}".rstrip()]
        await self._person.send_photo(photo(), caption)
        return await self.hears(button)

    async def taps(self, data: str, on: Seen, *, button: str = "") -> Seen:
        """Tap a button, and so on."""
        self._person.looks_away()
        title = next(key["text"] for row in on.rows for key in row if key["callback_data"] == data)
        self.lines += ["", f"> [{title}]"]
        answer = await self._person.press(data, on=on)
        if answer is not None and answer.text:
            self.lines.append(f"({answer.text})")
        return await self.hears(button)

    async def hears(self, button: str) -> Seen:
        """What comes next, with that button if one is named."""
        seen = await self._person.sees(
            lambda m: not button or any(k["callback_data"].startswith(button) for r in m.rows for k in r), 15
        )
        words = re.sub(r"(· ).*", r"\1…", seen.text) if seen.photo and "🔁" in str(seen.rows) else seen.text
        self.lines += [f"{'[photo] ' if seen.photo else ''}{words}"]
        self.lines += [" ".join(f"[{key['text']}]" for key in row) for row in seen.rows]
        return seen


@pytest.mark.parametrize(("code", "name"), [("en", "Ada"), ("ru", "Лев"), ("ar", "ليلى"), ("de", "Änne")])
async def test_a_first_visit_reads_as_it_was_written(studio: Studio, code: str, name: str) -> None:
    async with await studio.join(name, code) as person:
        chat = Recorder(person)
        menu = await chat.says("/start")
        await chat.taps("y:paint", menu)
        await chat.says("/help")
        menu = await chat.sends()
        card = await chat.taps("y:other", menu, button="e:probe.tint")
        card = await chat.taps("e:probe.tint", card, button="g")
        choices = await chat.taps("o:0", card)
        card = await chat.taps("b", choices, button="c?")
        await chat.taps("c?", card, button="cr")
        await chat.sends("/mirror", button="a:")
        settings = await chat.says("/settings")
        settings = await chat.taps("sv:as_file", settings)
        await chat.taps("sd", settings)
        await chat.says("/status")
        await chat.says("/report")
        await chat.says("The sky is too blue.")
        await chat.says("/privacy")
        await chat.says("/forgetme")
        await chat.says("/cancel")
        await chat.says("/nonsense")
        await chat.says("?")
    said = "\n".join(chat.lines).strip() + "\n"
    path = TRANSCRIPTS / f"{code}.txt"
    if "IMPASTO_WRITE_TRANSCRIPTS" in os.environ:
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")
