"""Methods about the bot's name, descriptions, commands and menu button."""

from __future__ import annotations

import re
from typing import Any, Final

from impasto.sandbox.errors import bad_request
from impasto.sandbox.limits import COMMAND_DESCRIPTION, COMMANDS, DESCRIPTION, NAME, SHORT_DESCRIPTION
from impasto.sandbox.methods.registry import Call, known_chat, method
from impasto.sandbox.parameters import check_fields
from impasto.sandbox.profile import Commands, in_language
from impasto.sandbox.world import World

_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE: Final = re.compile(r"(?:[a-z]{2})?")
_WIDE_SCOPES: Final = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")


@method("getMyCommands")
async def get_my_commands(world: World, call: Call) -> Commands:
    """The commands of exactly this scope and language."""
    return world.profile.commands.get(_place(world, call), [])


@method("setMyCommands")
async def set_my_commands(world: World, call: Call) -> bool:
    """The commands that clients show."""
    commands = call["commands"]
    if len(commands) > COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        if not isinstance(command, dict):
            raise bad_request("can't parse BotCommand: expected an Object")
        check_fields(command, "BotCommand")
        if not _COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(command.get("description", ""))) <= COMMAND_DESCRIPTION:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    place = _place(world, call)
    world.profile.commands[place] = [
        {"command": c["command"].removeprefix("/"), "description": c["description"]} for c in commands
    ]
    world.events.publish("profile")
    return True


@method("deleteMyCommands")
async def delete_my_commands(world: World, call: Call) -> bool:
    """Back to the commands of a wider scope."""
    world.profile.commands.pop(_place(world, call), None)
    world.events.publish("profile")
    return True


@method("getMyName")
async def get_my_name(world: World, call: Call) -> dict[str, str]:
    """The bot's name in a language."""
    return {"name": world.bot_name(_language(call))}


@method("setMyName")
async def set_my_name(world: World, call: Call) -> bool:
    """The bot's name, by language."""
    return _set_text(world, call, world.profile.names, "name", NAME)


@method("getMyDescription")
async def get_my_description(world: World, call: Call) -> dict[str, str]:
    """What an empty chat shows."""
    return {"description": in_language(world.profile.descriptions, _language(call))}


@method("setMyDescription")
async def set_my_description(world: World, call: Call) -> bool:
    """What an empty chat shows, by language."""
    return _set_text(world, call, world.profile.descriptions, "description", DESCRIPTION)


@method("getMyShortDescription")
async def get_my_short_description(world: World, call: Call) -> dict[str, str]:
    """What the bot's profile shows."""
    return {"short_description": in_language(world.profile.short_descriptions, _language(call))}


@method("setMyShortDescription")
async def set_my_short_description(world: World, call: Call) -> bool:
    """What the bot's profile shows, by language."""
    texts = world.profile.short_descriptions
    return _set_text(world, call, texts, "short_description", SHORT_DESCRIPTION)


@method("getChatMenuButton")
async def get_chat_menu_button(world: World, call: Call) -> dict[str, Any]:
    """The button beside the text field."""
    buttons = world.profile.menu_buttons
    return buttons.get(call.get("chat_id")) or buttons.get(None) or {"type": "commands"}


@method("setChatMenuButton")
async def set_chat_menu_button(world: World, call: Call) -> bool:
    """Another button beside the text field, for one chat or for all."""
    if (chat := call.get("chat_id")) is not None:
        known_chat(world, chat)
    button = call.get("menu_button", {"type": "default"})
    if button.get("type") not in ("commands", "default"):
        raise bad_request("the sandbox offers the menu buttons commands and default")
    world.profile.menu_buttons[chat] = button
    return True


def _set_text(world: World, call: Call, texts: dict[str, str], name: str, limit: int) -> bool:
    text = call.get(name, "").strip()
    if len(text) > limit:
        raise bad_request(f"{name} is too long: {len(text)} characters of {limit}")
    texts[_language(call)] = text
    world.events.publish("profile")
    return True


def _language(call: Call) -> str:
    code: str = call.get("language_code", "")
    if not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code


def _place(world: World, call: Call) -> tuple[str, str]:
    """Scope and language as the profile's key."""
    scope = call.get("scope", {"type": "default"})
    match scope.get("type"):
        case "chat":
            check_fields(scope, "BotCommandScopeChat", "type")
            key = f"chat:{known_chat(world, scope.get('chat_id', 0)).id}"
        case str(kind) if kind in _WIDE_SCOPES:
            check_fields(scope, "BotCommandScope")
            key = kind
        case kind:
            raise bad_request(f"the sandbox does not offer commands of scope {kind}")
    return key, _language(call)
