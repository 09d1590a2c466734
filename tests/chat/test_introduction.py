"""What Telegram shows of the bot by itself, in each language and kind of chat."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from telegram import (
    Bot,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
)

from impasto.bot.introduction import introduce
from impasto.bot.pages import COMMANDS
from impasto.config import Settings, load_settings
from impasto.effects import verbatim
from impasto.i18n import Languages
from impasto.sandbox import Sandbox
from tests.chat.talk import effect

EFFECTS = (effect("plain"), effect("big", command="upscale"))
OWNERS = {"stats": verbatim("How much")}


class Gate:
    """Stands before the sandbox, notes what it is asked, and refuses what it is told to, once each."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.url = sandbox, ""
        self.asked: list[str] = []
        self.refusals: dict[str, dict[str, object]] = {}

    async def handle(self, request: web.Request) -> web.Response:
        method = request.path.rpartition("/")[2]
        self.asked.append(method)
        if (refusal := self.refusals.pop(method, None)) is not None:
            return web.json_response({"ok": False} | refusal, status=int(str(refusal["error_code"])))
        address = self.sandbox.page_url.rstrip("/") + request.path
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                address, data=await request.read(), headers={"Content-Type": request.content_type}
            ) as answer,
        ):
            return web.json_response(await answer.json(), status=answer.status)

    @property
    def written(self) -> list[str]:
        """The methods that changed something, in order."""
        return [method for method in self.asked if method.startswith("set")]


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    sandbox = Sandbox()
    await sandbox.start()
    gate = Gate(sandbox)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", gate.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gate.url = f"http://127.0.0.1:{runner.addresses[0][1]}/bot"
    yield gate
    await runner.cleanup()
    await sandbox.stop()
    assert gate.sandbox.refusals == []


@pytest.fixture
def settings(gate: Gate, tmp_path: Path) -> Settings:
    config = tmp_path / "impasto.toml"
    config.write_text("")
    return load_settings(
        config,
        token=gate.sandbox.token,
        owner=gate.sandbox.owner_id,
        telegram={"base_url": gate.url},
    )


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    for code, help_words in (("pt_BR", "Como funciona"), ("pt_PT", "Como isto funciona"), ("fil", "Paano")):
        catalogue = Catalog(locale=code)
        catalogue.add(COMMANDS["help"].msgid, help_words)
        path = tmp_path / code / "LC_MESSAGES" / "impasto.po"
        path.parent.mkdir(parents=True)
        with path.open("wb") as file:
            write_po(file, catalogue)
    return Languages([tmp_path])


async def menu(gate: Gate, scope: BotCommandScope | None = None, code: str = "") -> dict[str, str]:
    async with Bot(gate.sandbox.token, base_url=gate.sandbox.base_url) as bot:
        commands = await bot.get_my_commands(scope=scope, language_code=code)
        return {command.command: command.description for command in commands}


async def test_each_kind_of_chat_has_its_menu(gate: Gate, settings: Settings, languages: Languages) -> None:
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    private = await menu(gate, BotCommandScopeAllPrivateChats())
    assert private.keys() == {*COMMANDS, "upscale"}
    group = await menu(gate, BotCommandScopeAllGroupChats())
    assert next(iter(group)) == "upscale"
    assert "help" in group
    assert not group.keys() & {"report", "settings", "forgetme", "stats"}
    assert (await menu(gate)).keys() < private.keys()
    assert await menu(gate, BotCommandScopeChat(gate.sandbox.owner_id)) == private | {"stats": "How much"}


async def test_each_language_is_told_by_its_two_letters_once(
    gate: Gate, settings: Settings, languages: Languages
) -> None:
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    private = BotCommandScopeAllPrivateChats()
    assert (await menu(gate, private))["help"] == "How this works"
    assert (await menu(gate, private, "pt"))["help"] == "Como funciona", "the first of two Portuguese"
    assert gate.written.count("setMyCommands") == 8, "four menus for everybody, four in Portuguese"


async def test_what_is_shown_already_is_not_written_again(
    gate: Gate, settings: Settings, languages: Languages
) -> None:
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    gate.asked.clear()
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    assert gate.written == []
    await introduce(settings, languages, (), OWNERS, pause=0)
    assert set(gate.written) == {"setMyCommands"}
    assert len(gate.written) == 6, "of every language all menus but that for everywhere, which has no effects"


async def test_the_name_is_the_owners_from_botfather_unless_they_set_another(
    gate: Gate, settings: Settings, languages: Languages
) -> None:
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    assert "setMyName" not in gate.written
    settings.telegram.bot_name = "Paint shop"
    gate.asked.clear()
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    assert gate.written == ["setMyName"]
    async with Bot(gate.sandbox.token, base_url=gate.sandbox.base_url) as bot:
        assert (await bot.get_my_name()).name == "Paint shop"


async def test_one_refusal_costs_one_thing_and_told_to_wait_it_waits(
    gate: Gate, settings: Settings, languages: Languages, caplog: pytest.LogCaptureFixture
) -> None:
    gate.refusals = {
        "getMyDescription": {"error_code": 400, "description": "Bad Request: no"},
        "setMyShortDescription": {
            "error_code": 429,
            "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1},
        },
    }
    begin = time.monotonic()
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    assert time.monotonic() - begin >= 1
    assert gate.written.count("setMyShortDescription") == 2
    assert "did not take the description in en" in caplog.text
    assert gate.written.count("setMyDescription") == 1, "that in Portuguese"


async def test_without_telegram_it_gives_up_quietly(
    settings: Settings, languages: Languages, caplog: pytest.LogCaptureFixture
) -> None:
    settings.telegram.base_url = "http://127.0.0.1:9/bot"
    await introduce(settings, languages, EFFECTS, OWNERS, pause=0)
    assert "could not introduce itself" in caplog.text
