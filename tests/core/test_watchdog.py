"""An Impasto that nobody watches ends itself when it hangs, and says where; its workers go with it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from signal import SIGPROF

import psutil
import pytest

from tests.pictures import photo
from tests.studio import FIXTURE_PLUGINS, Studio, choose

SECONDS = "import impasto.watchdog; impasto.watchdog.SECONDS = {}\n"
ALONE = (
    SECONDS.format(0.5)
    + """
import asyncio, faulthandler, logging, re, time
from impasto.health import Health
from impasto.watchdog import watched

logging.basicConfig(format="%(message)s")
health, stop = Health(), asyncio.Event()

async def live():
    async with watched(health, stop):
        await asyncio.sleep(0.2)
        {what}

asyncio.run(live())
"""
)
LIVES = {
    "re.match('(a+)+$', 'a' * 60 + 'b')": (-SIGPROF, "in live"),
    "health.check('a', lambda: 'it aches', vital=True); await asyncio.sleep(60)": (
        1,
        "unless this passes: it",
    ),
    "health.check('a', lambda: 'it aches'); await asyncio.sleep(1)": (0, ""),
    "time.sleep(0.3); await asyncio.sleep(0.5); time.sleep(0.3)": (0, ""),
    "stop.set(); time.sleep(60)": (1, "in live"),
}


async def lived(what: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ALONE.format(what=what), stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(30):
        _nothing, said = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGPROF")
async def test_what_a_restart_would_mend_ends_it_and_nothing_else_does() -> None:
    ends = await asyncio.gather(*(lived(what) for what in LIVES))
    for what, (code, words), (expected, sentence) in zip(LIVES, ends, LIVES.values(), strict=True):
        assert code == expected, f"{what}: {words}"
        assert sentence in words, what


async def test_a_bot_that_hangs_ends_with_its_workers_and_says_where_and_not_for_whom(tmp_path: Path) -> None:
    plugins = tmp_path / "plugins"
    for folder in (FIXTURE_PLUGINS, FIXTURE_PLUGINS.parent / "thoughtless"):
        shutil.copytree(folder, plugins, dirs_exist_ok=True)
    (tmp_path / "sitecustomize.py").write_text(SECONDS.format(4))
    studio = Studio(tmp_path / "data", environment={"PYTHONPATH": str(tmp_path)}, PLUGINS_DIR=str(plugins))
    await studio.sandbox.start()
    try:
        await studio.start()
        async with await studio.join("Ariadne") as she:
            await she.send_photo(photo())
            await choose(she, "Patient")
            await she.press("Start", on=await she.sees("The test effect patient."))
            waiting = await she.sees(lambda message: message.data_of("Cancel"))
            workers = studio.core.children()
            await she.press("Cancel", on=waiting, patience=1)
            assert await studio.ended() == 1
            assert str(she.id) not in studio.log
        assert "I have not been well for 4 s and end" in studio.log
        assert "thoughtless.py" in studio.log
        _gone, alive = psutil.wait_procs(workers, timeout=5)
        assert [worker for worker in alive if worker.status() != psutil.STATUS_ZOMBIE] == []
    finally:
        await studio.sandbox.stop()
