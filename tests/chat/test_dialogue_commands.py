"""Commands, groups and what comes of them, without Telegram."""

from dataclasses import replace

import pytest

from impasto.bot.buttons import (
    AddPicture,
    ChooseEffect,
    ForgetMe,
    Go,
    Menu,
    ShowCategory,
)
from impasto.bot.desk.commands import OWNER_COMMANDS
from impasto.bot.events import AgainAsked, Command, Joined, OtherSent, PictureSent
from impasto.bot.pages import COMMANDS
from impasto.bot.replies import (
    CancelJobs,
    ExampleSheet,
    ForgetUser,
    PassReport,
    Say,
    SizeSheet,
    Submit,
    TellJobs,
    WelcomeSheet,
)
from impasto.bot.session import SentPicture
from impasto.effects import Category, Choice, ChoiceOption, verbatim
from impasto.jobs.model import PictureRef
from impasto.plugins import RESERVED_COMMANDS
from impasto.text import text as _
from impasto.users import Preferences
from tests.chat.talk import CONTENT, MANY, OPTIONS, STYLE, Chat, effect, jobs, picture


def command(name: str, file: str | None = None, album: str | None = None, argument: str = "") -> Command:
    sent = SentPicture(PictureRef(file), 9) if file else None
    return Command(name, "Ada", argument, sent, album)


def said(chat: Chat, event: object) -> str:
    (reply,) = chat.do(event)  # type: ignore[arg-type]
    assert isinstance(reply, Say)
    return str(reply.message)


def test_every_command_of_the_bot_is_one_that_no_effect_may_have() -> None:
    assert {*COMMANDS, *OWNER_COMMANDS, "id"} == RESERVED_COMMANDS


def test_every_command_is_known() -> None:
    for name in COMMANDS:
        replies = Chat().do(command(name))
        assert "I don't know" not in " ".join(map(str, replies)), name


class TestAnEffectsOwnCommand:
    chat: Chat

    @pytest.fixture(autouse=True)
    def _chat(self) -> None:
        self.chat = Chat()
        self.chat.house.effects = [
            effect("rich", options=OPTIONS, command="rich"),
            effect("blend", (CONTENT, STYLE), command="blend"),
        ]

    def test_under_a_picture_begins_at_once_with_what_the_person_keeps(self) -> None:
        self.chat.session.preferences = Preferences(kept_options={"t.rich": {"tint": "c"}})
        (job,) = (r for r in self.chat.do(command("rich", "a")) if isinstance(r, Submit))
        assert job.pictures["content"][0].file_id == "a"
        assert job.options["tint"] == "c"
        assert job.reply_to == 9

    def test_under_an_album_is_meant_for_all_its_pictures(self) -> None:
        made = [jobs(self.chat.do(command("rich", "a", "album")))]
        made += [jobs(self.chat.do(picture(name, "album"))) for name in "bc"]
        assert made == [[{"content": [name]}] for name in "abc"]
        assert jobs(self.chat.do(picture("d"))) == []

    def test_asks_for_the_second_picture_and_then_begins(self) -> None:
        assert jobs(self.chat.do(command("blend", "a"))) == []
        assert jobs(self.chat.do(picture("b"))) == [{"content": ["a"], "style": ["b"]}]

    def test_without_a_picture_asks_for_it_and_shows_the_options(self) -> None:
        self.chat.do(command("rich"))
        assert jobs(self.chat.do(picture("a"))) == []
        assert jobs(self.chat.press(Go())) == [{"content": ["a"]}]

    def test_an_effect_can_be_reached_by_a_link(self) -> None:
        self.chat.do(command("start", argument="t_blend"))
        assert jobs(self.chat.do(picture("a"))) == []
        assert jobs(self.chat.do(picture("b"))) == [{"content": ["a"], "style": ["b"]}]


class TestManyEffects:
    chat: Chat

    @pytest.fixture(autouse=True)
    def _chat(self) -> None:
        self.chat = Chat()
        self.chat.house.effects = [
            replace(effect(f"e{n}"), category=category)
            for category in (Category.PAINT, Category.ENLARGE)
            for n in range(5 * list(Category).index(category), 5 * list(Category).index(category) + 5)
        ]

    def test_are_shown_by_category(self) -> None:
        self.chat.do(picture("a"))
        assert self.chat.labels() == ["🎨 Paint", "🔍 Enlarge"]
        self.chat.press(ShowCategory("paint"))
        assert self.chat.labels() == [*(f"🎨 e{n}" for n in range(5)), "‹ Back"]
        assert jobs(self.chat.press(ChooseEffect("t.e3"))) == [{"content": ["a"]}]

    def test_the_welcome_shows_categories_and_what_they_look_like(self) -> None:
        self.chat.do(command("start"))
        assert self.chat.labels() == ["🎨 Paint", "🔍 Enlarge"]
        assert self.chat.card is not None
        assert isinstance(self.chat.card.sheet, WelcomeSheet)


class TestReport:
    chat: Chat

    @pytest.fixture(autouse=True)
    def _chat(self) -> None:
        self.chat = Chat()
        self.chat.do(command("report"))

    def test_passes_an_album_on_whole_and_then_no_more(self) -> None:
        assert [r for r in self.chat.do(picture("a", "x")) if isinstance(r, PassReport)] == [PassReport()]
        assert self.chat.do(picture("b", "x")) == [PassReport(more=True)]
        assert not any(isinstance(reply, PassReport) for reply in self.chat.do(picture("c")))

    @pytest.mark.parametrize("undone", [command("cancel"), command("reset"), command("settings")])
    def test_is_undone_by_any_command(self, undone: Command) -> None:
        self.chat.do(undone)
        assert said(self.chat, OtherSent(_("Send me a photo."))) == "Send me a photo."

    def test_is_undone_by_back(self) -> None:
        self.chat.press(Menu())
        assert said(self.chat, OtherSent(_("Send me a photo."))) == "Send me a photo."


class TestInAGroup:
    chat: Chat

    @pytest.fixture(autouse=True)
    def _chat(self) -> None:
        self.chat = Chat()
        self.chat.session.in_group = True
        self.chat.house.effects.append(effect("quick", command="quick"))

    def test_the_bot_says_how_it_is_asked(self) -> None:
        for event in (Joined(), command("start"), command("help")):
            assert "/quick" in said(self.chat, event)

    def test_a_command_in_answer_to_a_picture_makes_a_job(self) -> None:
        assert jobs(self.chat.do(command("quick", "a"))) == [{"content": ["a"]}]

    def test_a_mention_in_answer_to_a_picture_shows_the_menu(self) -> None:
        self.chat.do(command("effects", "a"))
        assert jobs(self.chat.press(ChooseEffect("t.plain"))) == [{"content": ["a"]}]

    @pytest.mark.parametrize("name", ["settings", "report", "language", "privacy", "forgetme"])
    def test_what_is_personal_is_answered_by_a_way_into_the_private_chat(self, name: str) -> None:
        (reply,) = self.chat.do(command(name))
        assert isinstance(reply, Say)
        assert reply.link is not None
        alone = Chat()
        direct, by_link = alone.do(command(name)), alone.do(command("start", argument=name))
        assert reply.link.address == f"start={name}"
        assert direct == by_link


def test_examples_turn_around_and_lead_to_the_effect() -> None:
    chat = Chat()
    sizes = ChoiceOption(
        "size", verbatim("Size"), tuple(Choice(s, verbatim(s)) for s in ("256", "512")), "256"
    )
    chat.house.effects = [effect("plain"), effect("sized", options=(sizes,))]
    chat.do(command("examples"))
    seen = []
    for _page in range(3):
        assert chat.card is not None
        seen.append(chat.card.sheet)
        (forth,) = (label.button for label in chat.card.rows[1] if str(label.title) == "›")
        chat.press(forth)
    plain, sized = chat.house.effects
    assert seen == [ExampleSheet(plain), ExampleSheet(sized), SizeSheet(sized, "size")]
    assert chat.card.sheet == seen[0]
    assert jobs([*chat.press(ChooseEffect("t.plain")), *chat.do(picture("a"))]) == [{"content": ["a"]}]


def test_about_names_the_networks_and_leads_to_the_source() -> None:
    chat = Chat(source_url="https://example.org/impasto")
    chat.house.effects = [effect("heavy", weights=("net",))]
    (reply,) = chat.do(command("about"))
    assert isinstance(reply, Say)
    assert "net: MIT" in str(reply.message)
    assert reply.link is not None
    assert reply.link.address == "https://example.org/impasto"


def test_to_be_forgotten_asks_first_and_then_leaves_nothing() -> None:
    chat = Chat()
    chat.do(picture("a"))
    replies = chat.do(command("forgetme"))
    assert not any(isinstance(reply, ForgetUser) for reply in replies)
    replies = chat.press(ForgetMe())
    assert ForgetUser(all=True) in replies
    assert CancelJobs(tell=False) in replies
    assert chat.session.pictures == []


def test_cancel_closes_what_is_open_and_says_so() -> None:
    chat = Chat()
    assert CancelJobs(tell=True, closed=False) in chat.do(command("cancel"))
    chat.do(picture("a"))
    assert CancelJobs(tell=True, closed=True) in chat.do(command("cancel"))
    assert chat.session.pictures == []


def test_the_status_of_ones_pictures_is_told() -> None:
    assert Chat().do(command("status")) == [TellJobs()]


def at(name: str, seconds: float) -> PictureSent:
    return PictureSent(SentPicture(PictureRef(name), 1), at=seconds)


def test_photos_sent_one_after_another_are_meant_together() -> None:
    chat = Chat()
    chat.do(at("a", 100))
    chat.do(at("b", 104))
    chat.press(ChooseEffect("t.rich"))
    chat.do(at("c", 110))
    assert jobs(chat.press(Go())) == [{"content": [name]} for name in "abc"]


def test_a_photo_sent_later_is_a_new_wish() -> None:
    chat = Chat()
    chat.do(at("a", 100))
    chat.do(at("b", 160))
    assert jobs(chat.press(ChooseEffect("t.plain"))) == [{"content": ["b"]}]


def test_after_again_a_new_photo_is_no_further_style_unless_it_is_asked_for() -> None:
    former = AgainAsked("t.many", {}, [SentPicture(PictureRef("a")), SentPicture(PictureRef("s"))])
    chat = Chat()
    chat.house.effects.append(MANY)
    chat.do(former)
    chat.do(picture("b"))
    assert jobs(chat.press(ChooseEffect("t.plain"))) == [{"content": ["b"]}]
    chat.do(former)
    chat.press(AddPicture())
    chat.do(picture("t"))
    assert jobs(chat.press(Go())) == [{"content": ["a"], "style": ["s", "t"]}]


def test_words_after_report_are_the_report() -> None:
    assert Chat().do(command("report", argument="It is slow.")) == [PassReport(words="It is slow.")]


def test_a_photo_under_an_unknown_command_gets_its_menu_all_the_same() -> None:
    chat = Chat()
    chat.do(command("nonsense", "a"))
    assert jobs(chat.press(ChooseEffect("t.plain"))) == [{"content": ["a"]}]


def test_in_a_group_the_bot_asks_for_what_it_can_hear() -> None:
    chat = Chat()
    chat.session.in_group = True
    chat.house.effects = [effect("blend", (CONTENT, STYLE), command="blend")]
    assert "/blend" in said(chat, command("blend"))
    chat.do(command("blend", "a"))
    assert chat.card is not None
    assert "Send it as an answer to this message." in map(str, chat.card.paragraphs)
    assert chat.do(Command("nonsense", addressed=False)) == []
