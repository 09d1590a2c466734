"""What people can send beside texts and files: a place, a contact, a poll, a die. One example of each."""

from __future__ import annotations

from typing import Any, Final

_PLACE: Final = {"latitude": 59.9398, "longitude": 30.3146}

OTHERS: Final[dict[str, dict[str, Any]]] = {
    "location": {"location": _PLACE},
    "venue": {
        "location": _PLACE,
        "venue": {"location": _PLACE, "title": "The Hermitage", "address": "Palace Square, 2"},
    },
    "contact": {"contact": {"phone_number": "+12025550123", "first_name": "Rembrandt"}},
    "poll": {
        "poll": {
            "id": "5384157342210042311",
            "question": "Oil or water-colour?",
            "options": [
                {"persistent_id": "0", "text": "Oil", "voter_count": 0},
                {"persistent_id": "1", "text": "Water-colour", "voter_count": 0},
            ],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": True,
            "members_only": False,
        }
    },
    "dice": {"dice": {"emoji": "🎲", "value": 4}},
}
"""Message contents by kind."""
