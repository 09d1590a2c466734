"""The sandbox answers this machine alone, under its own name, and no page of another site."""

from __future__ import annotations

import socket

import aiohttp
import pytest
from telegram.error import RetryAfter
from yarl import URL

from impasto.bot.flood import seconds_of
from impasto.sandbox import Rates, Sandbox
from tests.people import Person
from tests.sandbox.conftest import connect


async def status(sandbox: Sandbox, path: str, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{sandbox.page_url}{path}", headers=headers) as response,
    ):
        return response.status


async def test_it_listens_on_loopback_only(sandbox: Sandbox) -> None:
    port = URL(sandbox.page_url).port
    assert port is not None
    with socket.create_server(("127.0.0.2", port)):  # would be in use if it listened on all addresses
        assert await status(sandbox, "") == 200


async def test_foreign_host_names_and_origins_are_turned_away(sandbox: Sandbox) -> None:
    port = URL(sandbox.page_url).port
    for path in ("", "sandbox/state", f"bot{sandbox.token}/getMe"):
        assert await status(sandbox, path) == 200
        assert await status(sandbox, path, Host=f"localhost:{port}") == 200
        assert await status(sandbox, path, Origin=f"http://127.0.0.1:{port}") == 200
        assert await status(sandbox, path, Host=f"evil.example:{port}") == 403
        assert await status(sandbox, path, Origin="http://evil.example") == 403
        assert await status(sandbox, path, Origin="null") == 403
        assert await status(sandbox, path, **{"Sec-Fetch-Site": "cross-site"}) == 403


async def test_the_page_is_strict_and_files_of_people_are_never_run(sandbox: Sandbox) -> None:
    async with aiohttp.ClientSession() as http, await Person.join(sandbox.page_url) as eve:
        for path in ("", "page/page.js", "page/page.css"):
            async with http.get(f"{sandbox.page_url}{path}") as response:
                policy = response.headers["Content-Security-Policy"]
                assert response.status == 200
                assert "default-src 'none'" in policy and "unsafe" not in policy
        sent = await eve.send_document(b"<script>alert(1)</script>", "x.html")
        async with http.get(f"{sandbox.page_url}sandbox/files/{sent.document}") as response:
            assert response.content_type == "application/octet-stream"
            assert response.headers["Content-Disposition"].startswith("attachment")
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_port_can_be_taken_again_and_chats_survive_a_restart(sandbox: Sandbox) -> None:
    url = sandbox.page_url
    async with await Person.join(url) as ada:
        await ada.say("before")
    await sandbox.stop()
    with pytest.raises(RuntimeError):
        _ = sandbox.page_url
    await sandbox.start()
    assert sandbox.page_url == url
    async with await Person.meet(url, ada.id) as again:
        assert [message.text for message in again.messages()] == ["before"]


async def test_too_many_messages_are_answered_with_a_time_to_wait() -> None:
    sandbox = Sandbox(rates=Rates(overall_per_second=30, chat_per_second=1, chat_burst=3))
    await sandbox.start()
    try:
        async with await Person.join(sandbox.page_url) as ada, connect(sandbox) as bot:
            await ada.say("/start")
            message = await bot.send_message(ada.id, "1")
            await bot.edit_message_text("2", ada.id, message.message_id)
            await bot.send_chat_action(ada.id, "typing")
            await bot.send_message(ada.id, "3")
            with pytest.raises(RetryAfter) as limited:
                await bot.send_message(ada.id, "4")
            assert seconds_of(limited.value) == 1
            await bot.send_message(sandbox.owner_id, "another chat")
            assert [message.text for message in ada.messages() if message.from_bot] == ["2", "3"]
        assert sandbox.throttled == 1 and sandbox.refusals == []
    finally:
        await sandbox.stop()
