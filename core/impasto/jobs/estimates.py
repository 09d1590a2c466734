"""Estimates: the seconds that jobs took, by effect and device, kept through restarts, and will take."""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Mapping

from impasto.database import Database
from impasto.effects import OptionValue
from impasto.jobs.expectation import Expectation, Timed

MOST_KEPT = 24
"""Jobs of one effect on one device; older ones are forgotten."""

_SURPRISE = 1.25
"""Where enough is known, only a job that took so many times more or less than expected changes it."""

_Question = tuple[frozenset[tuple[str, OptionValue]], int | None]


class Estimates:
    """The measured jobs in `database`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._done: dict[tuple[str, str], deque[Timed]] = defaultdict(lambda: deque(maxlen=MOST_KEPT))
        """By effect and device, the newest first."""
        self._expectations: dict[tuple[str, str], Expectation] = {}
        self._asked: dict[tuple[str, str], dict[_Question, float | None]] = defaultdict(dict)
        """What was answered, since people wait in crowds for the same."""
        for row in self._db.execute("SELECT * FROM measurements ORDER BY id"):
            timed = Timed(json.loads(row["options"]), row["pixels"], row["seconds"])
            self._done[row["effect_id"], row["device"]].appendleft(timed)

    def learn(
        self, effect_id: str, device: str, options: Mapping[str, OptionValue], pixels: int, seconds: float
    ) -> None:
        """Keep what a job took on the device of that name."""
        self._db.execute(
            "INSERT INTO measurements (effect_id, device, options, pixels, seconds) VALUES (?, ?, ?, ?, ?)",
            (effect_id, device, json.dumps(dict(options)), pixels, seconds),
            lazily=True,
        )
        self._db.execute(
            "DELETE FROM measurements WHERE effect_id = ? AND device = ? AND id NOT IN"
            " (SELECT id FROM measurements WHERE effect_id = ? AND device = ? ORDER BY id DESC LIMIT ?)",
            (effect_id, device, effect_id, device, MOST_KEPT),
            lazily=True,
        )
        expected = self.seconds(effect_id, device, options, pixels)
        done = self._done[effect_id, device]
        surprise = expected is None or not 1 / _SURPRISE < seconds / expected < _SURPRISE
        if surprise or len(done) < MOST_KEPT:
            self._expectations.pop((effect_id, device), None)
            self._asked.pop((effect_id, device), None)
        done.appendleft(Timed(dict(options), pixels, seconds))

    def seconds(
        self, effect_id: str, device: str, options: Mapping[str, OptionValue], pixels: int | None
    ) -> float | None:
        """How long a job will take there; None as long as too little is known to say.

        `pixels` are those of the pictures of the first slot; None where they are not known.
        """
        if not (done := self._done.get((effect_id, device))):
            return None
        asked, question = self._asked[effect_id, device], (frozenset(options.items()), pixels)
        if question not in asked:
            expectation = self._expectations.get((effect_id, device))
            if expectation is None:
                expectation = self._expectations[effect_id, device] = Expectation(done)
            asked[question] = expectation.seconds(options, pixels)
        return asked[question]
