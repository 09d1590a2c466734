"""What Prometheus and a container's health check are told, against what was done in the chat."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from impasto.lifecycle import EXIT_CONFIGURATION
from impasto.sandbox.trouble import bad_gateway, too_many
from tests.pictures import photo
from tests.studio import Studio, choose, is_result, made

PROBE = (sys.executable, "-m", "impasto.metrics.probe")
TOKEN = "123456789:AAExampleExampleExampleExampleExample"


@pytest.fixture
def port() -> int:
    """One that is free just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
async def studio(tmp_path: Path, port: int) -> AsyncIterator[Studio]:
    async with Studio(tmp_path / "data", METRICS__PORT=str(port)) as studio:
        yield studio
        assert studio.sandbox.refusals == []


class Metrics:
    """What /metrics says at one moment."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._samples = {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def of(self, name: str, **labels: str) -> float:
        """A sample; 0 where it was not counted yet."""
        return self._samples.get((name, frozenset(labels.items())), 0.0)

    def labels(self) -> set[str]:
        """Whatever stands in a label."""
        return {value for _name, labels in self._samples for _label, value in labels}


async def asked(port: int, path: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def metrics(port: int) -> Metrics:
    code, text = await asked(port, "/metrics")
    assert code == 200
    return Metrics(text)


async def said(port: int, words: bytes) -> bytes:
    """What is answered to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(words)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


async def is_open(port: int) -> bool:
    try:
        await said(port, b"\n")
    except ConnectionError:
        return False
    return True


async def probed(port: int) -> tuple[int | None, str]:
    """The exit code and the words of the health check."""
    process = await asyncio.create_subprocess_exec(
        *PROBE, env=os.environ | {"IMPASTO_METRICS__PORT": str(port)}, stdout=asyncio.subprocess.PIPE
    )
    words, _nothing = await process.communicate()
    return process.returncode, words.decode().strip()


async def test_metrics_tell_what_was_done_and_nothing_of_people(studio: Studio, port: int) -> None:
    async with await studio.join("Ada") as ada:
        for effect, seen in (("Mirror", is_result), ("Wrong", partial(made, succeeded=False))):
            await ada.send_photo(photo())
            await choose(ada, effect)
            await ada.sees(seen, timeout=30)
        studio.sandbox.trouble.add(too_many(1), "sendMessage")
        await ada.send_photo(photo())
        await choose(ada, "Patient")
        await ada.press("Start", on=await ada.sees("The test effect patient."))
        await ada.sees("▰▱", timeout=30)
        at_work = await metrics(port)
        studio.worker().kill()
        await studio.logs("lost its worker")
        await ada.say("/cancel")
        await ada.sees("Cancelled")
        now = await metrics(port)

        def jobs(effect: str, outcome: str) -> float:
            return now.of("impasto_jobs_total", effect=f"probe.{effect}", outcome=outcome)

        assert (jobs("mirror", "made"), jobs("patient", "cancelled"), jobs("wrong", "fault")) == (1, 1, 1)
        assert now.of("impasto_faults_total") == 1
        assert now.of("impasto_job_work_seconds_count", effect="probe.mirror") == 1
        assert now.of("impasto_job_wait_seconds_count", effect="probe.patient") == 1
        assert at_work.of("impasto_jobs_working", device="cpu") == 1
        assert now.of("impasto_jobs_working", device="cpu") == now.of("impasto_jobs_waiting") == 0
        assert at_work.of("impasto_workers_died_total", device="cpu") == 0
        assert now.of("impasto_workers_died_total", device="cpu") == 1
        assert now.of("impasto_workers_started_total", device="cpu") == 2
        assert now.of("impasto_updates_total", kind="message") == 4
        assert now.of("impasto_updates_total", kind="callback_query") >= 7
        assert now.of("impasto_telegram_requests_total", method="sendMessage", outcome="too_many") == 1
        assert now.of("impasto_telegram_requests_total", method="sendMessage", outcome="done") >= 4
        assert now.of("impasto_telegram_request_seconds_count", method="answerCallbackQuery") >= 7
        assert now.of("impasto_first_answer_seconds_count") >= 8
        assert now.of("impasto_first_answer_seconds_bucket", le="10.0") >= 8
        assert now.of("impasto_telegram_silence_seconds") < 30
        assert now.of("impasto_ready") == now.of("impasto_check", check="telegram") == 1
        assert now.of("impasto_resident_memory_bytes", process="core") < 100 * 2**20
        people = {str(ada.id), ada.name, str(studio.sandbox.owner_id)}
        assert not people & now.labels()
        assert studio.sandbox.token not in now.text


async def test_an_instance_is_well_while_people_are_answered(studio: Studio, port: int) -> None:
    code, body = await asked(port, "/healthz")
    assert (code, json.loads(body)["checks"]["telegram"]) == (200, {"trouble": None, "vital": False})
    assert await probed(port) == (0, "Impasto is well")
    head = await said(port, b"HEAD /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200") and head.endswith(b"\r\n\r\n")
    assert (await asked(port, "/"))[0] == 404
    assert await said(port, b"\0\r\n\r\n") == b""
    await studio.stop()
    assert await probed(port) == (
        1,
        f"Impasto does not answer on port {port}: [Errno 111] Connection refused",
    )
    studio.sandbox.trouble.add(bad_gateway, "getMe", times=None)
    starting = asyncio.create_task(studio.start())
    async with asyncio.timeout(30):
        while True:
            if await is_open(port):
                break
            await asyncio.sleep(0.1)  # a port tells nobody that it opens
    assert await probed(port) == (1, "Telegram has not answered yet")
    code, body = await asked(port, "/healthz")
    assert (code, "tasks" in json.loads(body)["checks"]) == (503, True)
    studio.sandbox.trouble.clear()
    await starting
    assert (await asked(port, "/healthz"))[0] == 200


async def test_unless_it_is_asked_for_nothing_listens_and_nothing_is_loaded_for_it(tmp_path: Path) -> None:
    async with Studio(tmp_path / "data", environment={"PYTHONPROFILEIMPORTTIME": "1"}) as studio:
        assert "impasto.metrics.onlooker" in studio.log
        assert "prometheus_client" not in studio.log
        assert [c for c in studio.core.net_connections("inet") if c.status == psutil.CONN_LISTEN] == []


async def test_a_port_that_is_taken_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = {
            "TOKEN": TOKEN,
            "DATA_DIR": str(tmp_path),
            "METRICS__PORT": str(port),
            "LOG_FILE": str(tmp_path / "log"),
            "LOG_FORMAT": "json",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "impasto", "run",
            env=os.environ | {f"IMPASTO_{key}": value for key, value in settings.items()},
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        _nothing, log = await process.communicate()
    assert process.returncode == EXIT_CONFIGURATION
    said = json.loads(log.splitlines()[-1])["message"]
    assert said == (
        f"metrics.port: another program has port {port} of 127.0.0.1. End that, or choose another port"
    )
    assert log.count(b"metrics.port") == 1
    assert (tmp_path / "log").read_bytes() == log
