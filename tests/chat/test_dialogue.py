"""The conversation without Telegram: whatever a person does, in whatever order, it goes on."""

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from impasto.bot import cards
from impasto.bot.buttons import (
    AddPicture,
    ChooseEffect,
    ChoosePainting,
    Close,
    Downloads,
    DropKeptOptions,
    ForgetMe,
    Go,
    KeepOptions,
    Menu,
    OpenOption,
    SetDefaultEffect,
    SetOption,
    SetRatio,
    ShowCard,
    ShowCategory,
    ShowChoices,
    ShowCrop,
    ShowDefaultEffects,
    ShowExample,
    ShowLanguages,
    ShowPaintings,
    ShowSettings,
    ToggleSetting,
    Trim,
    pack,
    unpack,
)
from impasto.bot.events import AgainAsked, Command, Event, OtherSent, PictureSent, Pressed
from impasto.bot.limits import CAPTION_CHARACTERS
from impasto.bot.replies import Card, PassReport, Say, Submit, Toast
from impasto.bot.session import SentPicture, Session
from impasto.bot.view import card_html
from impasto.i18n import Language
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


ALL = (*(replace(effect, command=effect.title.values()["words"]) for effect in EFFECTS), MANY, LEARNT)
PEOPLE = st.integers(0, 2)
PERSONAL = ("settings", "language", "report", "privacy", "forgetme", "about")
BEGIN = ("start", "cancel", "reset")


class AnyConversation(RuleBasedStateMachine):
    """Taps, pictures and commands in any order, by three people; the last of them in a group."""

    @initialize()
    def begin(self) -> None:
        self.chats = [Chat(), Chat(is_owner=True), Chat()]
        self.chats[2].session.in_group = True
        self.sent: list[set[str]] = []
        for chat in self.chats:
            chat.house.effects = list(ALL)
            chat.house.hang(12)
            self.sent.append({painting.ref.file_id for painting in chat.house.pictures})

    def picture(self, who: int, album: str | None) -> PictureSent:
        name = f"picture {next(numbers)}"
        self.sent[who].add(name)
        ref = PictureRef(name, 400, 300, f"{name}-small", (400, 300))
        return PictureSent(SentPicture(ref, next(numbers)), album)

    @rule(who=PEOPLE, album=st.sampled_from([None, None, "x", "y"]))
    def send_picture(self, who: int, album: str | None) -> None:
        self.do(who, self.picture(who, album))

    @rule(
        who=PEOPLE,
        name=st.sampled_from(
            [*BEGIN, *PERSONAL, "effects", "help", "examples", "status", "plain", "blend", "rich", "x"]
        ),
        argument=st.sampled_from(["", "", "t_rich", "settings", "nonsense"]),
        captioned=st.booleans(),
        album=st.sampled_from([None, "x"]),
    )
    def command(self, who: int, name: str, argument: str, captioned: bool, album: str | None) -> None:
        sent = self.picture(who, album).picture if captioned else None
        chat = self.chats[who]
        self.do(who, Command(name, "Ada", argument, sent, album))
        if name in ("cancel", "reset"):
            kept = {"is_owner", "in_group", "preferences", "card_id"}
            start = Session(**{field: getattr(chat.session, field) for field in kept})
            assert chat.session == start

    @rule(
        who=PEOPLE,
        button=st.one_of(
            st.sampled_from([Menu(), Go(), ShowCard(), AddPicture(), ShowCrop(), KeepOptions(), None]),
            st.sampled_from(
                [ShowSettings(), ShowDefaultEffects(), ShowLanguages(), DropKeptOptions(), Close()]
            ),
            st.sampled_from([ForgetMe(), Downloads(), ShowCategory("paint"), ShowCategory("?")]),
            st.sampled_from([ChooseEffect(e.id) for e in ALL] + [ChooseEffect("no.such")]),
            st.sampled_from([SetDefaultEffect(e.id) for e in ALL] + [SetDefaultEffect("")]),
            st.builds(ToggleSetting, st.sampled_from(["as_file", "file_format", "announcements", "?"])),
            st.builds(SetRatio, st.integers(-1, 16), st.integers(-1, 16)),
            st.builds(Trim, st.sampled_from(["left", "top", "right", "bottom", "?"])),
            st.builds(ShowExample, st.integers(-1, 9)),
            st.builds(ShowChoices, st.integers(0, 4), st.integers(0, 4)),
            st.builds(ShowPaintings, st.integers(0, 4)),
            st.builds(ChoosePainting, st.sampled_from(["p1", "p12", "gone"])),
            st.builds(OpenOption, st.integers(0, 4)),
            st.builds(SetOption, st.integers(0, 4), st.integers(0, 4)),
        ),
        stale=st.booleans(),
    )
    def press(self, who: int, button: object, stale: bool) -> None:
        card_id = None if stale else self.chats[who].session.card_id
        self.do(who, Pressed(button, card_id or 0))  # type: ignore[arg-type]

    @rule(who=PEOPLE)
    def say(self, who: int) -> None:
        self.do(who, OtherSent(_("Please send a photo.")))

    def do(self, who: int, event: Event) -> None:
        before = [replace(chat.session) for chat in self.chats]
        replies = self.chats[who].do(event)
        assert replies, "everything is answered"
        assert all(
            chat.session == was
            for n, (chat, was) in enumerate(zip(self.chats, before, strict=True))
            if n != who
        )
        if isinstance(event, PictureSent | OtherSent):
            reports = any(isinstance(reply, PassReport) for reply in replies)
            assert reports == (
                before[who].reporting or before[who].report_album == event.album_id is not None
            )
        for reply in replies:
            if isinstance(reply, Submit):
                self.check_job(who, reply)
            elif isinstance(reply, Card):
                self.check_card(reply)

    def check_job(self, who: int, submit: Submit) -> None:
        chosen = next(e for e in ALL if e.id == submit.effect_id)
        assert submit.pictures.keys() == {slot.name for slot in chosen.slots}
        for slot in chosen.slots:
            assert slot.minimum <= len(submit.pictures[slot.name]) <= slot.maximum
        assert {ref.file_id for refs in submit.pictures.values() for ref in refs} <= self.sent[who]
        for option in chosen.options:
            assert option.accepts(submit.options[option.key])

    def check_card(self, card: Card) -> None:
        for label in (label for row in card.rows for label in row):
            assert unpack(pack(label.button)) == label.button
        assert len(card_html(card, Language("en"))) <= CAPTION_CHARACTERS

    @invariant()
    def pictures_are_never_too_many(self) -> None:
        for session in (chat.session for chat in self.chats):
            chosen = next((e for e in ALL if e.id == session.effect_id), None)
            if chosen is not None and len(chosen.slots) > 1:
                assert len(session.pictures) <= sum(slot.maximum for slot in chosen.slots)


TestAnyConversation = AnyConversation.TestCase
TestAnyConversation.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)
