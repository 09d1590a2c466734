"""Privacy mode: what a bot that is no administrator hears in a group (core.telegram.org/bots/features).

Commands for it, mentions of it, replies to it, and who comes and goes. Telegram hands over a command without
a name only where the bot was the last bot to write in the group; here it always does, being the only bot.
"""

from __future__ import annotations

from typing import Any

from impasto.sandbox.chats import Message, User
from impasto.sandbox.entities import part


def reaches(bot: dict[str, Any], message: Message) -> bool:
    """Whether the bot gets an update of a person's message."""
    if isinstance(message.chat, User) or message.is_service:
        return True
    if message.reply_to is not None and message.reply_to.from_bot:
        return True
    content = message.content
    text = content.get("text") or content.get("caption") or ""
    entities = content.get("entities") or content.get("caption_entities") or []
    return any(_addresses(bot, part(text, entity), entity) for entity in entities)


def _addresses(bot: dict[str, Any], words: str, entity: dict[str, Any]) -> bool:
    name = words.partition("@")[2].lower()
    match entity["type"]:
        case "bot_command":
            return bool(name == bot["username"]) or (not name and entity["offset"] == 0)
        case "mention":
            return bool(name == bot["username"])
        case "text_mention":
            return bool(entity["user"]["id"] == bot["id"])
    return False
