"""Which part of a picture is taken, without Telegram."""

import pytest

from impasto.bot.buttons import (
    ChooseEffect,
    Go,
    SetRatio,
    ShowCard,
    ShowCrop,
    Trim,
)
from impasto.bot.events import PictureSent
from impasto.bot.replies import (
    CropSheet,
    Submit,
    Toast,
)
from impasto.bot.session import SentPicture
from impasto.crop import Crop
from impasto.jobs.model import PictureRef
from tests.chat.talk import Chat, picture


def shaped(name: str = "p", width: int = 800, height: int = 400) -> PictureSent:
    return PictureSent(SentPicture(PictureRef(name, width, height, f"{name}-small", (width, height)), 7))


class TestCrop:
    chat: Chat

    @pytest.fixture(autouse=True)
    def _chat(self) -> None:
        self.chat = Chat()
        self.chat.do(shaped())
        self.chat.press(ChooseEffect("t.rich"))

    def crop(self) -> Crop | None:
        assert self.chat.card is not None
        assert isinstance(self.chat.card.sheet, CropSheet)
        return self.chat.card.sheet.ref.crop

    def test_a_shape_and_a_side_are_taken_and_the_job_has_them(self) -> None:
        self.chat.press(ShowCrop())
        assert self.crop() is None
        self.chat.press(SetRatio(1, 1))
        assert self.crop() == Crop(0.25, 0, 0.75, 1)
        self.chat.press(Trim("left"))
        assert self.crop() == Crop(0.3, 0, 0.75, 1)
        self.chat.press(ShowCard())
        (job,) = (r for r in self.chat.press(Go()) if isinstance(r, Submit))
        assert job.pictures["content"][0].crop == Crop(0.3, 0, 0.75, 1)

    def test_the_whole_picture_is_one_tap_away(self) -> None:
        self.chat.press(SetRatio(16, 9))
        self.chat.press(SetRatio(0, 0))
        assert self.crop() is None

    def test_something_is_always_left(self) -> None:
        replies = [self.chat.press(Trim("top")) for _ in range(30)]
        assert isinstance(replies[-1][0], Toast)
        crop = self.chat.session.pictures[0].ref.crop
        assert crop is not None
        assert crop.bottom - crop.top >= 0.1 - 1e-9

    @pytest.mark.parametrize("button", [SetRatio(-1, 4), Trim("middle"), SetRatio(0, 5)])
    def test_a_shape_that_there_is_not_changes_nothing(self, button: object) -> None:
        self.chat.press(button)
        assert self.chat.session.pictures[0].ref.crop is None

    def test_is_not_offered_where_it_is_not_clear_of_what(self) -> None:
        chat = Chat()
        chat.do(picture("a"))
        chat.press(ChooseEffect("t.rich"))
        assert "✂️ Crop" not in chat.labels()
        assert isinstance(chat.press(ShowCrop())[0], Toast)
