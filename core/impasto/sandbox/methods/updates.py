"""Who the bot is and how it hears of things: getMe, getUpdates, and webhooks, of which there are none."""

from __future__ import annotations

from typing import Any

from impasto.sandbox.methods.registry import Call, method
from impasto.sandbox.world import World


@method("getMe")
async def get_me(world: World, _call: Call) -> dict[str, Any]:
    """The bot's own user."""
    abilities = {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
    return world.bot | {"first_name": world.bot_name()} | abilities


@method("getUpdates")
async def get_updates(world: World, call: Call) -> list[dict[str, Any]]:
    """Updates, by a real long poll."""
    return await world.updates.poll(
        offset=call.get("offset", 0),
        limit=call.get("limit", 100),
        timeout=call.get("timeout", 0),
        allowed=call.get("allowed_updates"),
    )


@method("deleteWebhook")
async def delete_webhook(world: World, call: Call) -> bool:
    """There is none; waiting updates are dropped on request."""
    if call.get("drop_pending_updates"):
        world.updates.clear()
    return True


@method("getWebhookInfo")
async def get_webhook_info(world: World, _call: Call) -> dict[str, Any]:
    """No webhook, and how many updates wait."""
    waiting = len(world.updates)
    return {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}
