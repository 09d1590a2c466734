"""Choosing by the eye: pages of samples and paintings, several styles, options that come, downloads."""

from impasto.bot import cards
from impasto.bot.buttons import (
    AddPicture,
    ChooseEffect,
    ChoosePainting,
    Download,
    Downloads,
    Go,
    OpenOption,
    SetOption,
    ShowCard,
    ShowChoices,
    ShowPaintings,
    StopDownload,
)
from impasto.bot.events import Command, Pressed
from impasto.bot.replies import CloseCard, FetchWeights, PaintingSheet, SampleSheet, StopFetching, Toast
from tests.chat.talk import HEAVY, LEARNT, MANY, Chat, jobs, picture


def chat_with(*effects: object, paintings: int = 0, is_owner: bool = False) -> Chat:
    chat = Chat(is_owner=is_owner)
    chat.house.effects += effects  # type: ignore[arg-type]
    chat.house.hang(paintings)
    return chat


def test_styles_are_leafed_through_as_pictures_from_the_page_of_what_is_chosen() -> None:
    chat = chat_with(LEARNT)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.learnt"))
    chat.press(OpenOption(0))
    assert chat.labels()[0] == "1", "who has not chosen yet begins at the beginning"
    chat.press(SetOption(0, 11))
    chat.press(OpenOption(0))
    assert chat.labels() == [
        "10",
        "11",
        "✓ 12",
        "13",
        "14",
        "15",
        "16",
        "17",
        "18",
        "‹ Page 1",
        "‹ Back",
        "Page 3 ›",
    ]
    assert chat.card is not None
    assert isinstance(chat.card.sheet, SampleSheet)
    assert (chat.card.sheet.values[0], chat.card.sheet.first_number) == ("10", 10)
    assert str(chat.card.names[1]) == "11.\N{NO-BREAK SPACE}look 11"
    chat.press(ShowChoices(0, 2))
    assert chat.labels() == ["19", "20", "‹ Page 2", "‹ Back", "Page 1 ›"]
    chat.press(SetOption(0, 19))
    assert "Style: look 20" in chat.labels()


def test_an_option_that_depends_on_another_comes_with_it() -> None:
    chat = chat_with(LEARNT)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.learnt"))
    assert "Mix: 1.0" not in chat.labels()
    chat.press(SetOption(0, 3))
    assert "Mix: 1.0" in chat.labels()


def test_a_painting_of_the_gallery_takes_the_place_of_a_sent_style() -> None:
    chat = chat_with(MANY, paintings=11)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.many"))
    assert "🖼 Choose a famous painting" in chat.labels()
    chat.press(ShowPaintings(1))
    assert chat.labels() == ["10", "11", "‹ Page 1", "‹ Back", "Page 1 ›"]
    assert chat.card is not None
    assert isinstance(chat.card.sheet, PaintingSheet)
    chat.press(ChoosePainting("p11"))
    assert [str(line) for line in chat.card.lines] == ["Photo: 1 · Style: 1", "🖼 Artist – Title 11 – 1889"]
    assert jobs(chat.press(Go())) == [{"content": ["a"], "style": ["gallery:p11"]}]


def test_back_from_the_gallery_asks_for_the_picture_again() -> None:
    chat = chat_with(MANY, paintings=1)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.many"))
    chat.press(ShowPaintings(0))
    chat.press(ShowCard())
    assert "🖼 Choose a famous painting" in chat.labels()


def test_without_paintings_there_is_no_gallery() -> None:
    chat = chat_with(MANY)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.many"))
    assert chat.labels() == ["‹ Back"]
    assert chat.press(ShowPaintings(0)) == [Toast(cards.STALE)]


def test_a_painting_that_is_gone_is_said_to_be() -> None:
    chat = chat_with(MANY, paintings=2)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.many"))
    chat.house.pictures.pop()
    assert chat.press(ChoosePainting("p2")) == [Toast(cards.STALE)]


def test_several_styles_are_added_one_by_one_with_a_weight_each() -> None:
    chat = chat_with(MANY, paintings=1)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.many"))
    chat.do(picture("b"))
    assert "➕ Another picture: Style" in chat.labels()
    assert "Second: 1.0" not in chat.labels()
    chat.press(AddPicture())
    chat.do(picture("c"))
    assert "Second: 1.0" in chat.labels()
    chat.press(AddPicture())
    chat.press(ChoosePainting("p1"))
    assert "➕ Another picture: Style" not in chat.labels(), "three are all that fit"
    assert jobs(chat.press(Go())) == [{"content": ["a"], "style": ["b", "c", "gallery:p1"]}]


def test_adding_can_be_taken_back() -> None:
    chat = chat_with(MANY)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.many"))
    chat.do(picture("b"))
    chat.press(AddPicture())
    chat.press(ShowCard())
    assert jobs(chat.press(Go())) == [{"content": ["a"], "style": ["b"]}]


def test_a_picture_sent_to_the_open_card_is_one_more_style_and_after_the_last_a_new_wish() -> None:
    chat = chat_with(MANY)
    chat.do(picture("a"))
    chat.press(ChooseEffect("t.many"))
    for name in "bc":
        chat.do(picture(name))
    assert chat.card is not None
    assert [str(line) for line in chat.card.lines] == ["Photo: 1 · Style: 2"]
    chat.do(picture("d"))
    chat.do(picture("e"))
    assert [sent.ref.file_id for sent in chat.session.pictures] == ["e"]


def test_an_album_brings_content_and_all_styles_at_once() -> None:
    chat = chat_with(MANY)
    chat.do(Command("start"))
    chat.press(ChooseEffect("t.many"))
    for name in "abc":
        chat.do(picture(name, "album"))
    assert jobs(chat.press(Go())) == [{"content": ["a"], "style": ["b", "c"]}]


def test_the_owner_is_offered_downloads_with_their_size_and_nobody_else_is() -> None:
    owner, other = chat_with(is_owner=True), chat_with()
    for chat in (owner, other):
        chat.house.wanting.append(HEAVY)
        chat.do(Command("start"))
    assert "⬇️ More effects" not in other.labels()
    assert isinstance(other.press(ChooseEffect("t.heavy"))[0], Toast)
    assert other.press(Download("t.heavy")) == [Toast(cards.STALE)]

    assert "⬇️ More effects" in owner.labels()
    owner.press(Downloads())
    assert owner.card is not None
    label = owner.card.rows[0][0].title
    assert owner.language(label) == "🎨 heavy · 45 MB"
    owner.press(ChooseEffect("t.heavy"))
    assert owner.language(owner.card.paragraphs[1]) == "A download of 45 MB from example.org. Licence: MIT."
    assert owner.press(Download("t.heavy")) == [CloseCard(), FetchWeights("t.heavy")]
    assert owner.do(Pressed(StopDownload("t.heavy"), 5)) == [StopFetching("t.heavy")]


def test_what_was_downloaded_is_an_effect_like_any_other() -> None:
    chat = chat_with(is_owner=True)
    chat.house.effects.append(HEAVY)
    chat.do(picture("a"))
    assert jobs(chat.press(ChooseEffect("t.heavy"))) == [{"content": ["a"]}]
