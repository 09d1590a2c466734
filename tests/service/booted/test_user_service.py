"""A service of one user, without root's rights: there without a login, removed and found again; one story."""

from __future__ import annotations

import pytest
import pytest_asyncio

from impasto.sandbox.server import Sandbox
from tests.people import Person
from tests.pictures import photo
from tests.service.booted.machine import CLONE, Done, Machine, python
from tests.service.booted.talking import PATIENCE, answers

pytestmark = pytest.mark.asyncio(loop_scope="module")

LENA = "lena"
HERS = "home/lena/"


async def script(machine: Machine, *options: str) -> Done:
    """Run the script as its owner does who is not there to be asked."""
    command = f"{CLONE}/install_service.sh --user --unattended {' '.join(options)} </dev/null"
    return await machine.run(command, login=LENA, timeout=240)


async def install(machine: Machine, *options: str) -> None:
    done = await script(machine, f"--python {python()} --disk 1 --weights none", *options)
    assert done.code == 0, done.said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def before(machine: Machine, telegram: Sandbox) -> set[str]:
    """What the machine has before anything is installed."""
    await machine.told(f"useradd --create-home --shell /bin/bash {LENA}")
    (machine.root / HERS / "token").write_text(telegram.token)
    await machine.told("mkdir -p ~/.config/systemd/user ~/.local/share", login=LENA)
    return machine.files()


async def test_a_user_installs_it_without_roots_help(
    machine: Machine, telegram: Sandbox, ada: Person, before: set[str]
) -> None:
    await install(machine, "--token-file ~/token --owner", str(telegram.owner_id))
    await answers(ada)


async def test_it_is_there_after_a_boot_without_a_login(machine: Machine, ada: Person) -> None:
    await machine.power_off()
    ada.looks_away()
    await ada.say("/help")
    await machine.boot()
    await ada.sees("/effects", PATIENCE)
    assert await machine.told("loginctl list-sessions --no-legend") == ""


async def test_installed_again_it_finds_what_was_kept(
    machine: Machine, ada: Person, before: set[str]
) -> None:
    await ada.say("/upscale_fast")
    await ada.sees("Enlarge quickly", PATIENCE)
    done = await script(machine, "--uninstall --keep-data")
    assert done.code == 0, done.said
    kept = {path for path in machine.files() - before if path.startswith(HERS)}
    assert f"{HERS}.local/share/impasto/impasto.sqlite3" in kept
    assert not any(path.endswith(("/token", "impasto.service", "impasto-service")) for path in kept)
    await install(machine, "--token-file ~/token")
    await ada.send_photo(photo())
    await ada.sees("Enlarge quickly", PATIENCE)


async def test_a_purge_leaves_nothing(machine: Machine, before: set[str]) -> None:
    done = await script(machine, "--uninstall --purge")
    assert done.code == 0, done.said
    assert machine.files() == before
    assert await machine.told(f"loginctl show-user --property=Linger --value {LENA}") == "no"
