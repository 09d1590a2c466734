"""Who the bot is and how it hears of things: getMe, getUpdates, and webhooks."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from impasto.sandbox.errors import Refused, bad_request
from impasto.sandbox.limits import (
    CERTIFICATE_BYTES,
    WEBHOOK_CONNECTIONS,
    WEBHOOK_CONNECTIONS_LOCAL,
    WEBHOOK_PORTS,
)
from impasto.sandbox.methods.registry import Call, method
from impasto.sandbox.webhook import Address
from impasto.sandbox.world import World

_ACTIVE: Final = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


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
    """Updates, by a real long poll; not while there is a webhook."""
    if world.webhook.is_set:
        raise Refused(409, _ACTIVE)
    return await world.updates.poll(
        offset=call.get("offset", 0),
        limit=call.get("limit", 100),
        timeout=call.get("timeout", 0),
        allowed=call.get("allowed_updates"),
    )


@method("setWebhook")
async def set_webhook(world: World, call: Call) -> bool:
    """Have updates sent to an address, after the one before is taken back."""
    if not call["url"]:
        return _delete(world, call)
    secret = call.get("secret_token")
    if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    certificate = call.get("certificate")
    if certificate is not None and len(certificate.data) > CERTIFICATE_BYTES:
        raise bad_request(f"certificate size is too big ({len(certificate.data)} bytes)")
    await _check(urlsplit(call["url"]), local=world.files.is_local)
    most = WEBHOOK_CONNECTIONS_LOCAL if world.files.is_local else WEBHOOK_CONNECTIONS
    connections = min(max(call.get("max_connections", 40), 1), most)
    world.updates.allow(call.get("allowed_updates"))
    if call.get("drop_pending_updates"):
        world.updates.clear()
    world.updates.end_poll("Conflict: terminated by setWebhook request")
    world.webhook.put(Address(call["url"], secret, certificate.data if certificate else None, connections))
    return True


async def _check(url: SplitResult, *, local: bool) -> None:
    """Refuse what Telegram does not call; a server of one's own, with --local, calls everything."""
    if url.scheme not in ("http", "https") or not url.hostname:
        raise bad_request("invalid webhook URL specified")
    if not local and url.scheme == "http":
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if not local and (url.port or 443) not in WEBHOOK_PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(url.hostname, None, type=socket.SOCK_STREAM)
    except OSError:
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known") from None
    address = found[0][4][0]
    if not local and not ipaddress.ip_address(address).is_global:
        raise bad_request(f"bad webhook: IP address {address} is reserved")


@method("deleteWebhook")
async def delete_webhook(world: World, call: Call) -> bool:
    """Let the bot poll again; waiting updates are dropped on request."""
    return _delete(world, call)


def _delete(world: World, call: Call) -> bool:
    world.webhook.put(None)
    if call.get("drop_pending_updates"):
        world.updates.clear()
    return True


@method("getWebhookInfo")
async def get_webhook_info(world: World, _call: Call) -> dict[str, Any]:
    """Where updates are sent, how many wait, and what went wrong the last time."""
    return world.webhook.info()
