"""The conversation without Telegram: whatever a person does, in whatever order, it goes on."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from impasto.bot import cards
from impasto.bot.buttons import (
    AddPicture,
    ChooseEffect,
    ChoosePainting,
    Go,
    Menu,
    OpenOption,
    SetOption,
    ShowCard,
    ShowChoices,
    ShowPaintings,
)
from impasto.bot.events import AgainAsked, Command, Event, OtherSent, Pressed
from impasto.bot.replies import PassReport, Reply, Say, Submit, Toast
from impasto.bot.session import SentPicture, Session
from impasto.jobs.model import PictureRef
from impasto.text import text as _
from tests.chat.talk import EFFECTS, LEARNT, MANY, Chat, jobs, numbers, picture


def test_the_effect_first_and_then_the_picture_makes_a_job() -> None:
    chat = Chat()
    chat.do(Command("start", "Ada"))
    chat.press(ChooseEffect("t.plain"))
    assert jobs(chat.do(picture("a"))) == [{"content": ["a"]}]


def test_the_picture_first_and_then_the_effect_makes_a_job() -> None:
    chat = Chat()
    chat.do(picture("a"))
    assert chat.labels() == ["🎨 plain", "🎨 blend", "🎨 rich"]
    assert jobs(chat.press(ChooseEffect("t.plain"))) == [{"content": ["a"]}]


def test_an_effect_with_two_slots_asks_for_the_second_picture() -> None:
    chat = Chat()
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.blend"))
    assert chat.card is not None
    assert "Now the style." in map(str, chat.card.paragraphs)
    assert jobs(chat.do(picture("b"))) == [{"content": ["a"], "style": ["b"]}]


def test_an_album_fills_the_slots_in_order() -> None:
    chat = Chat()
    chat.do(Command("start"))
    chat.press(ChooseEffect("t.blend"))
    assert jobs(chat.do(picture("a", "album"))) == []
    assert jobs(chat.do(picture("b", "album"))) == [{"content": ["a"], "style": ["b"]}]


def test_an_album_for_an_effect_of_one_picture_is_a_job_for_each() -> None:
    chat = Chat()
    for name in "abc":
        chat.do(picture(name, "album"))
    assert chat.labels() == ["🎨 plain", "🎨 rich"]
    chat.press(ChooseEffect("t.rich"))
    assert "▶️ Start 3 pictures" in chat.labels()
    assert jobs(chat.press(Go())) == [{"content": [name]} for name in "abc"]


def test_an_effect_chosen_first_does_all_pictures_of_an_album_and_then_asks_again() -> None:
    chat = Chat()
    chat.do(Command("start"))
    chat.press(ChooseEffect("t.plain"))
    assert [jobs(chat.do(picture(name, "album"))) for name in "abc"] == [[{"content": [n]}] for n in "abc"]
    assert jobs(chat.do(picture("d"))) == []


def test_a_new_picture_takes_the_place_of_one_that_nothing_was_done_with() -> None:
    chat = Chat()
    chat.do(picture("a"))
    chat.do(picture("b"))
    assert jobs(chat.press(ChooseEffect("t.plain"))) == [{"content": ["b"]}]


def test_options_are_set_by_buttons_that_show_what_is_chosen() -> None:
    chat = Chat()
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.rich"))
    assert chat.labels()[:5] == ["Tint: a", "−", "Power: 0.5", "+", "Dark: no"]
    chat.press(OpenOption(0))
    assert chat.labels() == ["✓ a", "b", "c", "‹ Back"]
    chat.press(SetOption(0, 2))
    chat.press(SetOption(1, 1))
    chat.press(OpenOption(2))
    assert chat.labels()[:5] == ["Tint: c", "−", "Power: 0.75", "+", "Dark: yes"]
    (submit,) = (reply for reply in chat.press(Go()) if isinstance(reply, Submit))
    assert submit.options == {"tint": "c", "power": 0.75, "dark": True}


def test_a_range_stops_at_its_ends() -> None:
    chat = Chat()
    chat.do(picture())
    chat.press(ChooseEffect("t.rich"))
    for _again in range(2):
        chat.press(SetOption(1, 0))
    assert isinstance(chat.press(SetOption(1, 0))[0], Toast)
    assert chat.session.options["power"] == 0


def test_a_button_of_an_old_card_says_so_and_changes_nothing() -> None:
    chat = Chat()
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.rich"))
    assert chat.do(Pressed(Go(), 999_999)) == [Toast(cards.STALE)]
    assert jobs(chat.press(Go())) == [{"content": ["a"]}]


def test_again_brings_back_pictures_and_options_for_another_choice() -> None:
    chat = Chat()
    kept = [SentPicture(PictureRef("a"), 1)]
    chat.do(AgainAsked("t.rich", {"tint": "b", "power": 0.25, "dark": True}, kept))
    assert chat.labels()[:5] == ["Tint: b", "−", "Power: 0.25", "+", "Dark: yes"]
    assert jobs(chat.press(Go())) == [{"content": ["a"]}]


@pytest.mark.parametrize(
    "way_out", [Command("reset"), Command("cancel"), Command("start"), Pressed(Menu(), 0)]
)
def test_a_report_is_the_next_message_alone_and_there_are_ways_out(way_out: Event) -> None:
    chat = Chat()
    words = OtherSent(_("…"))
    chat.do(Command("report"))
    assert PassReport() in chat.do(words)
    assert PassReport() not in chat.do(words)
    chat.do(Command("report"))
    chat.do(way_out)
    assert PassReport() not in chat.do(words)


def test_without_an_owner_nobody_is_asked_for_a_report() -> None:
    chat = Chat(has_owner=False)
    chat.do(Command("report"))
    assert not chat.session.reporting


def test_what_is_not_a_picture_is_answered_and_the_session_goes_on() -> None:
    chat = Chat()
    chat.do(Command("start"))
    chat.press(ChooseEffect("t.blend"))
    chat.do(picture("a"))
    answer = _("Please send a photo.")
    assert chat.do(OtherSent(answer)) == [Say(answer)]
    assert jobs(chat.do(picture("b"))) == [{"content": ["a"], "style": ["b"]}]


ALL = (*EFFECTS, MANY, LEARNT)


class AnyConversation(RuleBasedStateMachine):
    """Taps, pictures and commands in any order."""

    @initialize()
    def begin(self) -> None:
        self.chat = Chat()
        self.chat.house.effects += [MANY, LEARNT]
        self.chat.house.hang(12)
        self.sent = {painting.ref.file_id for painting in self.chat.house.pictures}

    @rule(album=st.sampled_from([None, None, "x", "y"]))
    def send_picture(self, album: str | None) -> None:
        name = f"picture {next(numbers)}"
        self.sent.add(name)
        self.check(self.chat.do(picture(name, album)))

    @rule(name=st.sampled_from(["start", "effects", "help", "cancel", "reset", "report", "language", "x"]))
    def command(self, name: str) -> None:
        self.check(self.chat.do(Command(name)))
        if name in ("start", "cancel", "reset"):
            assert self.chat.session == Session(card_id=self.chat.session.card_id)

    @rule(
        button=st.one_of(
            st.sampled_from([Menu(), Go(), ShowCard(), AddPicture(), None]),
            st.sampled_from([ChooseEffect(e.id) for e in ALL] + [ChooseEffect("no.such")]),
            st.builds(ShowChoices, st.integers(0, 4), st.integers(0, 4)),
            st.builds(ShowPaintings, st.integers(0, 4)),
            st.builds(ChoosePainting, st.sampled_from(["p1", "p12", "gone"])),
            st.builds(OpenOption, st.integers(0, 4)),
            st.builds(SetOption, st.integers(0, 4), st.integers(0, 4)),
        ),
        stale=st.booleans(),
    )
    def press(self, button: object, stale: bool) -> None:
        card_id = None if stale else self.chat.session.card_id
        self.check(self.chat.do(Pressed(button, card_id or 0)))  # type: ignore[arg-type]

    @rule()
    def say(self) -> None:
        self.check(self.chat.do(OtherSent(_("Please send a photo."))))

    def check(self, replies: list[Reply]) -> None:
        assert replies, "everything is answered"
        for submit in (reply for reply in replies if isinstance(reply, Submit)):
            chosen = next(e for e in ALL if e.id == submit.effect_id)
            assert submit.pictures.keys() == {slot.name for slot in chosen.slots}
            for slot in chosen.slots:
                assert slot.minimum <= len(submit.pictures[slot.name]) <= slot.maximum
            assert {ref.file_id for refs in submit.pictures.values() for ref in refs} <= self.sent
            for option in chosen.options:
                option.parse(str(submit.options[option.key]))

    @invariant()
    def pictures_are_never_too_many(self) -> None:
        session = self.chat.session
        chosen = next((e for e in ALL if e.id == session.effect_id), None)
        if chosen is not None and len(chosen.slots) > 1:
            assert len(session.pictures) <= sum(slot.maximum for slot in chosen.slots)


TestAnyConversation = AnyConversation.TestCase
TestAnyConversation.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
