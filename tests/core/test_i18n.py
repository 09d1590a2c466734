"""Languages: what a person reads is theirs, whole, and in the order in which they read."""

from pathlib import Path

import pytest

from impasto.bot.desk.commands import OWNER_COMMANDS
from impasto.bot.introduction import longest
from impasto.catalogues import own_project
from impasto.commands.locale import Report, inspect
from impasto.i18n import Language, Languages, shipped_locales
from impasto.text import ByteSize, plural, verbatim
from impasto.text import text as _

FSI, PDI, RLM = "\u2068", "\u2069", "\u200f"


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages([shipped_locales()])


def catalogue(folder: Path, code: str, translations: dict[str, str], name: str = "impasto") -> None:
    path = folder / code / "LC_MESSAGES" / f"{name}.po"
    path.parent.mkdir(parents=True)
    entries = {"": "Content-Type: text/plain; charset=utf-8\n"} | translations
    path.write_text(
        "\n\n".join(f'msgid "{english}"\nmsgstr "{said}"' for english, said in entries.items()).replace(
            "utf-8\n", "utf-8\\n"
        ),
        encoding="utf-8",
    )


def speaking(folder: Path, *codes: str) -> Languages:
    for code in codes:
        catalogue(folder, code, {})
    return Languages([folder])


def arabic(folder: Path, translations: dict[str, str] | None = None) -> Language:
    catalogue(folder, "ar", translations or {})
    return Languages([folder]).get("ar")


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    project = own_project()
    return {report.language: report for report in inspect(project, project.codes(), longest(OWNER_COMMANDS))}


@pytest.mark.parametrize("code", ["en", *own_project().codes()])
def test_every_text_is_translated_and_says_what_the_english_says(
    reports: dict[str, Report], code: str
) -> None:
    wrong = [f"{finding.text!r} {finding.problem}" for finding in reports[code].findings if finding.error]
    assert not wrong, "see: impasto locale check"


@pytest.mark.parametrize(
    ("client", "code"),
    [
        ("ru", "ru"), ("ru-RU", "ru"), ("ru_RU.UTF-8", "ru"), ("uk", "uk"), ("es-419", "es"), ("ar-EG", "ar"),
        ("pt-br", "pt_BR"), ("pt", "pt_BR"), ("pt-pt", "pt_BR"), ("pt-br-raw", "pt_BR"),
        ("zh", "zh_CN"), ("zh-hans", "zh_CN"), ("zh-CN", "zh_CN"), ("zh-hant", "zh_CN"),
        ("zh-hant-tw", "zh_CN"), ("zh-hans-raw", "zh_CN"),
        ("en-GB", "en"), ("nb", "en"), ("be", "en"), ("xx", "en"), ("C", "en"), ("1", "en"), ("", "en"),
        (None, "en"),
    ],
)  # fmt: skip
def test_the_nearest_language_to_the_clients_is_spoken(tmp_path: Path, client: str | None, code: str) -> None:
    spoken = speaking(tmp_path, "ru", "uk", "es", "ar", "pt_BR", "zh_CN")
    assert spoken.get(client).code == code


@pytest.mark.parametrize(
    ("client", "code"),
    [
        ("zh", "zh_CN"), ("zh-hant", "zh_TW"), ("zh-hk", "zh_TW"), ("zh-sg", "zh_CN"),
        ("pt", "pt_BR"), ("pt-pt", "pt_PT"), ("pt-ao", "pt_BR"),
    ],
)  # fmt: skip
def test_of_two_variants_that_in_the_readers_script_or_country_is_nearer(
    tmp_path: Path, client: str, code: str
) -> None:
    assert speaking(tmp_path, "zh_CN", "zh_TW", "pt_BR", "pt_PT").get(client).code == code


def test_languages_are_listed_by_the_names_that_their_speakers_know(tmp_path: Path) -> None:
    spoken = speaking(tmp_path, "ru", "uk", "es", "de", "fr", "pt_BR", "zh_CN", "ar", "ka")
    assert {language.code: language.name for language in spoken.all()} == {
        "en": "English", "ar": "العربية", "de": "Deutsch", "es": "Español", "fr": "Français", "ka": "ქართული",
        "pt_BR": "Português (Brasil)", "ru": "Русский", "uk": "Українська", "zh_CN": "简体中文",
    }  # fmt: skip


def test_a_plugins_catalogue_joins_the_nearest_language_and_begins_none(tmp_path: Path) -> None:
    catalogue(tmp_path / "own", "pt_BR", {"Size": "Tamanho"})
    catalogue(tmp_path / "plugin", "pt", {"Sobel": "Contornos"}, "pencil")
    catalogue(tmp_path / "plugin", "nl", {"Sobel": "Randen"}, "pencil")
    catalogue(tmp_path / "plugin", "klingonese", {"Sobel": "x"}, "pencil")
    spoken = Languages([tmp_path / "own", tmp_path / "plugin"])
    assert spoken.codes == ("en", "pt_BR")
    assert [spoken.get("pt")(_(word)) for word in ("Size", "Sobel")] == ["Tamanho", "Contornos"]


def test_a_strangers_broken_catalogue_leaves_its_texts_in_english(tmp_path: Path) -> None:
    catalogue(tmp_path, "de", {"Size": "Größe"})
    broken = tmp_path / "plugin" / "de" / "LC_MESSAGES" / "x.po"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b'msgid ""\nmsgstr "Plural-Forms: nplurals=2; plural=import os;\\n"\n\xff')
    german = Languages([tmp_path, tmp_path / "plugin"]).get("de")
    assert [german(_(word)) for word in ("Size", "Sobel")] == ["Größe", "Sobel"]


def test_russian_numbers_take_their_three_forms(languages: Languages) -> None:
    ru = languages.get("ru")
    said = [
        ru(plural("{n} picture goes before yours.", "{n} pictures go before yours.", n)) for n in (1, 3, 5)
    ]
    assert said == ["Перед вашей 1 картинка.", "Перед вашей 3 картинки.", "Перед вашей 5 картинок."]


def test_texts_within_texts_are_translated_too(languages: Languages) -> None:
    text = _("{option}: {value}")(option=verbatim("X"), value=_("yes"))
    assert languages.get("ru")(text) == "X: да"


@pytest.mark.parametrize("slip", ["Hallo, {nme}!", "Hallo, {name!", "Hallo, {name.x}!", "Hallo, {name[x]}!"])
def test_a_translators_slip_shows_the_english_instead_of_an_error(tmp_path: Path, slip: str) -> None:
    catalogue(tmp_path, "de", {"Hello, {name}!": slip})
    assert Languages([tmp_path]).get("de")(_("Hello, {name}!")(name="Ada")) == "Hello, Ada!"


def test_quantities_are_written_as_the_reader_writes_them(languages: Languages) -> None:
    en, ru = languages.get("en"), languages.get("ru")
    assert (en.number(1234.5), ru.number(1234.5)) == ("1,234.5", "1\xa0234,5")
    assert (en.duration(100), ru.duration(100)) == ("2 minutes", "2 минуты")
    assert (en.duration(0.2), ru.duration(5)) == ("1 second", "5 секунд")
    assert (en.byte_size(2_500_000), ru.byte_size(2_500_000)) == ("2.5 MB", "2,5 МБ")
    assert en.listing(["a", "b", "c"]) == "a, b, and c"


def test_arabic_quantities_have_latin_digits_arabic_units_and_all_the_plurals() -> None:
    ar = Language("ar")
    assert [ar.duration(n) for n in (1, 2, 3, 11)] == ["ثانية", "ثانيتان", "3 ثوان", "11 ثانية"]
    assert (ar.number(1234.5), ar.percent(0.4), ar.byte_size(2_500_000)) == ("1,234.5", "40%", "2.5 م.ب")


def test_names_stay_whole_among_right_to_left_words(tmp_path: Path) -> None:
    ar = arabic(tmp_path, {"Hello, {name}!": "مرحبا {name}!", "{first} · {second}": "{first} · {second}"})
    assert ar(_("Hello, {name}!")(name="Ada (1)")) == f"مرحبا {FSI}Ada (1){PDI}!"
    assert ar(_("Hello, {name}!")(name="عادل")) == "مرحبا عادل!"
    two = _("{first} · {second}")(first=_("Hello, {name}!")(name="Ada"), second=verbatim("512 px"))
    assert ar(two) == f"مرحبا {FSI}Ada{PDI}! · {FSI}512 px{PDI}"


def test_an_arabic_name_stays_whole_among_left_to_right_words(tmp_path: Path) -> None:
    greeting = _("Hello, {name}!")(name="عادل (1)")
    assert Language("en")(greeting) == f"Hello, {FSI}عادل (1){PDI}!"
    assert arabic(tmp_path)(greeting) == f"Hello, {FSI}عادل (1){PDI}!", "nobody has translated it yet"


def test_an_arabic_line_that_begins_with_something_foreign_still_begins_at_the_right(tmp_path: Path) -> None:
    ar = arabic(
        tmp_path,
        {
            "{bar} {done} of {size}": "{bar} {done} من {size}",
            "Help": "مساعدة:\\n/effects – ما أفعله\\nGatys: رسم بطيء",
        },
    )
    progress = _("{bar} {done} of {size}")(bar="▰▱", done=ByteSize(2_000_000), size=ByteSize(3_000_000))
    assert ar(progress) == f"{RLM}▰▱ 2 م.ب من 3 م.ب"
    assert ar(_("Help")).split("\n") == [
        "مساعدة:",
        f"{RLM}{FSI}/effects{PDI} – ما أفعله",
        f"{RLM}Gatys: رسم بطيء",
    ]
    assert ar(verbatim("• MIT\n• BSD-3")) == f"{RLM}{FSI}• MIT{PDI}\n{RLM}{FSI}• BSD-3{PDI}"


def test_an_arrow_alone_points_where_it_stands(tmp_path: Path) -> None:
    assert arabic(tmp_path)(verbatim("‹")) == "‹"
