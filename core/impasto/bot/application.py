"""Puts core and chat together and runs them until asked to stop."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout
from telegram import Update

from impasto.access import Access
from impasto.bot import limits
from impasto.bot.checkup import examine
from impasto.bot.connection import AnyApplication, build_application, connected
from impasto.bot.delivery import Delivery
from impasto.bot.desk.announcing import Announcements
from impasto.bot.desk.commands import OWNER_COMMANDS, Desk
from impasto.bot.desk.door import Door
from impasto.bot.desk.faults import FaultBook
from impasto.bot.dialogue import Dialogue
from impasto.bot.fetching import WeightsFetcher
from impasto.bot.flood import FloodControl
from impasto.bot.handled import Handled
from impasto.bot.handlers import Handlers
from impasto.bot.introduction import introduce
from impasto.bot.mishaps import Mishaps
from impasto.bot.order import InOrderPerPerson
from impasto.bot.owner import Owner
from impasto.bot.pictures import ChatPictures, PatientPictures
from impasto.bot.reach import Absence, Hearing, Polling, PollRequest, Reach, Rival, Undelivered
from impasto.bot.replies import WelcomeSheet
from impasto.bot.reporting import Reports
from impasto.bot.results import ResultShelf
from impasto.bot.room import Room
from impasto.bot.services import Services
from impasto.bot.sessions import Sessions
from impasto.bot.sheets import Sheets
from impasto.bot.whereabouts import Whereabouts
from impasto.config import ConfigurationError, Settings
from impasto.database import Database, open_database
from impasto.engine.devices import find_devices
from impasto.engine.local import LocalEngine
from impasto.engine.runner import RunnerSettings
from impasto.engine.worker import WorkerSettings
from impasto.gallery.paintings import Gallery
from impasto.gallery.samples import Samples
from impasto.health import Health
from impasto.i18n import Languages, shipped_locales
from impasto.jobs.dispatcher import Dispatcher
from impasto.jobs.estimates import Estimates
from impasto.jobs.holds import Holds
from impasto.jobs.store import JobStore
from impasto.log import RecentLines, Warnings, attached
from impasto.metrics.onlooker import Instance, onlooker
from impasto.plugins import Plugins, load_plugins
from impasto.systemd import Systemd, told
from impasto.users import UserStore
from impasto.watchdog import watched

log = logging.getLogger(__name__)

_DAY = 24 * 3600


def local_engine(settings: Settings) -> LocalEngine:
    """The engine of this machine's devices."""
    runner = RunnerSettings(
        input_pixels=settings.limits.input_pixels,
        device_memory=settings.limits.device_memory,
        worker_memory=settings.limits.worker_memory,
    )

    def settings_for(device: str) -> WorkerSettings:
        return WorkerSettings(
            device=device,
            plugins_folder=settings.plugins_folder,
            weights_folder=settings.weights_folder,
            runner=runner,
            log_level=settings.log_level,
        )

    return LocalEngine(
        settings.devices,
        settings_for,
        cancel_grace=settings.limits.cancel_grace,
        silence=settings.limits.silent_seconds,
        idle=settings.guest.idle_minutes * 60,
    )


async def serve(settings: Settings, stop: asyncio.Event, systemd: Systemd | None = None) -> None:
    """Run the bot until `stop` is set, and tell `systemd`, if it started this process, how that goes.

    Raises `ConfigurationError` where that can't begin: no or a wrong token, or another Impasto on the folder.
    """
    token = settings.bot_token()
    health, lines = Health(), RecentLines((token,))
    alone = systemd is None or systemd.watchdog is None
    with (
        _taken(settings.data_dir),
        closing(_database(settings.data_dir / "impasto.sqlite3")) as database,
        attached(lines),
    ):
        async with told(systemd, health, stop), watched(health, stop) if alone else nullcontext():
            await _serve(settings, token, database, lines, health, stop)


@contextmanager
def _taken(folder: Path) -> Iterator[None]:
    """The folder for the data, made where it lacks, as this process's alone."""
    lock = FileLock(folder / "impasto.lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise ConfigurationError(f"another Impasto is running on {folder}") from None
    except (PermissionError, FileNotFoundError, FileExistsError, NotADirectoryError) as error:
        raise ConfigurationError(f"data_dir: {folder} can't be written: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def _database(path: Path) -> Database:
    try:
        return open_database(path)
    except sqlite3.DatabaseError as error:
        raise ConfigurationError(
            f"the database {path} can't be used: {error}. Bring a copy of it back, or move it away and begin "
            "anew; without it, people's settings and the jobs that wait are forgotten"
        ) from error


async def _serve(
    settings: Settings,
    token: str,
    database: Database,
    lines: RecentLines,
    health: Health,
    stop: asyncio.Event,
) -> None:
    warnings = Warnings()
    with attached(warnings):
        plugins = load_plugins(settings.plugins_folder, settings.weights_folder)
    settings.limits.warn_of_strangers(plugins.effects)
    languages = Languages([shipped_locales(settings.locales_dir), *plugins.locales])
    flood, reach = FloodControl(), Reach()
    updates: asyncio.Queue[object] = asyncio.Queue()
    poll_request = PollRequest(reach, updates)
    handled = Handled(database)
    watch = onlooker(settings)
    order = watch.updates(InOrderPerPerson(handled))
    application = build_application(settings, token, watch.requests(flood), updates, poll_request, order)
    store, users = JobStore(database), UserStore(database)
    gallery = Gallery(settings.gallery_folder)
    faults = FaultBook(database, (token,))
    owner = Owner(application.bot, settings.owner, languages, users, faults)
    pictures = ChatPictures(application.bot, gallery, partial(owner.tell_fault, "files"))
    access = Access(database, owner=settings.owner, private=settings.private, allowed=settings.allowed)
    shelf = ResultShelf(settings.limits.result_memory)
    engine = local_engine(settings)
    holds = Holds(database, settings.guest)
    dispatcher = Dispatcher(
        store=store,
        engine=engine,
        source=PatientPictures(pictures, reach),
        effects=plugins.effects,
        outputs=limits.files(application.bot).outputs,
        limits=settings.limits,
        holds=holds,
        estimates=Estimates(database),
        tell_failing=owner.tell_failing,
        developer=settings.owner if settings.developer else None,
    )
    dialogue = Dialogue(
        plugins,
        gallery,
        languages.all(),
        has_owner=settings.owner is not None,
        welcome_picture=settings.welcome_picture,
        source_url=settings.source_url,
        own_server=settings.telegram.local,
    )
    sessions = Sessions(database, dialogue.mend)
    whereabouts = Whereabouts(store=store, dispatcher=dispatcher, users=users, sessions=sessions)
    delivery = Delivery(
        application.bot,
        store=store,
        languages=languages,
        plugins=plugins,
        shelf=shelf,
        owner=owner,
        gallery=gallery,
        reach=reach,
        whereabouts=whereabouts,
    )
    samples = Samples(settings.samples_folder, plugins, dispatcher.run_errand)
    fetcher = WeightsFetcher(application.bot, settings, plugins)
    services = Services(
        dialogue=dialogue,
        dispatcher=dispatcher,
        store=store,
        users=users,
        access=access,
        languages=languages,
        plugins=plugins,
        shelf=shelf,
        owner=owner,
        reports=Reports(application.bot, settings.owner, pictures),
        handled=handled,
        sessions=sessions,
        sheets=Sheets(database, samples, pictures),
        fetcher=fetcher,
    )
    desk = Desk(
        application.bot,
        owner=owner,
        door=Door(application.bot, access, owner, users, languages),
        access=access,
        announcements=Announcements(application.bot, owner, users, access, languages),
        dispatcher=dispatcher,
        holds=holds,
        engine=engine,
        store=store,
        users=users,
        effects=plugins.effects,
        faults=faults,
        lines=lines,
    )
    desk.register(application)
    Handlers(services).register(application)
    whereabouts.register(application)
    application.add_error_handler(Mishaps(services).handle)

    hearing = _hearing(settings, application, poll_request, reach, partial(faults.record, "telegram"))
    if settings.devices != "auto":
        await find_devices(settings.devices)  # a device that is not there is told before anybody is answered
    lasting: list[asyncio.Task[None]] = []
    examine(
        health,
        database=database,
        store=store,
        engine=engine,
        reach=reach,
        holds=holds,
        lasting=lasting,
    )
    instance = Instance(health, reach, holds, dispatcher, engine, faults)
    async with watch.telling(instance), connected(application, hearing, stop), _ended(engine):
        if stop.is_set():
            return
        handled.belong_to(application.bot.id)
        async with asyncio.TaskGroup() as group:
            lasting += [
                group.create_task(dispatcher.run(), name="jobs"),
                group.create_task(Room(database, owner).run(), name="room on the disk"),
                group.create_task(_daily(store.prune, sessions.prune, handled.prune), name="tidying"),
                group.create_task(delivery.run(watch.jobs(dispatcher.updates)), name="delivery"),
                group.create_task(_tell_of_reach(reach, owner), name="news of Telegram"),
            ]
            passing = [
                group.create_task(engine.start()),  # which asks torch; people are answered meanwhile
                group.create_task(introduce(settings, languages, plugins.offered(), OWNER_COMMANDS)),
            ]
            await _tell_broken(plugins, warnings, owner)
            await application.start()
            await hearing.start()
            watching = group.create_task(hearing.watch(), name="watch on Telegram")
            lasting.append(watching)
            if settings.welcome_picture:
                services.sheets.prepare([WelcomeSheet(tuple(plugins.offered()))])
            health.ready.set()
            log.info("@%s is here: %d effects", application.bot.username, len(plugins.offered()))
            await stop.wait()
            log.info("stopping")
            flood.give_up()
            watching.cancel()
            await hearing.stop()
            await application.stop()
            await fetcher.stop_all()
            await desk.stop()
            for task in (*lasting, *passing):
                task.cancel()


def _hearing(
    settings: Settings,
    application: AnyApplication,
    poll_request: PollRequest,
    reach: Reach,
    note_fault: Callable[[str], object],
) -> Hearing:
    """How updates come in."""
    silence, kinds = settings.telegram.silence, [Update.MESSAGE, Update.CALLBACK_QUERY, Update.MY_CHAT_MEMBER]
    if settings.webhook is None:
        assert application.updater is not None
        return Polling(
            application.updater, poll_request, reach, silence=silence, kinds=kinds, note_fault=note_fault
        )
    from impasto.bot.webhook import Webhook  # a server, which few need

    return Webhook(application, settings.webhook, reach, silence=silence, kinds=kinds, note_fault=note_fault)


@asynccontextmanager
async def _ended(engine: LocalEngine) -> AsyncIterator[None]:
    """The engine, whose workers end however this ends."""
    try:
        yield
    finally:
        await engine.stop()


async def _daily(*tidy: Callable[[], None]) -> None:
    """Do this, now and once a day."""
    while True:
        for act in tidy:
            act()
        await asyncio.sleep(_DAY)


async def _tell_of_reach(reach: Reach, owner: Owner) -> None:
    """Tell the owner what stood between the bot and Telegram, until cancelled."""
    while True:
        match await reach.news.get():
            case Absence(seconds):
                await owner.tell_absence(seconds)
            case Rival():
                await owner.tell_rival()
            case Undelivered(reason, waiting):
                await owner.tell_undelivered(reason, waiting)


async def _tell_broken(plugins: Plugins, warnings: Warnings, owner: Owner) -> None:
    """Tell the owner which plugins were set aside, and what those that run have warned of."""
    broken = [(plugin.name, plugin.reason) for plugin in plugins.broken]
    warned = [(name.partition(".")[0], words) for name, words in warnings.noted]
    await owner.tell_broken([*broken, *(said for said in warned if said[0] != "impasto")])
