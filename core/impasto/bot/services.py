"""What the parts of the bot share: one of each, put together in `impasto.bot.application`."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.access import Access
from impasto.bot.dialogue import Dialogue
from impasto.bot.fetching import WeightsFetcher
from impasto.bot.handled import Handled
from impasto.bot.owner import Owner
from impasto.bot.reporting import Reports
from impasto.bot.results import ResultShelf
from impasto.bot.sessions import Sessions
from impasto.bot.sheets import Sheets
from impasto.i18n import Languages
from impasto.jobs.dispatcher import Dispatcher
from impasto.jobs.store import JobStore
from impasto.plugins import Plugins
from impasto.users import UserStore


@dataclass(frozen=True, slots=True)
class Services:
    """The bot's collaborators."""

    dialogue: Dialogue
    dispatcher: Dispatcher
    store: JobStore
    users: UserStore
    access: Access
    languages: Languages
    plugins: Plugins
    shelf: ResultShelf
    owner: Owner
    reports: Reports
    handled: Handled
    sessions: Sessions
    sheets: Sheets
    fetcher: WeightsFetcher
