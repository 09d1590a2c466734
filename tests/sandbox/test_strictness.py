"""A wrong, unknown or missing parameter is refused, recorded, and never taken for success."""

from __future__ import annotations

import inspect
import json
from typing import Any

import aiohttp
import pytest
import telegram
from telegram.error import InvalidToken

from impasto.sandbox import Sandbox
from impasto.sandbox.methods import METHODS
from impasto.sandbox.parameters import Kind, parameters
from tests.people import Person
from tests.sandbox.conftest import refused


async def call(sandbox: Sandbox, method: str, **request: Any) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{sandbox.base_url}{sandbox.token}/{method}", **request) as response,
    ):
        return response.status, await response.json()


async def test_an_unknown_parameter_is_refused_and_recorded(
    bot: telegram.Bot, ada: Person, sandbox: Sandbox
) -> None:
    with refused("unknown parameter colour in sendmessage"):
        await bot.send_message(ada.id, "x", api_kwargs={"colour": "red"})
    [refusal] = sandbox.refusals
    assert (refusal.method, refusal.code, refusal.parameters) == (
        "sendMessage",
        400,
        ("chat_id", "colour", "text"),
    )


@pytest.mark.parametrize(
    ("method", "body", "reason"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": "ADA"}, "message text is empty"),
        ("sendMessage", {"chat_id": "ADA", "text": 5}, 'field "text" must be of type String'),
        (
            "sendMessage",
            {"chat_id": "ADA", "text": "x", "reply_markup": "{"},
            "can't parse reply_markup JSON object",
        ),
        (
            "sendMessage",
            {"chat_id": "ADA", "text": "x", "reply_markup": {"buttons": []}},
            "can't parse reply keyboard markup JSON object",
        ),
        (
            "sendMessage",
            {
                "chat_id": "ADA",
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "datum": "b"}]]},
            },
            "unknown field datum in InlineKeyboardButton",
        ),
        ("sendMessage", {"chat_id": "ADA", "text": "x", "protect_content": "yes"}, "must be of type Boolean"),
        (
            "sendMessage",
            {"chat_id": "ADA", "text": "x", "message_thread_id": 1},
            "does not offer message_thread_id",
        ),
        ("sendMessage", {"chat_id": "@ada", "text": "x"}, "chat not found"),
        ("getUpdates", {"limit": "many"}, 'field "limit" must be of type Integer'),
        ("setMyCommands", {}, 'parameter "commands" is required'),
    ],
)
async def test_wrong_parameters_are_refused_with_words_that_help(
    sandbox: Sandbox, ada: Person, method: str, body: dict[str, Any], reason: str
) -> None:
    body = {name: ada.id if value == "ADA" else value for name, value in body.items()}
    status, answer = await call(sandbox, method, json=body)
    assert status == answer["error_code"] == 400 and not answer["ok"]
    assert answer["description"].startswith("Bad Request: ") and reason in answer["description"]
    assert len(sandbox.refusals) == 1


async def test_an_uploaded_file_that_no_parameter_names_is_refused(sandbox: Sandbox, ada: Person) -> None:
    form = aiohttp.FormData({"chat_id": str(ada.id), "text": "x"})
    form.add_field("stray", b"bytes", filename="stray.bin")
    status, answer = await call(sandbox, "sendMessage", data=form)
    assert status == 400 and "unknown parameter stray" in answer["description"]


async def test_json_forms_and_queries_are_all_understood(sandbox: Sandbox, ada: Person) -> None:
    markup = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
    await call(sandbox, "sendMessage", json={"chat_id": ada.id, "text": "json", "reply_markup": markup})
    form = {"chat_id": str(ada.id), "text": "form", "reply_markup": json.dumps(markup)}
    await call(sandbox, "SENDMESSAGE", data=form)
    await call(sandbox, "sendMessage", params=form | {"text": "query"})
    for text in ("json", "form", "query"):
        assert (await ada.sees(text)).buttons == ["Go"]


async def test_a_method_that_the_sandbox_lacks_is_refused_and_recorded(
    bot: telegram.Bot, sandbox: Sandbox
) -> None:
    with refused("method not found", InvalidToken):
        await bot.get_star_transactions()
    assert [refusal.method for refusal in sandbox.refusals] == ["getStarTransactions"]


async def test_commands_and_descriptions_keep_to_their_limits(bot: telegram.Bot, sandbox: Sandbox) -> None:
    with refused("invalid language code specified"):
        await bot.set_my_commands([("start", "Begin")], language_code="pt-br")
    for commands, reason in (
        ([("Start", "Begin")], "BOT_COMMAND_INVALID"),
        ([("start", "x" * 257)], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([(f"c{n}", "x") for n in range(101)], "BOT_COMMANDS_TOO_MUCH"),
    ):
        with refused(reason):
            await bot.set_my_commands(commands)
    with refused("short_description is too long"):
        await bot.set_my_short_description("x" * 121)


async def test_people_see_commands_and_name_in_their_language(bot: telegram.Bot, sandbox: Sandbox) -> None:
    await bot.set_my_commands([("start", "Begin")])
    await bot.set_my_commands([("start", "Начать")], language_code="ru")
    await bot.set_my_name("Импасто", language_code="ru")
    await bot.set_my_description("Paints your pictures")
    async with aiohttp.ClientSession() as http, http.get(f"{sandbox.page_url}sandbox/users") as response:
        users = {user["name"]: user for user in await response.json()}
    assert users["Лев"]["commands"] == [{"command": "start", "description": "Начать"}]
    assert users["Ada"]["commands"] == [{"command": "start", "description": "Begin"}]
    assert (users["Лев"]["bot_name"], users["Ada"]["bot_name"]) == ("Импасто", "Impasto")
    assert users["Лев"]["description"] == "Paints your pictures"
    assert (await bot.get_my_name("ru")).name == "Импасто"
    assert [c.description for c in await bot.get_my_commands(language_code="ru")] == ["Начать"]
    await bot.delete_my_commands(language_code="ru")
    assert await bot.get_my_commands(language_code="ru") == ()


def test_the_table_covers_every_method_and_finds_the_types() -> None:
    for method in METHODS.values():
        assert parameters(method.name) is not None
    sends = parameters("sendPhoto")
    assert sends["photo"].kind is Kind.FILE and sends["photo"].required
    assert sends["chat_id"].kind is Kind.CHAT and sends["caption"].kind is Kind.STRING
    assert sends["reply_markup"].kind is Kind.OBJECT and sends["has_spoiler"].kind is Kind.BOOLEAN
    assert "read_timeout" not in sends and "filename" not in sends
    assert inspect.iscoroutinefunction(METHODS["sendphoto"].handler)
