"""What the server answers when it refuses a request, in Telegram's own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

# Not the request is wrong, but its moment: blocked by the user, a second poller, too many messages.
_CIRCUMSTANCES: Final = {401, 403, 409, 429}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request of the bot that broke the Bot API's rules: its method, its parameters' names, the words."""

    method: str
    parameters: tuple[str, ...]
    code: int
    reason: str


class Refused(Exception):
    """The answer to a request that is not carried out.

    `code` is the HTTP status and Telegram's error_code; `retry_after` are the seconds of a 429;
    `moved_to` is the chat that a group has become. `blameless` says that the bot could not know better: a
    person had just deleted the message, for instance.
    """

    def __init__(
        self,
        code: int,
        description: str,
        retry_after: int | None = None,
        *,
        moved_to: int | None = None,
        blameless: bool = False,
    ) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after = retry_after
        self.moved_to = moved_to
        self.blameless = blameless or code in _CIRCUMSTANCES

    def body(self) -> dict[str, Any]:
        """The JSON body that goes with the status."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        if self.moved_to is not None:
            body["parameters"] = {"migrate_to_chat_id": self.moved_to}
        return body


def bad_request(reason: str, *, blameless: bool = False) -> Refused:
    """A 400: the request itself is wrong."""
    return Refused(400, f"Bad Request: {reason}", blameless=blameless)


def not_offered(what: str) -> Refused:
    """A 400 for what Telegram knows and the sandbox does not, so that nobody takes silence for success."""
    return bad_request(f"the sandbox does not offer {what}")
