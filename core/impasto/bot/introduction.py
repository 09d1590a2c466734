"""What Telegram shows of the bot by itself: menus of commands by scope, descriptions, a name; by language."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from impasto.bot import limits
from impasto.bot.cards import heading
from impasto.bot.flood import seconds_of
from impasto.bot.pages import COMMANDS, DESCRIPTION, GROUP_COMMANDS, SHORT_DESCRIPTION
from impasto.config import Settings
from impasto.effects import Effect, Text
from impasto.i18n import SOURCE_LANGUAGE, Language, Languages

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.25
"""Between two requests: chats go first."""

_EVERYWHERE = ("start", "help", "privacy")
"""What is offered where none of the other menus is shown."""

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Menu:
    """The commands that clients show in some chats, each with its explanation."""

    scope: BotCommandScope
    commands: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class _Item:
    """One thing that Telegram shows: how to read it, what it shall be, how to write it."""

    name: str
    read: Callable[[], Awaitable[object]]
    wanted: object
    write: Callable[[], Awaitable[bool]]


def menus(effects: Iterable[Effect], owner: int | None, owner_commands: Mapping[str, Text]) -> list[Menu]:
    """The menus of every scope; effects are in them by the commands that they have."""
    own = {effect.command: heading(effect) for effect in effects if effect.command}
    private = COMMANDS | own
    found = [
        Menu(BotCommandScopeDefault(), {name: COMMANDS[name] for name in _EVERYWHERE}),
        Menu(BotCommandScopeAllPrivateChats(), private),
        Menu(BotCommandScopeAllGroupChats(), own | {name: COMMANDS[name] for name in GROUP_COMMANDS}),
    ]
    if owner is not None:
        found.append(Menu(BotCommandScopeChat(owner), {**private, **owner_commands}))
    return found


def longest(owner_commands: Mapping[str, Text]) -> dict[str, int]:
    """How many characters of a translation Telegram takes, by English text."""
    commands = (*COMMANDS.values(), *owner_commands.values())
    return {
        **{text.msgid: limits.COMMAND_DESCRIPTION_CHARACTERS for text in commands},
        DESCRIPTION.msgid: limits.DESCRIPTION_CHARACTERS,
        SHORT_DESCRIPTION.msgid: limits.SHORT_DESCRIPTION_CHARACTERS,
    }


async def introduce(
    settings: Settings,
    languages: Languages,
    effects: Iterable[Effect],
    owner_commands: Mapping[str, Text],
    *,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Let Telegram show what it does not show yet, with `pause` seconds between requests.

    What fails is logged and left for the next start.
    """
    shown = menus(effects, settings.owner, owner_commands)
    # A client of its own: when Telegram tells the one of the chats to wait, which here may be for hours,
    # its rate limiter halts them all.
    bot = Bot(
        settings.bot_token(),
        base_url=settings.telegram.base_url,
        request=HTTPXRequest(connect_timeout=15, read_timeout=30),
    )
    try:
        async with bot:
            for language, code in _by_code(languages):
                for item in _items(bot, language, code, shown):
                    await _show(item, language, pause)
            if settings.telegram.bot_name is not None:
                name = _name(bot, settings.telegram.bot_name)
                await _show(name, languages.get(None), pause)
    except TelegramError as error:
        log.warning("the bot could not introduce itself: %s", error)


def _by_code(languages: Languages) -> Iterator[tuple[Language, str]]:
    """The languages with Telegram's code for each: two letters, and none for the one of everybody else.

    Of two that share their letters, the first alone is told, and one that has three letters is not.
    """
    told: set[str] = set()
    for language in languages.all():
        code = "" if language.code == SOURCE_LANGUAGE else language.locale.language
        if code not in told and len(code) in (0, 2):
            told.add(code)
            yield language, code


def _items(bot: Bot, language: Language, code: str, shown: Sequence[Menu]) -> Iterator[_Item]:
    description, short = language(DESCRIPTION), language(SHORT_DESCRIPTION)
    for menu in shown:
        yield _commands(bot, language, code, menu)
    yield _Item(
        "description",
        lambda: _of(bot.get_my_description(code), "description"),
        description,
        lambda: bot.set_my_description(description, code),
    )
    yield _Item(
        "short description",
        lambda: _of(bot.get_my_short_description(code), "short_description"),
        short,
        lambda: bot.set_my_short_description(short, code),
    )


def _commands(bot: Bot, language: Language, code: str, menu: Menu) -> _Item:
    commands = tuple(
        BotCommand(name, language(words)[: limits.COMMAND_DESCRIPTION_CHARACTERS])
        for name, words in menu.commands.items()
    )[: limits.COMMANDS]
    return _Item(
        f"commands of scope {menu.scope.type}",
        lambda: bot.get_my_commands(scope=menu.scope, language_code=code),
        commands,
        lambda: bot.set_my_commands(commands, scope=menu.scope, language_code=code),
    )


def _name(bot: Bot, name: str) -> _Item:
    return _Item("name", lambda: _of(bot.get_my_name(), "name"), name, lambda: bot.set_my_name(name))


async def _of(answer: Awaitable[object], attribute: str) -> object:
    return getattr(await answer, attribute)


async def _show(item: _Item, language: Language, pause: float) -> None:
    try:
        if await _patiently(item.read, pause) != item.wanted:
            await _patiently(item.write, pause)
    except TelegramError as error:
        log.warning("Telegram did not take the %s in %s: %s", item.name, language.code, error)


async def _patiently(ask: Callable[[], Awaitable[Answer]], pause: float) -> Answer:
    """The answer, however long Telegram lets us wait for it."""
    await asyncio.sleep(pause)
    while True:
        try:
            return await ask()
        except RetryAfter as error:
            log.info("Telegram lets the introduction wait for %d s", seconds_of(error))
            await asyncio.sleep(seconds_of(error))
