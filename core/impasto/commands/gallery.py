"""`impasto gallery`: the paintings that styles can be chosen from."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from impasto.commands.reading import config_option
from impasto.config import load_settings
from impasto.gallery.paintings import Gallery
from impasto.log import configure_logging


@click.group()
def gallery() -> None:
    """Famous paintings to choose styles from: list, fetch."""


@gallery.command("list")
@config_option
def list_command(config: Path | None) -> None:
    """Show the paintings in your folder."""
    owned = Gallery(load_settings(config).gallery_folder)
    configure_logging("WARNING")
    console = Console(highlight=False, soft_wrap=True)
    for painting in owned.paintings():
        console.print(f"{escape(painting.label)}  [dim]{escape(str(painting.path))}[/]")
    console.print(f"\nYour folder: {owned.folder}", style="dim")


@gallery.command()
@config_option
def fetch(config: Path | None) -> None:
    """Download a first set of paintings in the public domain from Wikimedia Commons."""
    from impasto.gallery.commons import fetch_paintings

    folder = load_settings(config).gallery_folder
    configure_logging("ERROR")
    console, lacking = Console(highlight=False, soft_wrap=True), []
    for fetched in fetch_paintings(folder):
        known = fetched.known
        if fetched.fault is None:
            state = "[dim]is here[/]" if fetched.was_here else "[green]has come[/]"
        else:
            state = "[red]has not come[/]"
            lacking.append(f"{known.title}: {fetched.fault}")
        console.print(f"{state}  {known.artist} – {known.title} – {known.year}")
    if lacking:
        reasons = "\n".join(lacking)
        raise click.ClickException(
            f"{len(lacking)} did not come; the others can be used:\n{reasons}\n"
            "Is this computer online? Say the same again to fetch those that lack."
        )
