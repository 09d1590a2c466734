"""The command line: run, sandbox, apply, effects; the other commands are in `impasto.commands`."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import NoReturn

import click

from impasto import __version__
from impasto.arrangements import no_log_file
from impasto.calling import program
from impasto.commands.doctor import doctor
from impasto.commands.gallery import gallery
from impasto.commands.locale import locale
from impasto.commands.reading import config_option, reader
from impasto.commands.weights import weights
from impasto.config import ConfigurationError, Settings, load_settings
from impasto.crash import leave_no_picture
from impasto.database import NoRoom
from impasto.lifecycle import EXIT_CONFIGURATION, MISCONFIGURED, stop_event
from impasto.log import configure_logging
from impasto.plugins import load_plugins
from impasto.systemd import Systemd

log = logging.getLogger(__name__)


def main() -> None:
    """Run the command line; a wrong configuration ends with exit code 78, a full disk with 1: try again."""
    leave_no_picture()
    systemd = Systemd.of_this_process()
    try:
        command(standalone_mode=False, obj=systemd)
    except click.exceptions.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ConfigurationError as error:
        _end_misconfigured(error, systemd)
    except NoRoom as error:
        _say(error)
        sys.exit(1)
    except ExceptionGroup as group:
        wrong, other = group.split(ConfigurationError)
        if wrong is None or other is not None:
            raise
        _end_misconfigured(_first(wrong), systemd)


def _end_misconfigured(error: BaseException, systemd: Systemd | None) -> NoReturn:
    _say(error)
    if systemd is not None:
        systemd.tell(STATUS=f"{MISCONFIGURED}: {' '.join(str(error).split())}")
    sys.exit(EXIT_CONFIGURATION)


def _say(error: BaseException) -> None:
    """Tell why this ends, as all else is told: in the log, once there is one."""
    if logging.getLogger().handlers:
        log.critical("%s", error)
    else:
        click.echo(f"impasto: {error}", err=True)


def _first(error: BaseException) -> BaseException:
    """The first single exception in groups of groups."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="impasto")
def command() -> None:
    """Impasto: a Telegram image studio for your own desktop and its GPU."""


command.add_command(doctor)
command.add_command(weights)
command.add_command(gallery)
command.add_command(locale)


@command.command()
@config_option
@click.pass_obj
def run(systemd: Systemd | None, config: Path | None) -> None:
    """Run the bot until it is asked to stop (Ctrl-C, SIGTERM)."""
    from impasto.bot.application import serve

    os.umask(0o077)  # who writes to the bot, and what the log says, is for this account alone
    settings = load_settings(config)
    secrets: tuple[str, ...] = ()
    try:
        secrets = (settings.bot_token(),)
    finally:  # that there is none is for the log, too
        _log_as(settings, secrets)
    for secret in ("IMPASTO_TOKEN", "IMPASTO_WEBHOOK__SECRET"):
        os.environ.pop(secret, None)  # workers, and plugins in them, have no business with it

    async def until_stopped() -> None:
        await serve(settings, stop_event(on_eof=settings.stop_on_eof), systemd)

    asyncio.run(until_stopped())


def _log_as(settings: Settings, secrets: tuple[str, ...]) -> None:
    file = settings.log_file
    try:
        configure_logging(settings.log_level, secrets, form=settings.log_format, file=file)
    except OSError as error:
        if file is None:
            raise
        configure_logging(settings.log_level, secrets, form=settings.log_format)
        raise no_log_file(file, error) from error


@command.command()
@click.option("--port", default=8765, show_default=True, help="Where the page is served, on 127.0.0.1 alone.")
@click.option("--browser/--no-browser", default=True, help="Open the page.")
@config_option
def sandbox(config: Path | None, port: int, browser: bool) -> None:
    """Try the bot in the browser: no token, no Telegram, the real effects."""
    from impasto.bot.application import serve
    from impasto.sandbox.server import Sandbox

    owned = load_settings(config)

    async def until_stopped(data_dir: str) -> None:
        server = Sandbox(port=port)
        try:
            await server.start()
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            words = f"The page can't be at port {port}: {reason}. Choose another: --port"
            raise click.ClickException(words) from error
        try:
            settings = load_settings(
                config,
                token=server.token,
                token_file=None,
                owner=server.owner_id,
                telegram={"base_url": server.base_url, "base_file_url": server.base_file_url, "local": False},
                webhook=None,
                data_dir=data_dir,  # the chats are gone with the page, so are their jobs
                weights_dir=owned.weights_folder,
                plugins_dir=owned.plugins_folder,
                gallery_dir=owned.gallery_folder,
                samples_dir=owned.samples_folder,
                metrics=None,  # the port is that of the bot itself, which may run beside it
            )
            configure_logging(settings.log_level)
            click.echo(f"\n  Open {server.page_url} and send the bot a photo. Ctrl-C ends it.\n")
            if browser:
                webbrowser.open(server.page_url)
            await serve(settings, stop_event(on_eof=settings.stop_on_eof))
        finally:
            await server.stop()

    with tempfile.TemporaryDirectory(prefix="impasto-sandbox-") as data_dir:
        asyncio.run(until_stopped(data_dir))


@command.command()
@click.argument("effect")
@click.argument(
    "pictures", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A file, or a folder.")
@click.option("--option", "given", multiple=True, metavar="KEY=VALUE", help="See: impasto effects")
@click.option("--seed", default=0, show_default=True)
@click.option("--details", is_flag=True, help="Write curves that the effect records, such as losses, too.")
@config_option
def apply(
    config: Path | None,
    effect: str,
    pictures: tuple[Path, ...],
    output: Path,
    given: tuple[str, ...],
    seed: int,
    details: bool,
) -> None:
    """Apply EFFECT to PICTURES: for effects with two pictures, the photo first and then the style."""
    from impasto import apply as applying
    from impasto.effects import EffectError

    settings = load_settings(config)
    configure_logging("WARNING")
    plugins = load_plugins(settings.plugins_folder, settings.weights_folder)
    language = reader(settings, plugins)
    if (chosen := plugins.effects.get(effect)) is None:
        raise click.UsageError(f"there is no effect {effect!r}; there are: {', '.join(plugins.effects)}")
    if missing := plugins.missing(chosen):
        names = ", ".join(weights.name for weights in missing)
        raise click.ClickException(
            f"the weights of {effect} are not here: {names}; get them by: {program()} weights fetch {effect}"
        )
    try:
        jobs = applying.plan(chosen, pictures, output)
        options = applying.parse_options(chosen, given)
        asyncio.run(applying.apply(settings, chosen, jobs, options, seed, language, details))
        for _slots, target in jobs:
            click.echo(target)
    except applying.WrongUse as error:
        raise click.UsageError(str(error)) from error
    except EffectError as error:
        log.warning("%s", error.detail)
        raise click.ClickException(language(error.user_message)) from error


@command.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@config_option
def effects(config: Path | None, as_json: bool) -> None:
    """List the effects, their pictures and their options."""
    from impasto.listing import describe, print_effects

    settings = load_settings(config)
    configure_logging("ERROR")
    plugins = load_plugins(settings.plugins_folder, settings.weights_folder)
    language = reader(settings, plugins)
    if as_json:
        click.echo(json.dumps(describe(plugins, language), ensure_ascii=False, indent=2))
    else:
        print_effects(plugins, language)
