"""Pace: how often news may go to a chat, and to all together, so that Telegram never says "too many"."""

from __future__ import annotations

import asyncio

from impasto.bot import limits


class Pace:
    """Gives turns. Who waits for one shows what is newest when it comes; nothing is queued."""

    def __init__(
        self,
        private: float = limits.EDIT_SECONDS,
        group: float = limits.GROUP_EDIT_SECONDS,
        all_chats: float = limits.NEWS_SECONDS,
    ) -> None:
        """Seconds between two turns of a private chat, of a group, and of all chats together."""
        self._private, self._group, self._all_chats = private, group, all_chats
        self._next: dict[int, float] = {}
        self._next_of_all = 0.0

    async def turn(self, chat_id: int) -> None:
        """Wait until `chat_id` may be told something again."""
        loop = asyncio.get_running_loop()
        gap = self._private if chat_id > 0 else self._group  # groups have negative ids
        while True:
            now = loop.time()
            due = max(self._next.get(chat_id, 0.0), self._next_of_all)
            if due <= now:
                break
            await asyncio.sleep(due - now)
        self._next = {chat: due for chat, due in self._next.items() if due > now}
        self._next[chat_id] = now + gap
        self._next_of_all = now + self._all_chats
