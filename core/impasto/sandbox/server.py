"""The sandbox as a whole: one HTTP server on 127.0.0.1 with Bot API, people's API and chat page."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from aiohttp import web

from impasto.sandbox.botapi import BotApi
from impasto.sandbox.errors import Refusal
from impasto.sandbox.files import LocalFolder
from impasto.sandbox.guard import add_headers, only_from_here
from impasto.sandbox.limits import MIB
from impasto.sandbox.people import PeopleApi
from impasto.sandbox.rates import Rates
from impasto.sandbox.trouble import Troubles
from impasto.sandbox.world import World

_LOOPBACK: Final = "127.0.0.1"
_PAGE: Final = Path(__file__).parent / "page"
_STOP_SECONDS: Final = 1.0


class Sandbox:
    """A Bot API server with people in it. It runs in the event loop that calls `start`.

    `port` 0 takes a free one. `token` has Telegram's form; without one, it is made up. With a `local` folder
    it is a server of one's own that runs with --local. Three people are there from the start: the owner, Ada
    (English) and Лев (Russian).
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str | None = None,
        rates: Rates | None = None,
        local: LocalFolder | None = None,
    ) -> None:
        self._port = port
        self._world = World(token or _new_token(), rates or Rates(), local)
        self._owner = self._world.add_user("Owner", "en", started=True)
        self._world.add_user("Ada", "en")
        self._world.add_user("Лев", "ru")
        self._api = BotApi(self._world)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on loopback; started again after `stop`, on the same port and with all chats as they were.

        Raises `OSError` where the port is taken.
        """
        self._world.open()
        most = self._world.files.upload_bytes + MIB
        app = web.Application(middlewares=[only_from_here], client_max_size=most)
        app.add_routes(self._api.routes())
        app.add_routes(PeopleApi(self._world, self._owner.id).routes())
        app.router.add_get("/", _index)
        app.router.add_static("/page", _PAGE)
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._end_streams)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_SECONDS)
        await runner.setup()
        try:
            await web.TCPSite(runner, _LOOPBACK, self._port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """End all streams and polls, and stop listening. Does nothing where it has not started."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _end_streams(self, _app: web.Application) -> None:
        self._world.close()

    @property
    def token(self) -> str:
        """The bot's token."""
        return self._world.token

    @property
    def page_url(self) -> str:
        """The address of the chat page. Raises `RuntimeError` before `start`."""
        if self._runner is None:
            raise RuntimeError("the sandbox has no address until it is started")
        return f"http://{_LOOPBACK}:{self._port}/"

    @property
    def base_url(self) -> str:
        """The Bot API's address as python-telegram-bot takes it."""
        return f"{self.page_url}bot"

    @property
    def base_file_url(self) -> str:
        """The address of the bot's files as python-telegram-bot takes it."""
        return f"{self.page_url}file/bot"

    @property
    def owner_id(self) -> int:
        """The chat id of the person who owns the bot; the bot may write to them from the start."""
        return self._owner.id

    @property
    def refusals(self) -> list[Refusal]:
        """The bot's requests that broke the rules; 401, 403, 409 and 429 are circumstances."""
        return self._api.refusals

    @property
    def trouble(self) -> Troubles:
        """What goes wrong with the bot's requests: nothing, unless a test adds it."""
        return self._api.troubles

    def migrate(self, group_id: int, *, told: bool = True) -> int:
        """Make a group a supergroup; the id of that. `told`: the bot hears of it at once."""
        return self._world.migrate(self._world.groups[group_id], told=told).id

    @property
    def throttled(self) -> int:
        """How many requests were answered with 429."""
        return self._world.rates.throttled


def _new_token() -> str:
    return f"{7_000_000_000 + secrets.randbelow(10**9)}:AA{secrets.token_urlsafe(25)}"


async def _index(_request: web.Request) -> web.FileResponse:
    return web.FileResponse(_PAGE / "index.html")
