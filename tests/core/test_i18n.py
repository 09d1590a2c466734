"""Languages: what a person reads is theirs, whole, and says the same as the English."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from impasto.i18n import Languages, shipped_locales
from impasto.text import plural, verbatim
from impasto.text import text as _

ROOT = Path(__file__).parent.parent.parent
LOCALES = ROOT / "locales"
CATALOGUES = sorted(LOCALES.glob("*/LC_MESSAGES/*.po"))


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file)


def forms(message: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def placeholders(message: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", message))


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages([shipped_locales()])


def test_the_template_holds_every_text_of_the_sources_and_no_other() -> None:
    keywords = {"_": None, "plural": (1, 2)}
    found = {
        forms(message)
        for folder in ("core/impasto", "plugins")
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / folder, [("**.py", "python")], keywords=keywords
        )
    }
    template = {forms(message.id) for message in read(LOCALES / "impasto.pot") if message.id}
    assert found == template, "run the two pybabel commands of CONTRIBUTING.md"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_catalogue_translates_every_text_with_the_placeholders_of_the_english(path: Path) -> None:
    catalogue, template = read(path), read(LOCALES / "impasto.pot")
    assert {m.id for m in catalogue} == {m.id for m in template}
    for message in catalogue:
        if message.id:
            check(message, catalogue.num_plurals)


def check(message: Message, num_plurals: int) -> None:
    translations = forms(message.string)
    assert all(translations), f"untranslated: {message.id}"
    assert not message.fuzzy
    if message.pluralizable:
        assert len(translations) == num_plurals
    wanted = set().union(*map(placeholders, forms(message.id)))
    for translation in translations:
        missing = wanted - placeholders(translation) - ({"n"} if message.pluralizable else set())
        assert not missing, f"{translation!r} lacks {missing}"
        assert placeholders(translation) <= wanted, f"{translation!r} has strange placeholders"


@pytest.mark.parametrize(
    ("client", "code"),
    [("ru", "ru"), ("ru-RU", "ru"), ("en-GB", "en"), ("xx", "en"), ("", "en"), (None, "en"), ("pt-br", "en")],
)
def test_the_nearest_language_to_the_clients_is_spoken(
    languages: Languages, client: str | None, code: str
) -> None:
    assert languages.get(client).code == code


def test_russian_numbers_take_their_three_forms(languages: Languages) -> None:
    ru = languages.get("ru")
    said = [
        ru(plural("{n} picture goes before yours.", "{n} pictures go before yours.", n)) for n in (1, 3, 5)
    ]
    assert said == ["Перед вашей 1 картинка.", "Перед вашей 3 картинки.", "Перед вашей 5 картинок."]


def test_texts_within_texts_are_translated_too(languages: Languages) -> None:
    text = _("{option}: {value}")(option=verbatim("X"), value=_("yes"))
    assert languages.get("ru")(text) == "X: да"


def test_names_stay_whole_among_right_to_left_words(tmp_path: Path) -> None:
    (tmp_path / "ar" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "ar" / "LC_MESSAGES" / "x.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Hello, {name}!"\n'
        'msgstr "مرحبا {name}!"\n',
        encoding="utf-8",
    )
    arabic = Languages([tmp_path]).get("ar")
    assert arabic(_("Hello, {name}!")(name="Ada (1)")) == "مرحبا \u2068Ada (1)\u2069!"


def test_a_translators_slip_shows_the_english_instead_of_an_error(tmp_path: Path) -> None:
    (tmp_path / "de" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "de" / "LC_MESSAGES" / "x.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Hello, {name}!"\n'
        'msgstr "Hallo, {nme}!"\n'
    )
    assert Languages([tmp_path]).get("de")(_("Hello, {name}!")(name="Ada")) == "Hello, Ada!"


def test_quantities_are_written_as_the_reader_writes_them(languages: Languages) -> None:
    en, ru = languages.get("en"), languages.get("ru")
    assert (en.number(1234.5), ru.number(1234.5)) == ("1,234.5", "1\xa0234,5")
    assert (en.duration(100), ru.duration(100)) == ("2 minutes", "2 минуты")
    assert (en.duration(0.2), ru.duration(5)) == ("1 second", "5 секунд")
    assert (en.byte_size(2_500_000), ru.byte_size(2_500_000)) == ("2.5 MB", "2,5 МБ")
    assert en.listing(["a", "b", "c"]) == "a, b, and c"
    assert ru.name == "Русский"
