"""JobStore: every accepted job, kept through restarts. The only writer of the jobs table."""

from __future__ import annotations

import json
import sqlite3
import time
from dataclasses import asdict
from typing import Any

from impasto.crop import Crop
from impasto.database import Database
from impasto.jobs.model import UNFINISHED, Job, JobOrder, JobState, Outcome, PictureRef, check_transition

_KEPT_SECONDS = 30 * 24 * 3600


class JobStore:
    """Jobs in `database`."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, order: JobOrder) -> Job:
        """Keep a new job. When this returns, it is on the disk. Raises `NoRoom` where that is full."""
        now = time.time()
        pictures = {slot: [asdict(ref) for ref in refs] for slot, refs in order.pictures.items()}
        cursor = self._db.keep(
            "INSERT INTO jobs (chat_id, user_id, effect_id, options, pictures, as_file, file_format,"
            " language, seed, reply_to, state, created, changed, pixels)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                order.chat_id,
                order.user_id,
                order.effect_id,
                json.dumps(dict(order.options)),
                json.dumps(pictures),
                order.as_file,
                order.file_format,
                order.language,
                order.seed,
                order.reply_to,
                JobState.QUEUED,
                now,
                now,
                sum(ref.width * ref.height for refs in order.pictures.values() for ref in refs),
            ),
        )
        return self.get(cursor.lastrowid or 0)

    def get(self, job_id: int) -> Job:
        """The job of that number. Raises `KeyError` where there is none."""
        row = self._db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise KeyError(job_id)
        return _job(row)

    def has(self, job_id: int) -> bool:
        """Whether there is a job of that number."""
        return self._db.execute("SELECT 1 FROM jobs WHERE id = ?", (job_id,)).fetchone() is not None

    def advance(self, job: Job, state: JobState, *, died: bool = False) -> Job:
        """Move `job` to `state`; `died` counts a worker that died under it.

        Raises `WrongTransition` where the table of states does not allow it.
        """
        job = self.get(job.id)
        check_transition(job, state)
        self._db.execute(
            "UPDATE jobs SET state = ?, attempts = attempts + ?, deaths = deaths + ?, changed = ?"
            " WHERE id = ?",
            (state, state is JobState.RUNNING, died, time.time(), job.id),
        )
        return self.get(job.id)

    def set_status_message(self, job: Job, message_id: int, *, is_photo: bool) -> Job:
        """Note which message shows the status of `job`, and whether it is a photo or words."""
        self._db.execute(
            "UPDATE jobs SET status_message_id = ?, status_is_photo = ? WHERE id = ?",
            (message_id, is_photo, job.id),
        )
        return self.get(job.id)

    def move_chat(self, chat_id: int, new_chat_id: int) -> None:
        """The chat is another one now, in which its old messages are not."""
        self._db.execute(
            "UPDATE jobs SET chat_id = ?, status_message_id = NULL, status_is_photo = 0, reply_to = NULL"
            " WHERE chat_id = ?",
            (new_chat_id, chat_id),
        )

    def set_measured(self, job: Job, pixels: int, seconds: float) -> None:
        """Note how many pixels the pictures of `job` really had, and how long its effect took."""
        self._db.execute("UPDATE jobs SET pixels = ?, seconds = ? WHERE id = ?", (pixels, seconds, job.id))

    def pixels_since(self, user_id: int, since: float) -> int:
        """The pixels of a user's pictures since then (seconds of the epoch) that did not come to nothing."""
        lost = (JobState.FAILED, JobState.CANCELLED)
        row = self._db.execute(
            "SELECT sum(pixels) AS pixels FROM jobs"
            " WHERE user_id = ? AND created >= ? AND state NOT IN (?, ?)",
            (user_id, since, *lost),
        ).fetchone()
        return int(row["pixels"] or 0)

    def outcomes(self, since: float) -> list[Outcome]:
        """The jobs that came to a picture or failed since then (seconds of the epoch), in that order."""
        made = (JobState.FINISHED, JobState.DELIVERED)
        rows = self._db.execute(
            "SELECT user_id, effect_id, state, changed, seconds, pixels FROM jobs"
            " WHERE changed >= ? AND state IN (?, ?, ?) ORDER BY changed",
            (since, *made, JobState.FAILED),
        )
        return [
            Outcome(
                row["user_id"],
                row["effect_id"],
                row["state"] in made,
                row["changed"],
                row["seconds"],
                row["pixels"],
            )
            for row in rows
        ]

    def forget(self, user_id: int) -> None:
        """Delete the jobs of a user that came to their end."""
        marks = ", ".join("?" * len(UNFINISHED))
        self._db.execute(
            f"DELETE FROM jobs WHERE user_id = ? AND state NOT IN ({marks})", (user_id, *UNFINISHED)
        )

    def unfinished(self, user_id: int | None = None) -> list[Job]:
        """The jobs that somebody waits for, in the order of arrival; of one user if given."""
        marks = ", ".join("?" * len(UNFINISHED))
        query = f"SELECT * FROM jobs WHERE state IN ({marks})"
        values: list[str | int] = [*UNFINISHED]
        if user_id is not None:
            query += " AND user_id = ?"
            values.append(user_id)
        return [_job(row) for row in self._db.execute(query + " ORDER BY id", values)]

    def counts(self) -> dict[JobState, int]:
        """How many jobs there are in each state in which somebody waits for them, if any."""
        marks = ", ".join("?" * len(UNFINISHED))
        query = f"SELECT state, count(*) AS jobs FROM jobs WHERE state IN ({marks}) GROUP BY state"
        return {JobState(row["state"]): row["jobs"] for row in self._db.execute(query, [*UNFINISHED])}

    def recover(self) -> list[Job]:
        """At the start: put every unfinished job back into the queue and return them."""
        self._db.execute(
            "UPDATE jobs SET state = ? WHERE state IN (?, ?)",
            (JobState.QUEUED, JobState.RUNNING, JobState.FINISHED),
        )
        return self.unfinished()

    def prune(self) -> None:
        """Drop the jobs that came to their end over 30 days ago."""
        marks = ", ".join("?" * len(UNFINISHED))
        self._db.execute(
            f"DELETE FROM jobs WHERE state NOT IN ({marks}) AND changed < ?",
            (*UNFINISHED, time.time() - _KEPT_SECONDS),
        )


def _job(row: sqlite3.Row) -> Job:
    pictures = {slot: tuple(map(_picture, refs)) for slot, refs in json.loads(row["pictures"]).items()}
    order = JobOrder(
        chat_id=row["chat_id"],
        user_id=row["user_id"],
        effect_id=row["effect_id"],
        options=json.loads(row["options"]),
        pictures=pictures,
        language=row["language"],
        as_file=bool(row["as_file"]),
        file_format=row["file_format"],
        seed=row["seed"],
        reply_to=row["reply_to"],
    )
    return Job(
        id=row["id"],
        order=order,
        state=JobState(row["state"]),
        status_message_id=row["status_message_id"],
        status_is_photo=bool(row["status_is_photo"]),
        attempts=row["attempts"],
        deaths=row["deaths"],
        created=row["created"],
        pixels=row["pixels"],
        seconds=row["seconds"],
    )


def _picture(ref: dict[str, Any]) -> PictureRef:
    crop, shape = ref.pop("crop", None), ref.pop("shape", (0, 0))
    return PictureRef(**ref, shape=tuple(shape), crop=Crop(**crop) if crop else None)
