"""A Bot API server of one's own: large files go through, wherever the server has put them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from telegram import Bot, Chat, Document, Message
from telegram.ext import Application, Updater

from impasto.bot.connection import connected
from impasto.bot.files import NotServed, fetch
from impasto.bot.pictures import picture_of
from impasto.bot.reach import Polling, PollRequest, Reach
from impasto.i18n import Languages
from impasto.sandbox import Sandbox, trouble
from impasto.sandbox.files import LocalFolder
from impasto.text import Text
from tests.file_server import FileServer
from tests.people import Person
from tests.pictures import encoded, scene
from tests.sandbox.conftest import connect
from tests.studio import Studio, is_result

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    folder = tmp_path_factory.mktemp("server")
    sandbox = Sandbox(local=LocalFolder(folder, folder))
    async with Studio(tmp_path_factory.mktemp("data"), sandbox=sandbox, TELEGRAM__LOCAL="true") as studio:
        yield studio
        assert studio.sandbox.refusals == []


async def test_a_picture_of_30_mb_goes_through(studio: Studio, ada: Person) -> None:
    large = encoded(scene(4000, 2500), "BMP")
    assert len(large) > 30_000_000
    await ada.send_document(large, "large.bmp", "/mirror")
    await ada.sees(is_result, timeout=120)


async def test_whoever_asks_reads_that_the_server_keeps_what_they_send(ada: Person) -> None:
    await ada.say("/privacy")
    await ada.sees("it keeps what you send on its disk until it is deleted there.")


async def test_a_file_of_51_mb_is_sent(studio: Studio, ada: Person) -> None:
    await ada.say("/start")
    async with connect(studio.sandbox) as bot:
        sent = await bot.send_document(ada.id, bytes(51_000_000), filename="large.bin")
    assert sent.document is not None and sent.document.file_size == 51_000_000


@pytest.mark.parametrize(("local", "size"), [(False, 20_000_001), (True, 500_000_001)])
async def test_the_words_for_what_is_too_large_name_the_limit_of_the_server(
    *, local: bool, size: int
) -> None:
    document = Document("file", "unique", file_name="huge.png", mime_type="image/png", file_size=size)
    message = Message(1, datetime.now(UTC), Chat(1, "private"), document=document)
    message.set_bot(Bot("1:token", local_mode=local))
    refused = picture_of(message)
    assert isinstance(refused, Text)
    assert f"over {'500 MB' if local else '20 MB'}" in Languages([]).get("en")(refused)


async def test_files_of_a_server_on_another_computer_come_over_http(tmp_path: Path) -> None:
    sandbox = Sandbox(local=LocalFolder(tmp_path, Path("/srv/of/another/computer")))
    await sandbox.start()
    server = FileServer()
    try:
        with server.running():
            bot = Bot(
                sandbox.token,
                base_url=sandbox.base_url,
                base_file_url=f"{server.address}/file/bot",
                local_mode=True,
            )
            async with bot, await Person.join(sandbox.page_url) as ada:
                sent = await ada.send_document(b"its bytes", "a.png")
                with pytest.raises(NotServed, match="does not serve them") as refused:
                    await fetch(bot, sent.document or "")
                assert sandbox.token not in str(refused.value)
                [put] = await asyncio.to_thread(
                    lambda: [file for file in tmp_path.rglob("*") if file.is_file()]
                )
                name = put.relative_to(tmp_path).as_posix()
                server.files[f"/file/bot{name}"] = put.read_bytes()
                assert await fetch(bot, sent.document or "") == b"its bytes"
    finally:
        await sandbox.stop()


async def test_a_bot_that_was_logged_out_says_where_it_may_have_moved(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sandbox = Sandbox()
    await sandbox.start()
    sandbox.trouble.add(trouble.refused(400, "Logged out"), "getMe")
    try:
        bot = connect(sandbox)
        application = Application.builder().bot(bot).build()
        updater, request = Updater(bot, asyncio.Queue()), PollRequest(Reach(), asyncio.Queue())
        polling = Polling(updater, request, Reach(), silence=9, kinds=[], note_fault=print)
        async with connected(application, polling, asyncio.Event()):
            assert application.bot.username == "impasto_sandbox_bot"
        assert "was logged out of this Bot API server" in caplog.text
        assert "telegram.base_url" in caplog.text
    finally:
        await sandbox.stop()
