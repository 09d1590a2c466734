"""Nothing of people and no token is in the log, at any level and in any form, whatever goes wrong."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from telegram import Update

from impasto.bot.discretion import discreet
from impasto.sandbox import trouble
from tests.journal import Journalled, JournalSocket
from tests.people import Group
from tests.pictures import photo
from tests.studio import FIXTURE_PLUGINS, Studio, choose, is_result

NAMES = ("Ariadne", "Theseus", "Knossos", "Labyrinth", "Minotaur", "Argonauts", "Naxos", "Daedalus")


async def test_a_debug_log_in_json_tells_a_job_from_acceptance_to_delivery_and_not_whose(
    tmp_path: Path,
) -> None:
    async with (
        Studio(tmp_path / "data", LOG_LEVEL="DEBUG", LOG_FORMAT="json") as studio,
        await studio.join("Ariadne") as she,
    ):
        await she.say("The way out of the Labyrinth?")
        await she.send_photo(photo(), caption="The Minotaur")
        await choose(she, "Mirror")
        await she.sees(is_result, timeout=60)
        secrets = (*NAMES, str(she.id), studio.sandbox.token)
    said = [json.loads(line) for line in studio.log.splitlines()]
    job = [line["message"] for line in said if line.get("job") == "1"]
    assert [words.split()[-1] for words in job] == ["accepted", "cpu", "s", "delivered"], job
    assert [secret for secret in secrets if secret in studio.log] == []


@pytest.mark.skipif(sys.platform != "linux", reason="the journal is Linux's")
async def test_nothing_that_goes_wrong_puts_people_into_the_journal_a_file_or_the_owners_log(
    tmp_path: Path,
) -> None:
    plugins = tmp_path / "plugins"
    for folder in (FIXTURE_PLUGINS, FIXTURE_PLUGINS.parent / "thoughtless"):
        shutil.copytree(folder, plugins, dirs_exist_ok=True)
    journal, file = JournalSocket(tmp_path / "journal"), tmp_path / "logs" / "impasto.log"
    settings = {"LOG_LEVEL": "DEBUG", "LOG_FILE": str(file), "PLUGINS_DIR": str(plugins)}
    async with (
        Journalled(tmp_path / "data", journal, **settings) as studio,
        await studio.join("Ariadne") as she,
        await studio.join("Theseus") as he,
        await studio.owner() as owner,
    ):
        await she.send_document(photo(), "Knossos.jpg", "/wrong Labyrinth")
        await he.send_photo(photo(), "/deadly Minotaur")
        group = await Group.create(studio.sandbox.page_url, "Argonauts", [he, she])
        await he.in_group(group).say("/start@impasto_sandbox_bot Naxos")
        await he.say("/report")
        await he.sees("✉️")
        await he.say("Daedalus owes me wings")
        await owner.sees("Daedalus", timeout=20)
        await she.sees("Something went wrong on my side with this effect", timeout=60)
        await he.sees("fall over twice", timeout=60)
        await she.say("/reset")  # which a plugin fails at
        await she.sees("Everything here is dropped")
        studio.sandbox.trouble.add(trouble.refused(400, "Bad Request: Labyrinth, Ariadne"), "sendMessage")
        await she.say("Labyrinth?")
        fault = (await she.sees("Reference: ")).text.partition("Reference: ")[2]
        await owner.say("/log")
        shown = await owner.sees(lambda message: message.document)
        written = [journal.raw, file.read_bytes(), await owner.download(shown.document or "")]
        secrets = (*NAMES, str(she.id), str(he.id), str(abs(group.id)), studio.sandbox.token)
    journal.close()
    for log in (*written, studio.log.encode()):
        assert [secret for secret in secrets if secret.encode() in log] == []
        assert f"fault {fault}".encode() in log
        assert b"a bug of the plugin" in log
        assert b"plugin thoughtless failed in impasto_forget_user: LookupError" in log
        assert b"probe.deadly lost its worker" in log
    entries = journal.entries
    assert [entry["PRIORITY"] for entry in entries if entry.get("IMPASTO_FAULT") == fault] == ["3"]
    trace = next(entry for entry in entries if "a bug of the plugin" in entry["MESSAGE"])
    assert {"IMPASTO_JOB": "1", "IMPASTO_DEVICE": "cpu", "PRIORITY": "3"}.items() <= trace.items()


def test_a_fault_is_told_without_what_was_said_by_whom_though_an_exception_repeats_it() -> None:
    sender = {"id": 4242, "is_bot": False, "first_name": "Ariadne", "username": "thread"}
    message = {"message_id": 1, "date": 0, "chat": {"id": 4242, "type": "private"}, "from": sender}
    said = "Oh Theseus\ncome back"
    update = Update.de_json({"update_id": 1, "message": message | {"text": said}}, None)
    try:
        try:
            raise KeyError(said)
        except KeyError as error:
            raise RuntimeError("no thread of {first_name} ({id})\nin the table".format(**sender)) from error
    except RuntimeError as error:
        what, where = discreet(error, update)
    assert what == "RuntimeError: no … of … (…)\nin the table"
    assert "KeyError: '… …\\n… …'" in where
    assert "RuntimeError: no … of … (…)\nin the table" in where
    assert [word for word in ("Theseus", "Ariadne", "4242", "come") if word in where] == []
