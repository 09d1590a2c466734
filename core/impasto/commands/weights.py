"""`impasto weights`: the networks' parameters, where they are, and bringing those that are not here."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from impasto.calling import program
from impasto.commands.reading import config_option, reader
from impasto.config import load_settings
from impasto.effects import Weights
from impasto.i18n import Language
from impasto.log import configure_logging
from impasto.plugins import Plugins, load_plugins
from impasto.weights import Soundness, WeightsFault

JSON_REPORT_BYTES = 250_000
"""With --json, progress is told each time that so many bytes have come."""


@click.group()
def weights() -> None:
    """The parameters of the networks: list, fetch, verify, remove."""


@weights.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@config_option
def list_command(config: Path | None, as_json: bool) -> None:
    """Show what there is, where it comes from, and what is here."""
    plugins, language = _plugins(config)
    rows = [_described(plugins, item) for item in plugins.weights.values()]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("Name", "For", "Size", "Licence", "Where"):
        table.add_column(
            heading, justify="right" if heading == "Size" else "left", no_wrap=heading in {"Name", "Size"}
        )
    for item, row in zip(plugins.weights.values(), rows, strict=True):
        table.add_row(
            item.name,
            escape(language(item.purpose)),
            language.byte_size(item.size),
            item.licence,
            _where(item, row),
        )
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    console.print(
        f"\nYour folder: {plugins.folder.path}. To download: {program()} weights fetch NAME", style="dim"
    )


@weights.command()
@click.argument("names", nargs=-1)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="For programs: progress as lines of JSON; never asks.")
@config_option
def fetch(config: Path | None, names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Download weights by NAMES: of weights, or of effects. Without names, all that are missing."""
    plugins, language = _plugins(config)
    if names:
        wanted = _named(plugins, names)
    else:
        wanted = [item for item in plugins.weights.values() if item.addresses]
    wanted = [item for item in wanted if plugins.folder.locate(item) is None]
    if not wanted:
        click.echo(json.dumps({"done": True}) if as_json else "All of them are here.")
        return
    if not yes and not as_json:
        for item in wanted:
            addresses = " or ".join(item.addresses) or "no address known"
            click.echo(f"{item.name}  {language.byte_size(item.size)}  {item.licence}  {addresses}")
        size = language.byte_size(sum(item.size for item in wanted))
        click.confirm(f"Download {size} into {plugins.folder.path}?", default=True, abort=True)
    failed = _fetch_as_json(plugins, wanted) if as_json else _fetch_with_bars(plugins, wanted)
    if failed and as_json:
        raise click.ClickException("\n".join(failed))
    if failed:
        reasons = "\n".join(failed)
        raise click.ClickException(
            f"{reasons}\nIs this computer online? What has come is kept: say it again to go on."
        )


@weights.command()
@click.argument("names", nargs=-1)
@config_option
def verify(config: Path | None, names: tuple[str, ...]) -> None:
    """Check the files that are here against their checksums: NAMES, or all. Ends with 1 if one is changed."""
    plugins, _language = _plugins(config)
    wanted = _named(plugins, names) if names else list(plugins.weights.values())
    console = Console(highlight=False, soft_wrap=True)
    changed, missing = [], []
    for item in wanted:
        soundness = plugins.folder.check(item)
        if soundness is Soundness.MISSING and not names:
            continue
        if soundness is Soundness.CHANGED:
            changed.append(item.name)
        elif soundness is Soundness.MISSING:
            missing.append(item.name)
        colour = {Soundness.SOUND: "green", Soundness.UNKNOWN: "dim"}.get(soundness, "red")
        console.print(f"[{colour}]{soundness.value:18}[/] {item.name}  {plugins.folder.locate(item) or ''}")
    advice = []
    if changed:
        advice.append(f"changed, so remove and fetch them: {' '.join(changed)}")
    if missing:
        advice.append(f"not here; if they have an address: {program()} weights fetch {' '.join(missing)}")
    if advice:
        raise click.ClickException("\n".join(advice))


@weights.command()
@click.argument("names", nargs=-1, required=True)
@config_option
def remove(config: Path | None, names: tuple[str, ...]) -> None:
    """Delete what was downloaded by NAMES: of weights, or of effects."""
    plugins, _language = _plugins(config)
    faults = []
    for item in _named(plugins, names):
        try:
            click.echo(plugins.folder.remove(item))
        except WeightsFault as fault:
            faults.append(str(fault))
    if faults:
        raise click.ClickException("\n".join(faults))


def _plugins(config: Path | None) -> tuple[Plugins, Language]:
    settings = load_settings(config)
    configure_logging("ERROR")
    plugins = load_plugins(settings.plugins_folder, settings.weights_folder)
    return plugins, reader(settings, plugins)


def _named(plugins: Plugins, names: Iterable[str]) -> list[Weights]:
    """The weights of these names, an effect's name standing for all that it needs."""
    found: dict[str, Weights] = {}
    for name in names:
        if name in plugins.weights:
            found[name] = plugins.weights[name]
        elif name in plugins.effects:
            effect = plugins.effects[name]
            found |= {needed: plugins.weights[needed] for needed in effect.weights}
        else:
            raise click.UsageError(f"there are no weights {name!r}; see: {program()} weights list")
    return list(found.values())


def _described(plugins: Plugins, item: Weights) -> dict[str, Any]:
    located = plugins.folder.locate(item)
    return {
        "name": item.name,
        "size": item.size,
        "licence": item.licence,
        "file": str(located) if located else None,
        "addresses": list(item.addresses),
        "sha256": item.sha256,
        "effects": [
            effect.id
            for effect in plugins.effects.values()
            if item.name in (*effect.weights, *effect.optional_weights)
        ],
    }


def _where(item: Weights, row: dict[str, Any]) -> str:
    if row["file"] in {None, ""}:
        how = "can be downloaded" if item.addresses else f"you may put {item.file} into your folder"
        return f"[yellow]not here: {escape(how)}[/]"
    for source in item.sources:
        scheme, _, name = source.partition(":")
        if scheme == "package" and row["file"].endswith(name.replace("/", os.sep)):
            return f"[green]here, with the package {name.partition('/')[0]}[/]"
    return "[green]here, in your folder[/]"


def _fetch_with_bars(plugins: Plugins, wanted: Iterable[Weights]) -> list[str]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    failed = []
    with Progress(*columns) as bars:
        for item in wanted:
            bar = bars.add_task(item.name, total=item.size)

            def show(done: int, total: int | None, *, bar: Any = bar, size: int = item.size) -> None:
                bars.update(bar, completed=done, total=total or size)

            try:
                plugins.folder.fetch(item, show)
            except WeightsFault as fault:
                failed.append(str(fault))
    return failed


def _fetch_as_json(plugins: Plugins, wanted: Iterable[Weights]) -> list[str]:
    wanted = list(wanted)
    size, before, failed = sum(item.size for item in wanted), 0, []
    for item in wanted:
        try:
            plugins.folder.fetch(item, _json_reporter(before, size))
        except WeightsFault as fault:
            failed.append(str(fault))
        before += item.size
    return failed


def _json_reporter(before: int, size: int) -> Callable[[int, int | None], None]:
    told = 0

    def report(done: int, _total: int | None) -> None:
        nonlocal told
        if done - told >= JSON_REPORT_BYTES:
            told = done
            click.echo(json.dumps({"bytes": before + done, "of": size}))

    return report
