"""`impasto locale` as a translator uses it, on the package of a plugin."""

import json
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from click.testing import CliRunner, Result

from impasto.cli import command

SOURCE = """
from impasto.effects import plural, text as _

TITLE = _("Pencil")
# NOTE: shown under the picture
ABOUT = _("Drawn by {name}, see /help.")
WARM = _("Nice &amp; <b>warm</b>")
COUNT = plural("{n} line", "{n} lines", 2)
"""
GERMAN = {
    "Pencil": "Bleistift",
    "Drawn by {name}, see /help.": "Gezeichnet von {name}, siehe /help.",
    "Nice &amp; <b>warm</b>": "Schön &amp; <b>warm</b>",
    "{n} line": ("{n} Strich", "{n} Striche"),
}


class Plugin:
    """The package of a plugin, and what the command does to it."""

    def __init__(self, folder: Path, source: str = SOURCE) -> None:
        self.folder = folder / "pencil"
        self.folder.mkdir()
        self.write(source)

    def write(self, source: str) -> None:
        (self.folder / "__init__.py").write_text(source)

    def path(self, code: str) -> Path:
        return self.folder / "locales" / code / "LC_MESSAGES" / "pencil.po"

    def locale(self, *words: str) -> Result:
        return CliRunner().invoke(command, ["locale", *words, "--plugin", str(self.folder)])

    def begin(self, *codes: str) -> None:
        for words in (["extract"], ["update", *codes]):
            result = self.locale(*words)
            assert result.exit_code == 0, result.output

    def read(self, code: str) -> Catalog:
        with self.path(code).open("rb") as file:
            return read_po(file)

    def translate(self, code: str, translations: dict[str, str | tuple[str, ...]]) -> None:
        catalogue = self.read(code)
        for english, said in translations.items():
            catalogue[english].string = said  # type: ignore[index,assignment]
        with self.path(code).open("wb") as file:
            write_po(file, catalogue)

    def check(self, *codes: str) -> tuple[int, dict[str, list[tuple[str, str, bool]]]]:
        """Exit code, and of each language what was found: text, problem, whether it is an error."""
        result = self.locale("check", "--json", *codes)
        return result.exit_code, {
            report["language"]: [tuple(finding.values()) for finding in report["findings"]]
            for report in json.loads(result.stdout)
        }


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    return Plugin(tmp_path)


def test_a_new_language_begins_with_its_plural_forms_and_the_notes_for_translators(plugin: Plugin) -> None:
    plugin.begin("pt-br", "ar")
    arabic = plugin.read("ar")
    assert arabic.num_plurals == 6
    assert plugin.read("pt_BR").plural_expr == "(n > 1)"
    assert arabic["Drawn by {name}, see /help."].auto_comments == ["shown under the picture"]  # type: ignore[index]
    code, found = plugin.check()
    assert code == 1
    assert {problem for _text, problem, _error in found["ar"]} == {"is not translated"}


def test_what_is_done_twice_changes_nothing(plugin: Plugin) -> None:
    plugin.begin("de")
    plugin.translate("de", GERMAN)
    plugin.begin("de")
    files = [plugin.folder / "locales" / "pencil.pot", plugin.path("de")]
    before = [file.read_bytes() for file in files]
    plugin.begin()
    assert [file.read_bytes() for file in files] == before
    assert plugin.check() == (0, {"en": [], "de": []})


def test_new_texts_come_without_a_guess_and_old_ones_go_for_good(plugin: Plugin) -> None:
    plugin.begin("de")
    plugin.translate("de", GERMAN)
    plugin.write(SOURCE.replace('"Pencil"', '"Pencils"'))
    assert plugin.check()[1]["en"] == [
        ("Pencils", "is not in the template; run: impasto locale extract", True),
        ("Pencil", "is no text any more; run: impasto locale extract", True),
    ]
    plugin.begin()
    assert plugin.check() == (1, {"en": [], "de": [("Pencils", "is not translated", True)]})
    assert "Bleistift" not in plugin.path("de").read_text(encoding="utf-8")
    assert plugin.read("de")["{n} line"].string == ("{n} Strich", "{n} Striche")  # type: ignore[index]


@pytest.mark.parametrize(
    ("english", "said", "problem", "error"),
    [
        ("Drawn by {name}, see /help.", "Siehe /help.", "lacks {name}", True),
        ("Drawn by {name}, see /help.", "Von {nme}, {name}, /help.", "has {nme}, which", True),
        ("Drawn by {name}, see /help.", "Von {name.x}, {name}, /help.", "has {name.x}", True),
        ("Drawn by {name}, see /help.", "Von {name, siehe /help.", "has a brace", True),
        ("Drawn by {name}, see /help.", "Von {name}, siehe /hilfe.", "lacks /help", True),
        ("Drawn by {name}, see /help.", " Von {name}, siehe /help.", "begins or ends with", True),
        ("Drawn by {name}, see /help.", "Von {name}, siehe /help!" + "!" * 200, "Telegram takes 200", True),
        ("Drawn by {name}, see /help.", "Von {name}, siehe /help", "ends with no mark, the English", False),
        ("Drawn by {name}, see /help.", "{name}،\\n/help.", "has more or fewer lines", False),
        ("Nice &amp; <b>warm</b>", "Schön <b>warm", "has other markup", True),
        ("Pencil", "Bleistift" * 5, "which is much on a button", False),
        ("{n} line", ("ein Strich", "Striche"), "lacks {n}: 'Striche'", True),
    ],
)  # fmt: skip
def test_what_would_break_is_an_error_and_what_looks_strange_a_warning(
    plugin: Plugin, english: str, said: str | tuple[str, ...], problem: str, error: bool
) -> None:
    plugin.begin("de")
    said = said.replace("\\n", "\n") if isinstance(said, str) else said
    plugin.translate("de", GERMAN | {english: said})
    code, found = plugin.check()
    assert code == (1 if error else 0)
    assert [(text, wrong) for text, what, wrong in found["de"] if problem in what] == [(english, error)]
    assert {text for text, _what, _wrong in found["de"]} == {english}


@pytest.mark.parametrize(
    ("code", "forms"),
    [
        ("ar", ("لا خطوط", "خط واحد", "خطان", "{n} خطوط", "{n} خطًا", "{n} خط")),
        ("zh_CN", ("{n} 条线",)),
        ("fr", ("{n} trait", "{n} traits")),
    ],
)
def test_a_form_of_a_single_number_can_say_it_in_words(
    tmp_path: Path, code: str, forms: tuple[str, ...]
) -> None:
    plugin = Plugin(tmp_path, '_("Fine.")\nplural("{n} line", "{n} lines", 2)')
    plugin.begin(code)
    plugin.translate(code, {"Fine.": {"ar": "حسنًا.", "zh_CN": "好。"}.get(code, "Bien."), "{n} line": forms})
    assert plugin.check() == (0, {"en": [], code: []})


@pytest.mark.parametrize(("code", "form"), [("fr", "un trait"), ("ru", "одна линия")])
def test_a_form_of_several_numbers_says_which(tmp_path: Path, code: str, form: str) -> None:
    plugin = Plugin(tmp_path, 'plural("{n} line", "{n} lines", 2)')
    plugin.begin(code)
    plugin.translate(code, {"{n} line": (form, *["{n}"] * (plugin.read(code).num_plurals - 1))})
    assert plugin.check()[1][code] == [("{n} line", f"lacks {{n}}: {form!r}", True)]


def test_where_the_english_names_no_number_either_a_translator_is_only_reminded(tmp_path: Path) -> None:
    plugin = Plugin(tmp_path, 'plural("this line", "these {n} lines", 2)')
    plugin.begin("ru", "fr")
    plugin.translate("ru", {"this line": ("эта линия", "эти {n} линии", "эти {n} линий")})
    plugin.translate("fr", {"this line": ("ce trait", "ces {n} traits")})
    problem = "says no number, but stands for 21 too: 'эта линия'"
    assert plugin.check() == (0, {"en": [], "fr": [], "ru": [("this line", problem, False)]})


def test_people_read_what_is_wrong_in_words(plugin: Plugin) -> None:
    plugin.begin("de")
    result = plugin.locale("check")
    assert "'Pencil' is not translated" in result.output
    assert result.exit_code == 1
    for words, answer in (
        (["update", "qq"], "no language is called 'qq'"),
        (["check", "fr"], "to begin it: impasto locale update fr"),
    ):
        assert answer in plugin.locale(*words).output
