"""What the bot says about itself: name, descriptions, commands and menu button, by language and scope."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Commands = list[dict[str, str]]


@dataclass(slots=True)
class Profile:
    """Every text is kept by two-letter language code; the empty code is for everybody else."""

    names: dict[str, str] = field(default_factory=dict)
    descriptions: dict[str, str] = field(default_factory=dict)
    short_descriptions: dict[str, str] = field(default_factory=dict)
    commands: dict[tuple[str, str], Commands] = field(default_factory=dict)
    menu_buttons: dict[int | None, dict[str, Any]] = field(default_factory=dict)

    def commands_for(self, chat_id: int, language_code: str) -> Commands:
        """The commands that a client shows in a chat: the narrowest scope wins, within it the language.

        A negative id is a group's. See core.telegram.org/bots/api#determining-list-of-commands.
        """
        wide = "all_group_chats" if chat_id < 0 else "all_private_chats"
        for scope in (f"chat:{chat_id}", wide, "default"):
            for code in (language_code[:2], ""):
                if commands := self.commands.get((scope, code)):
                    return commands
        return []


def in_language(texts: dict[str, str], language_code: str) -> str:
    """The text of that language, or the one for everybody else."""
    return texts.get(language_code[:2]) or texts.get("", "")
