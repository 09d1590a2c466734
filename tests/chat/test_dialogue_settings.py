"""Settings, kept choices and a first choice, without Telegram."""

import pytest

from impasto.bot.buttons import (
    ChooseEffect,
    ChooseLanguage,
    Close,
    DropKeptOptions,
    Go,
    KeepOptions,
    Menu,
    OpenOption,
    SetDefaultEffect,
    SetOption,
    ShowCard,
    ShowDefaultEffects,
    ShowSettings,
    ToggleSetting,
)
from impasto.bot.events import Command, PictureSent
from impasto.bot.replies import (
    SetPreferences,
    Submit,
    Toast,
)
from impasto.bot.session import SentPicture
from impasto.jobs.model import PictureRef
from impasto.users import Preferences
from tests.chat.talk import Chat, jobs, picture


class TestSettings:
    chat: Chat

    @pytest.fixture(autouse=True)
    def _chat(self) -> None:
        self.chat = Chat()

    def set(self, button: object) -> Preferences:
        changes = [r.preferences for r in self.chat.press(button) if isinstance(r, SetPreferences)]
        assert changes == [self.chat.session.preferences]
        return changes[0]

    def test_results_come_as_the_person_likes(self) -> None:
        self.chat.do(Command("settings"))
        assert "Results: photos" in self.chat.labels()
        assert self.set(ToggleSetting("as_file")).as_file
        assert "Results: files in full size" in self.chat.labels()
        assert self.set(ToggleSetting("file_format")).file_format == "JPEG"
        assert not self.set(ToggleSetting("announcements")).announcements

    def test_a_setting_that_there_is_not_is_a_stale_button(self) -> None:
        self.chat.do(Command("settings"))
        assert isinstance(self.chat.press(ToggleSetting("nonsense"))[0], Toast)

    def test_a_default_effect_with_its_strength_is_offered_for_every_picture(self) -> None:
        self.chat.do(Command("settings"))
        self.chat.press(ShowDefaultEffects())
        assert "✓ ask me" in self.chat.labels()
        assert self.set(SetDefaultEffect("t.rich")).default_effect == "t.rich"
        self.chat.press(SetOption(1, 1))
        assert self.set(KeepOptions()).kept_options == {"t.rich": {"power": 0.75}}
        assert "For every photo: 🎨 rich" in self.chat.labels()
        self.chat.press(Close())
        self.chat.do(picture("a"))
        (job,) = (r for r in self.chat.press(Go()) if isinstance(r, Submit))
        assert (job.effect_id, job.options["power"]) == ("t.rich", 0.75)

    def test_behind_the_default_effect_there_are_the_others(self) -> None:
        self.chat.session.preferences = Preferences(default_effect="t.rich")
        self.chat.do(picture("a"))
        self.chat.press(Menu())
        assert jobs(self.chat.press(ChooseEffect("t.plain"))) == [{"content": ["a"]}]

    def test_with_a_result_the_person_goes_on_to_something_else(self) -> None:
        self.chat.session.preferences = Preferences(default_effect="t.rich")
        self.chat.do(PictureSent(SentPicture(PictureRef("made")), is_result=True))
        assert "🎨 plain" in self.chat.labels()

    def test_a_default_effect_that_is_gone_is_asked_about_again(self) -> None:
        self.chat.session.preferences = Preferences(default_effect="t.gone")
        self.chat.do(picture("a"))
        assert "🎨 plain" in self.chat.labels()

    def test_a_choice_is_kept_from_the_card_and_can_be_dropped(self) -> None:
        self.chat.do(picture("a"))
        self.chat.press(ChooseEffect("t.rich"))
        assert "📌 Keep this choice" not in self.chat.labels()
        self.chat.press(OpenOption(2))
        assert "📌 Keep this choice" in self.chat.labels()
        assert self.set(KeepOptions()).kept_options == {"t.rich": {"dark": True}}
        assert "📌 Keep this choice" not in self.chat.labels()
        self.chat.do(Command("settings"))
        assert "Forget my choices for 1 effect" in self.chat.labels()
        assert self.set(DropKeptOptions()).kept_options == {}

    def test_what_was_kept_of_a_choice_that_is_gone_is_passed_over(self) -> None:
        self.chat.session.preferences = Preferences(
            kept_options={"t.rich": {"tint": "gone", "power": 17, "dark": True, "old": 1}}
        )
        self.chat.do(picture("a"))
        self.chat.press(ChooseEffect("t.rich"))
        assert self.chat.session.options == {"tint": "a", "power": 0.5, "dark": True}

    def test_the_settings_lead_back_from_the_options(self) -> None:
        self.chat.do(Command("settings"))
        self.chat.press(SetDefaultEffect("t.rich"))
        self.chat.press(OpenOption(0))
        self.chat.press(ShowCard())
        assert "📌 Keep" in self.chat.labels()
        self.chat.press(ShowSettings())
        assert not self.chat.session.keeping
        assert jobs(self.chat.do(picture("a"))) == []

    def test_the_language_is_a_setting(self) -> None:
        self.chat.do(Command("language"))
        assert self.set(ChooseLanguage("en")).language == "en"
