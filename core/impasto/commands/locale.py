"""`impasto locale`: for translators, the texts of Impasto or of a plugin and their translations."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import shorten

import click
from rich.console import Console
from rich.markup import escape

from impasto import catalogues
from impasto.catalogues import CatalogueError, Project
from impasto.i18n import SOURCE_LANGUAGE
from impasto.proofreading import Finding, proofread

_SHOWN = 72
"""Characters of a text, which names it to people."""

_plugin_option = click.option(
    "--plugin",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of a plugin's package: its texts, instead of Impasto's own.",
)
_locales_option = click.option(
    "--locales",
    type=click.Path(path_type=Path),
    help="The folder of the catalogues, instead of the usual one.",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was found about one language; about the template, under that of the sources."""

    language: str
    file: Path
    texts: int
    findings: Sequence[Finding]


@click.group()
def locale() -> None:
    """For translators: extract texts, update translations, check them."""


@locale.command()
@_plugin_option
@_locales_option
def extract(plugin: Path | None, locales: Path | None) -> None:
    """Collect the texts of the sources into the template, the .pot file."""
    project = _project(plugin, locales)
    try:
        changed = catalogues.extract(project)
    except CatalogueError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{project.template_path}{'' if changed else ': nothing has changed'}")


@locale.command()
@click.argument("languages", metavar="[LANGUAGE]...", nargs=-1)
@_plugin_option
@_locales_option
def update(languages: tuple[str, ...], plugin: Path | None, locales: Path | None) -> None:
    """Bring the catalogues of these languages up to date with the template, or of all; begin new ones."""
    project = _project(plugin, locales)
    try:
        codes = [catalogues.language_code(code) for code in languages] or project.codes()
        for code in codes:
            new, untranslated = catalogues.update(project, code)
            state = f"{untranslated} to translate" if untranslated else "everything is translated"
            click.echo(f"{project.path(code)}: {'new, ' if new else ''}{state}")
    except CatalogueError as error:
        raise click.ClickException(str(error)) from error


@locale.command()
@click.argument("languages", metavar="[LANGUAGE]...", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@_plugin_option
@_locales_option
def check(languages: tuple[str, ...], as_json: bool, plugin: Path | None, locales: Path | None) -> None:
    """Look for what lacks or would break, in all languages or these. Ends with 1 if there is an error."""
    project = _project(plugin, locales)
    try:
        codes = [catalogues.language_code(code) for code in languages] or project.codes()
        reports = inspect(project, codes, {} if plugin else _longest())
    except CatalogueError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(
            json.dumps([asdict(report) for report in reports], ensure_ascii=False, indent=2, default=str)
        )
    else:
        _print(reports)
    if errors := sum(finding.error for report in reports for finding in report.findings):
        raise click.ClickException(f"{errors} to mend")


def inspect(project: Project, codes: Sequence[str], longest: Mapping[str, int]) -> list[Report]:
    """What is wrong with the template, and with the catalogues of these languages.

    Raises `CatalogueError` where one of them is not there or cannot be read.
    """
    template = project.template()
    findings = list(_of_template(project, longest))
    reports = [Report(SOURCE_LANGUAGE, project.template_path, len(template), findings)]
    for code in codes:
        if code not in project.codes():
            raise CatalogueError(
                f"there is no catalogue of {code}; to begin it: impasto locale update {code}"
            )
        catalogue = catalogues.read(project.path(code))
        found = list(proofread(catalogue, template, longest))
        reports.append(Report(code, project.path(code), len(template), found))
    return reports


def _of_template(project: Project, longest: Mapping[str, int]) -> list[Finding]:
    template = catalogues.ids(project.template())
    found = [
        Finding(text, f"has {len(text)} characters, and Telegram takes {longest[text]}")
        for text, *_plural in template
        if len(text) > longest.get(text, len(text))
    ]
    if project.sources:
        sources = catalogues.ids(catalogues.collect(project))
        found += [
            Finding(ids[0], "is not in the template; run: impasto locale extract")
            for ids in sources
            if ids not in template
        ]
        found += [
            Finding(ids[0], "is no text any more; run: impasto locale extract")
            for ids in template
            if ids not in sources
        ]
    return found


def _project(plugin: Path | None, locales: Path | None) -> Project:
    try:
        return catalogues.plugin_project(plugin, locales) if plugin else catalogues.own_project(locales)
    except CatalogueError as error:
        raise click.ClickException(str(error)) from error


def _longest() -> dict[str, int]:
    from impasto.bot.desk.commands import OWNER_COMMANDS
    from impasto.bot.introduction import longest

    return longest(OWNER_COMMANDS)


def _print(reports: Sequence[Report]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for report in reports:
        errors = sum(finding.error for finding in report.findings)
        console.print(
            f"[bold]{report.language}[/]  {report.texts} texts, errors: {errors}, "
            f"warnings: {len(report.findings) - errors}  [dim]{escape(str(report.file))}[/]"
        )
        for finding in report.findings:
            kind = "[red]error[/]  " if finding.error else "[yellow]warning[/]"
            console.print(f"  {kind}  {escape(shorten(finding.text, _SHOWN))!r} {escape(finding.problem)}")
