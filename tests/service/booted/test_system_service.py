"""A service of the system under a real systemd, from the installation to the removal; one story."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import pytest_asyncio

from impasto.sandbox.server import Sandbox
from tests.people import Person
from tests.pictures import decoded, photo
from tests.service.booted.machine import CLONE, Done, Machine, python
from tests.service.booted.talking import PATIENCE, answers, paints
from tests.studio import FIXTURE_PLUGINS, is_result, made

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "/root/token"
IMPASTO = "/opt/impasto/venv/bin/impasto"
OWN_PLUGINS = Path(__file__).parent / "plugins"
QUICKER = "[Service]\nWatchdogSec=8s\nRestartSec=1s\n"


async def install(machine: Machine, *options: str) -> Done:
    """Run the script as an owner does who is not there to be asked."""
    script = f"{CLONE}/install_service.sh --unattended --python {python()} --disk 1 {' '.join(options)}"
    return await machine.run(f"{script} </dev/null", timeout=240)


def now_is(machine: Machine, version: str, ends_with: str = "") -> None:
    """What a `git pull` brings."""
    package = machine.root / CLONE.lstrip("/") / "core/impasto"
    (package / "__init__.py").write_text(f'"""Impasto."""\n\n__version__ = "{version}"\n')
    with (package / "bot/application.py").open("a") as application:
        application.write(f"{ends_with}\n")


async def processes(machine: Machine) -> set[str]:
    """Everything that runs for the service."""
    return set((await machine.told("cat /sys/fs/cgroup/system.slice/impasto.service/cgroup.procs")).split())


async def property_of(machine: Machine, name: str) -> str:
    return await machine.told(f"systemctl show --property={name} --value impasto.service")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def before(machine: Machine, telegram: Sandbox) -> set[str]:
    """What the machine has before anything is installed."""
    (machine.root / TOKEN.lstrip("/")).parent.mkdir(exist_ok=True)
    (machine.root / TOKEN.lstrip("/")).write_text(telegram.token)
    return machine.files()


async def test_one_script_and_the_bot_answers(
    machine: Machine, telegram: Sandbox, ada: Person, before: set[str]
) -> None:
    done = await install(machine, "--token-file", TOKEN, "--owner", str(telegram.owner_id), "--weights none")
    assert done.code == 0, done.said
    assert telegram.token not in done.said
    assert await property_of(machine, "ActiveState") == "active"
    result = await paints(ada, "/upscale_fast")
    assert decoded(await ada.download(result.document or "")).size == (128, 96)


async def test_it_is_there_after_a_boot_and_does_what_came_meanwhile(machine: Machine, ada: Person) -> None:
    own = machine.root / "var/lib/impasto/plugins"
    own.mkdir()
    for plugin in (*FIXTURE_PLUGINS.glob("*.py"), *OWN_PLUGINS.glob("*.py")):
        shutil.copy(plugin, own)
    await machine.power_off()
    ada.looks_away()
    await ada.send_photo(photo(), "/mirror")
    await machine.boot()
    await ada.sees(is_result, PATIENCE)
    assert await machine.told("loginctl list-sessions --no-legend") == "", "nobody is logged in"


async def test_the_service_sees_and_touches_nothing_but_its_own(machine: Machine, ada: Person) -> None:
    await machine.told("mknod --mode=666 /dev/other c 10 183")
    assert "not permitted" not in (await machine.run("true < /dev/other")).said, "the machine itself may"
    await paints(ada, "/look")
    report = json.loads((machine.root / "var/lib/impasto/spy.json").read_text())
    uid = int(await machine.told("id --user impasto"))
    folders = report.pop("writes")
    assert report == {
        "uid": uid,
        "sees processes of": [uid],
        "no new rights": "1",
        "rights": 0,
        "read the token's file": "EACCES",
        "look into homes": "EACCES",
        "look into root's home": "EACCES",
        "reads credentials": ["/run/credentials/impasto.service/token"],
        "open a device": "EPERM",
        "make a device": "EPERM",
        "mount": "EPERM",
        "a namespace of its own": "EPERM",
        "raw network": "EAFNOSUPPORT",
        "become root": "EPERM",
    }
    ours = ("/var/lib/impasto", "/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue")
    assert [folder for folder in folders if not folder.startswith(ours)] == []


async def test_a_bot_that_hangs_is_begun_again_and_its_job_is_done_once(
    machine: Machine, ada: Person
) -> None:
    quicker = machine.root / "etc/systemd/system/impasto.service.d/tests.conf"
    quicker.parent.mkdir(exist_ok=True)
    quicker.write_text(QUICKER)
    await machine.told("systemctl daemon-reload && systemctl restart impasto")
    before = await processes(machine)
    ada.looks_away()
    await ada.send_photo(photo(), "/patient")
    await ada.sees("▰", PATIENCE)
    await machine.told("systemctl kill --kill-whom=main --signal=STOP impasto")
    await machine.logs("Watchdog timeout")
    await ada.sees(is_result, PATIENCE)
    assert await property_of(machine, "NRestarts") == "1"
    assert not before & await processes(machine), "none of the old processes is left"
    jobs = [job for message in ada.messages() for job in made(message)]
    assert len(jobs) == len(set(jobs)), "no result came twice"


async def test_a_bot_that_dies_is_begun_again(machine: Machine, ada: Person) -> None:
    before = await processes(machine)
    await machine.told("systemctl kill --kill-whom=main --signal=KILL impasto")
    await answers(ada)
    assert not before & await processes(machine)


async def test_a_wrong_configuration_is_told_and_not_tried_again(machine: Machine, ada: Person) -> None:
    settings = machine.root / "etc/impasto/impasto.toml"
    right = settings.read_text()
    settings.write_text(right + "\ncolour = 'red'\n")
    assert (await machine.run("systemctl restart impasto")).code != 0
    assert await property_of(machine, "ExecMainStatus") == "78"
    assert (await property_of(machine, "ActiveState"), await property_of(machine, "NRestarts")) == (
        "failed",
        "0",
    )
    assert "colour" in await machine.told("journalctl --unit=impasto --lines=5 --output=cat")
    assert "colour" in await property_of(machine, "StatusText")
    settings.write_text(right)
    await machine.told("systemctl restart impasto")
    await answers(ada)


async def test_an_upgrade_keeps_settings_and_chat(machine: Machine, ada: Person) -> None:
    await ada.say("/upscale_fast")
    await ada.sees("Enlarge quickly", PATIENCE)
    now_is(machine, "0.2.0")
    done = await install(machine, "--upgrade")
    assert done.code == 0, done.said
    assert "0.2.0" in await machine.told(f"{IMPASTO} --version")
    await ada.send_photo(photo())
    await ada.sees("Enlarge quickly", PATIENCE)


async def test_an_upgrade_that_does_not_come_up_is_taken_back(machine: Machine, ada: Person) -> None:
    now_is(machine, "0.3.0", ends_with="raise RuntimeError('a bug')")
    done = await install(machine, "--upgrade")
    assert done.code == 1, done.said
    assert "0.2.0" in await machine.told(f"{IMPASTO} --version")
    await paints(ada, "/mirror")


async def test_a_purge_leaves_nothing(machine: Machine, before: set[str]) -> None:
    shutil.rmtree(machine.root / "etc/systemd/system/impasto.service.d", ignore_errors=True)
    await machine.told("/opt/impasto/src/install_service.sh --unattended --uninstall --purge")
    assert machine.files() == before
    assert (await machine.run("id impasto")).code != 0
    assert (await machine.run("systemctl cat impasto")).code != 0
