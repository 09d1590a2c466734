"""Telegram calls the bot, in place of being asked: the same promises, and who calls must prove who it is."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import trustme
from telegram.ext import Application

from impasto.bot.reach import Reach
from impasto.bot.webhook import Webhook
from impasto.config import ConfigurationError, WebhookSettings
from impasto.sandbox import Sandbox
from impasto.sandbox.files import LocalFolder
from tests.people import Person
from tests.pictures import photo
from tests.sandbox.conftest import connect
from tests.studio import Studio, choose

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "what-only-telegram-and-the-bot-know"
SILENCE = 3


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def own_server(folder: Path) -> Sandbox:
    """A Bot API server that calls any address, as one's own does with --local."""
    return Sandbox(local=LocalFolder(folder, folder))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    port = free_port()
    async with Studio(
        tmp_path_factory.mktemp("data"),
        sandbox=own_server(tmp_path_factory.mktemp("server")),
        TELEGRAM__LOCAL="true",
        TELEGRAM__SILENCE=str(SILENCE),
        WEBHOOK__URL=f"http://127.0.0.1:{port}/impasto",
        WEBHOOK__PORT=str(port),
        WEBHOOK__SECRET=SECRET,
        LOG_LEVEL="DEBUG",
    ) as studio:
        yield studio


@pytest_asyncio.fixture(loop_scope="module")
async def studio(running: Studio) -> AsyncIterator[Studio]:
    yield running
    assert running.sandbox.refusals == []


def address(studio: Studio) -> str:
    return studio.settings["WEBHOOK__URL"]


def update(number: int, person: Person, words: str) -> dict[str, Any]:
    user = {"id": person.id, "is_bot": False, "first_name": person.name, "language_code": "en"}
    chat = {"id": person.id, "type": "private", "first_name": person.name}
    message = {"message_id": number, "date": 0, "chat": chat, "from": user, "text": words}
    return {"update_id": number, "message": message}


async def call(url: str, body: object, secret: str | None = SECRET, method: str = "POST") -> int:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.request(method, url, data=json.dumps(body), timeout=aiohttp.ClientTimeout(10)) as response,
    ):
        return response.status


async def test_a_person_is_answered(studio: Studio, ada: Person) -> None:
    await ada.say("/help")
    await ada.sees("repaint")
    await ada.send_photo(photo())
    await choose(ada, "Tint")
    await ada.sees("The test effect tint.")
    async with connect(studio.sandbox) as telegram:
        info = await telegram.get_webhook_info()
    assert (info.url, info.pending_update_count, info.last_error_message) == (address(studio), 0, None)


async def test_whoever_is_not_telegram_is_turned_away_and_leaves_nothing_in_the_log(
    studio: Studio, ada: Person
) -> None:
    await ada.say("/help")
    await ada.sees("repaint")
    begin = len(studio.log)
    forged = update(1, ada, "forged words")
    assert await call(address(studio), forged, secret=None) == 403
    assert await call(address(studio), forged, secret=SECRET[:-1]) == 403
    assert await call(address(studio), forged, method="GET") == 405
    assert await call(address(studio) + "/else", forged) == 404
    assert await call(address(studio), "x" * 2**21) == 413
    assert await call(address(studio), ["forged", "words"]) == 200, "else it is sent again for a day"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(studio.settings["WEBHOOK__PORT"]))
    writer.write(b"\x16\x03 no HTTP at all\r\n\r\n")
    await reader.read()
    writer.close()
    await ada.say("/help")
    await ada.sees("repaint")
    assert not any("forged" in message.text for message in ada.messages())
    said = studio.log[begin:]
    assert not [word for word in ("forged", SECRET[:-1], "no HTTP", "Traceback") if word in said]
    assert "an update of Telegram's can't be read" in said


async def test_updates_that_come_twice_or_out_of_order_are_each_answered_once(
    studio: Studio, ada: Person
) -> None:
    await ada.say("/help")
    await ada.sees("repaint")
    numbers = (900_000_003, 900_000_001, 900_000_003, 900_000_002, 900_000_001)
    for number in numbers:
        assert await call(address(studio), update(number, ada, "/about")) == 200
    for _ in set(numbers):
        await ada.sees("Impasto")
    await ada.say("/help")
    await ada.sees("repaint")
    assert len([message for message in ada.messages() if message.from_bot]) == len(set(numbers)) + 2


async def test_what_a_killed_bot_did_not_come_to_is_answered_once_when_it_is_back(
    studio: Studio, ada: Person, lev: Person
) -> None:
    studio.core.suspend()
    await ada.say("/help")  # the call arrives, and is never answered
    await studio.kill()
    await lev.say("/help")
    await studio.start()
    await ada.sees("repaint")
    await lev.sees(lambda message: message.from_bot)
    assert [len([m for m in person.messages() if m.from_bot]) for person in (ada, lev)] == [1, 1]


async def test_the_owner_is_told_when_telegram_can_no_longer_call(
    studio: Studio, ada: Person, owner: Person
) -> None:
    await studio.stop()
    elsewhere = studio.settings | {"WEBHOOK__PORT": str(free_port())}  # than where the calls arrive
    unheard = Studio(studio.folder, sandbox=studio.sandbox, **elsewhere)
    await unheard.start()
    await ada.say("/help")
    told = await owner.sees("can't hand me what people write", timeout=20)
    assert "Connection refused" in told.text and "1 message waits" in told.text
    assert await unheard.stop() == 0
    await studio.start()
    await ada.sees("repaint")


async def test_a_webhook_that_another_program_takes_away_is_set_again(
    studio: Studio, ada: Person, owner: Person
) -> None:
    async with connect(studio.sandbox) as other:
        await other.delete_webhook()
        await owner.sees("Another program uses my token")
    await ada.say("/help")
    await ada.sees("repaint")


async def test_from_webhook_to_polling_and_back_nothing_is_lost(
    studio: Studio, ada: Person, owner: Person
) -> None:
    await studio.stop()
    await ada.say("/about")
    polling = Studio(studio.folder, sandbox=studio.sandbox, TELEGRAM__SILENCE=str(SILENCE))
    await polling.start()
    await ada.sees("Impasto")
    async with connect(studio.sandbox) as other:
        await other.set_webhook("http://127.0.0.1:9/")
    await owner.sees("Another program uses my token")
    await ada.say("/help")
    await ada.sees("repaint")
    assert await polling.stop() == 0
    await ada.say("/start")
    await studio.start()
    await ada.sees("Hello")


async def test_a_certificate_of_ones_own_is_what_telegram_checks(tmp_path: Path) -> None:
    authority, port = trustme.CA(), free_port()
    issued = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    for part in (*issued.cert_chain_pems, authority.cert_pem):
        part.write_to_path(certificate, append=True)
    issued.private_key_pem.write_to_path(key)
    async with Studio(
        tmp_path / "data",
        sandbox=own_server(tmp_path / "server"),
        TELEGRAM__LOCAL="true",
        WEBHOOK__URL=f"https://127.0.0.1:{port}/",
        WEBHOOK__CERTIFICATE=str(certificate),
        WEBHOOK__PRIVATE_KEY=str(key),
    ) as studio:
        async with await studio.join() as ada:
            await ada.say("/start")
            await ada.sees("Hello")
        async with connect(studio.sandbox) as telegram:
            assert (await telegram.get_webhook_info()).has_custom_certificate
        assert studio.sandbox.refusals == []


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"url": "https://127.0.0.1/", "port": "TAKEN"}, "another program has port TAKEN of 127.0.0.1"),
        ({"url": "https://127.0.0.1/"}, "Telegram refuses webhook.url: .*127.0.0.1 is reserved"),
        (
            {"url": "https://a.example/", "certificate": "none", "private_key": "none"},
            "certificate: none can't be read: No such",
        ),
        ({"url": "https://a.example/", "certificate": "FILE", "private_key": "FILE"}, "or are no PEM files"),
    ],
    ids=["taken", "refused", "missing", "unfit"],
)
async def test_what_cannot_be_is_told_in_words(tmp_path: Path, table: dict[str, str], says: str) -> None:
    file, sandbox = tmp_path / "certificate.pem", Sandbox()
    file.write_text("no certificate")
    await sandbox.start()
    try:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            given = {
                key: value.replace("TAKEN", port).replace("FILE", str(file)) for key, value in table.items()
            }
            webhook = WebhookSettings.model_validate({"port": free_port()} | given)
            async with connect(sandbox) as bot:
                application = Application.builder().bot(bot).build()
                with pytest.raises(ConfigurationError, match=says.replace("TAKEN", port)):
                    await listening(application, webhook)
    finally:
        await sandbox.stop()


async def listening(application: Any, webhook: WebhookSettings) -> None:
    hearing = Webhook(application, webhook, Reach(), silence=9, kinds=[], note_fault=print)
    try:
        await hearing.start()
    finally:
        await hearing.stop()
