"""Catalogues of texts as files: collecting texts from sources, and bringing translations up to date."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.core import get_locale_identifier, parse_locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from impasto import __version__
from impasto.i18n import OWN_CATALOGUE, shipped_locales

_KEYWORDS = {"_": None, "plural": (1, 2)}
_COMMENTS = ("NOTE:",)
"""A comment that begins so, right above a text, is for translators."""
_WIDTH = 110
_REPOSITORY = Path(__file__).parent.parent.parent


class CatalogueError(Exception):
    """Something about the folders or a language is not as it must be; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Project:
    """Whose texts they are: Impasto's own, or a plugin's."""

    name: str
    domain: str
    """What its files are called: DOMAIN.pot, LANGUAGE/LC_MESSAGES/DOMAIN.po."""
    locales: Path
    sources: tuple[Path, ...]
    """The folders with the sources; none where the program was installed without them."""

    @property
    def template_path(self) -> Path:
        """The texts that there are, untranslated."""
        return self.locales / f"{self.domain}.pot"

    def path(self, code: str) -> Path:
        """The catalogue of a language."""
        return self.locales / code / "LC_MESSAGES" / f"{self.domain}.po"

    def codes(self) -> list[str]:
        """The languages that have a catalogue."""
        found = self.locales.glob(f"*/LC_MESSAGES/{self.domain}.po")
        return sorted(path.parent.parent.name for path in found)

    def template(self) -> Catalog:
        """The template as it is. Raises `CatalogueError` where there is none."""
        if not self.template_path.is_file():
            raise CatalogueError(f"there is no {self.template_path}; to make it: impasto locale extract")
        return read(self.template_path)


def own_project(locales: Path | None = None) -> Project:
    """Impasto itself; with `locales`, with the catalogues of that folder."""
    sources = (_REPOSITORY / "core" / "impasto", _REPOSITORY / "plugins")
    there = all(folder.is_dir() for folder in sources)
    return Project("Impasto", Path(OWN_CATALOGUE).stem, shipped_locales(locales), sources if there else ())


def plugin_project(folder: Path, locales: Path | None = None) -> Project:
    """The plugin whose package is `folder`, or the only one in it; its catalogues lie in its `locales`.

    Raises `CatalogueError` where there is no such package.
    """
    if (folder / "__init__.py").is_file():
        packages = [folder.resolve()]
    else:
        packages = sorted(path.parent.resolve() for path in folder.glob("*/__init__.py"))
        packages = [package for package in packages if package.name != "tests"]
    if len(packages) != 1:
        raise CatalogueError(f"{folder} is not the folder of one package; give that with the __init__.py")
    (package,) = packages
    return Project(package.name, package.name, locales or package / "locales", (package,))


def read(path: Path) -> Catalog:
    """A catalogue or template. Raises `CatalogueError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return read_po(file, abort_invalid=True)
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}") from error


def collect(project: Project) -> Catalog:
    """The texts of the sources as a template. Raises `CatalogueError` where there are no sources."""
    if not project.sources:
        raise CatalogueError("the sources are not here; texts are extracted in a checkout of the repository")
    template = Catalog(
        header_comment=f"# The texts of {project.name}.",
        project=project.name,
        version=__version__,
        fuzzy=False,
    )
    for folder in project.sources:
        found = extract_from_dir(
            folder, [("**.py", "python")], keywords=_KEYWORDS, comment_tags=_COMMENTS, strip_comment_tags=True
        )
        for _file, _line, message, comments, _context in found:
            template.add(message, auto_comments=comments)
    return template


def extract(project: Project) -> bool:
    """Write the template. Whether it differs from the one that was there, which keeps its date otherwise."""
    template = collect(project)
    if project.template_path.is_file():
        template.creation_date = project.template().creation_date
        if _written(template) == project.template_path.read_bytes():
            return False
        template.creation_date = Catalog().creation_date
    project.template_path.parent.mkdir(parents=True, exist_ok=True)
    project.template_path.write_bytes(_written(template))
    return True


def update(project: Project, code: str) -> tuple[bool, int]:
    """Bring the texts of a catalogue up to date, or begin it: whether it is new, and how many to translate.

    What is translated stays, what is no text any more goes, nothing is guessed. Raises `CatalogueError` for
    no language, or where there is no template.
    """
    path, template = project.path(code), project.template()
    new = not path.is_file()
    if new:
        name = Locale.parse(code).get_display_name("en")
        catalogue = Catalog(
            locale=code,
            header_comment=f"# {name} translations of {project.name}.",
            project=project.name,
            version=__version__,
            fuzzy=False,
        )
    else:
        catalogue = read(path)
    catalogue.update(template, no_fuzzy_matching=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_written(catalogue))
    return new, sum(not translated(message) for message in catalogue if message.id)


def language_code(code: str) -> str:
    """The code as folders are called: "pt_BR" for "pt-br". Raises `CatalogueError` for no language."""
    try:
        Locale.parse(code.replace("-", "_"))
        return get_locale_identifier(parse_locale(code.replace("-", "_")))
    except (ValueError, UnknownLocaleError) as error:
        raise CatalogueError(f"no language is called {code!r}; try such as de, pt_BR or zh_CN") from error


def forms(message: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """The forms of a message or of its translation: one, or as many as numbers take in its language."""
    return (message,) if isinstance(message, str) else tuple(message)


def ids(catalogue: Catalog) -> list[tuple[str, ...]]:
    """The English texts, each with its plural if it has one."""
    return [forms(message.id) for message in catalogue if message.id]


def translated(message: Message) -> bool:
    """Whether every form has a translation."""
    return all(forms(message.string or ""))


def _written(catalogue: Catalog) -> bytes:
    file = BytesIO()
    write_po(file, catalogue, width=_WIDTH, no_location=True, sort_output=True, ignore_obsolete=True)
    return file.getvalue()
