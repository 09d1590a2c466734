"""`impasto doctor` finds what is wrong with an installation, says what to do, and tells nobody the token."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from threading import Event

import pytest
import trustme
from aiohttp import web
from filelock import FileLock

from impasto.database import open_database
from impasto.doctor import conversation, devices, examination, program, storage, telegram
from impasto.doctor.case import Case
from impasto.doctor.computing import Report, Trial
from impasto.doctor.examination import Check, examine
from impasto.doctor.finding import Finding, State, doubtful, good, skipped, wrong
from impasto.doctor.patient import admit
from impasto.doctor.terminal import Page
from impasto.doctor.waiting import Once, in_thread
from impasto.sandbox.server import Sandbox

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
HEAVY = """
from impasto.effects import Category, Effect, ImageSlot, Weights, hookimpl, verbatim

@hookimpl
def impasto_effects():
    return [
        Effect(
            "heavy.paint", verbatim("Heavy"), verbatim("Heavy"), Category.PAINT, "heavy:Paint",
            (ImageSlot("content", verbatim("A"), verbatim("A")),), weights=("heavy-here", "heavy-gone"),
        )
    ]

@hookimpl
def impasto_weights():
    address = "http://127.0.0.1:9/heavy.bin"
    return [
        Weights("heavy-here", verbatim("A"), ("file:here.bin", address), 9, "MIT", sha256="0" * 64),
        Weights("heavy-gone", verbatim("B"), ("file:gone.bin", address), 9, "MIT"),
    ]
"""


@dataclass
class Look:
    """What the command printed, and its exit code."""

    code: int
    output: str

    def findings(self) -> dict[str, dict[str, str]]:
        """What --json says, by check."""
        return {finding["check"]: finding for finding in json.loads(self.output)}


async def doctor(folder: Path, *arguments: object, packages: Path | None = None, **settings: str) -> Look:
    """`impasto doctor` as the owner types it, with settings from the environment alone.

    Python looks for packages in the folder `packages` first.
    """
    changed = {"PYTHONUTF8": "1"} | ({"PYTHONPATH": str(packages)} if packages else {})
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IMPASTO_")}
    given = {"DATA_DIR": str(folder), "CONFIG": str(folder / "none.toml")} | settings
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "impasto", "doctor", *map(str, arguments),
        env=clean | {f"IMPASTO_{name}": value for name, value in given.items()} | changed,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _none = await process.communicate()
    assert process.returncode is not None
    return Look(process.returncode, output.decode())


@asynccontextmanager
async def sandbox() -> AsyncIterator[Sandbox]:
    server = Sandbox(token=TOKEN)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def test_where_all_is_well_every_check_says_so_and_nothing_has_changed(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "impasto.sqlite3")), FileLock(tmp_path / "impasto.lock"):
        before = files(tmp_path)
        async with sandbox() as server:
            look = await doctor(tmp_path, "--json", TOKEN=TOKEN, TELEGRAM__BASE_URL=server.base_url)
        assert files(tmp_path) == before
    assert look.code == 0, look.output
    findings = look.findings()
    assert all(finding["ok"] for finding in findings.values())
    assert "@impasto_sandbox_bot" in findings["token"]["detail"]
    assert "computes rightly" in findings["cpu"]["detail"]
    assert "Impasto is running on it" in findings["database"]["detail"]
    assert TOKEN not in look.output


def broken_torch(folder: Path) -> Path:
    """A folder with a torch that can't be loaded."""
    torch = folder / "packages" / "torch"
    torch.mkdir(parents=True)
    (torch / "__init__.py").write_text("raise ImportError('libcudart.so.13: cannot open shared object')\n")
    return torch.parent


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


async def test_each_thing_that_is_wrong_has_its_line_and_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "plugins").mkdir(parents=True)
    (folder / "plugins" / "brush.py").write_text("import nothing_of_this_name\n")
    (folder / "plugins" / "heavy.py").write_text(HEAVY)
    (folder / "weights").mkdir()
    (folder / "weights" / "here.bin").write_bytes(b"rotten")
    (folder / "gallery").write_text("a file, where a folder should be")
    (folder / "impasto.sqlite3").write_bytes(os.urandom(8192))
    (tmp_path / "token").write_text(TOKEN[:-1] + "X")
    (tmp_path / "token").chmod(0o644)
    async with sandbox() as server:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            settings = {
                "TOKEN_FILE": str(tmp_path / "token"),
                "TELEGRAM__BASE_URL": server.base_url,
                "LOG_FILE": str(tmp_path / "token" / "log"),
                "METRICS__PORT": port,
                "WEBHOOK__URL": "https://example.org/",
                "WEBHOOK__LISTEN": "192.0.2.1",  # kept for examples, and so nobody's
            }
            look = await doctor(folder, "--json", packages=broken_torch(tmp_path), **settings)
    assert look.code == 1
    findings = look.findings()
    for check, detail, advice in (
        ("token", f"does not know the token from {tmp_path / 'token'}", "/mybots"),
        ("folders", f"{folder / 'gallery'} is a file", "Move it away"),
        ("database", "is damaged: file is not a database", "bring a copy"),
        ("log file", f"{tmp_path / 'token' / 'log'} can't be written: Not a directory", "in the settings"),
        ("webhook", "192.0.2.1 is no address of this computer", "in the settings"),
        ("metrics", f"another program has port {port} of 127.0.0.1", "in the settings"),
        ("torch", "can't be loaded", "pip install --force-reinstall torch"),
        ("plugin", "brush is set aside: ModuleNotFoundError", str(folder / "plugins")),
        ("weights", f"heavy-here are damaged: {folder / 'weights' / 'here.bin'}", "weights fetch heavy-here"),
    ):
        assert findings[check]["state"] == "error", check
        assert detail in findings[check]["detail"]
        assert advice in findings[check]["advice"]
    assert findings["network"]["state"] == "ok"
    assert (folder / "gallery").is_file()
    assert TOKEN[:-1] not in look.output


async def test_a_wrong_configuration_ends_with_78_and_does_not_tell_a_token_in_the_wrong_place(
    tmp_path: Path,
) -> None:
    config = tmp_path / "impasto.toml"
    config.write_text(f'owner = "{TOKEN}"\ncolour = "blue"\n')
    look = await doctor(tmp_path, "--config", config, packages=broken_torch(tmp_path))
    assert look.code == 78
    first, *_rest = look.output.splitlines()
    assert "✗ configuration" in first
    assert "colour" in first
    assert "torch is there, but can't be loaded" in look.output, "what needs no settings is looked at"
    assert TOKEN not in look.output


@pytest.mark.parametrize(("encoding", "marks"), [("utf-8", "✓·!✗→"), ("ascii", "+-!x->")])
async def test_a_pipe_gets_a_line_for_each_finding_and_one_for_what_to_do(encoding: str, marks: str) -> None:
    async def found() -> AsyncIterator[Finding]:
        for number, finding in enumerate(
            (good("a"), skipped("b"), doubtful("c", "d"), wrong("e " * 99, "f"))
        ):
            yield replace(finding, check=f"check{number}")

    file = TextIOWrapper(BytesIO(), encoding)
    await Page(file).fill(found())
    file.seek(0)
    lines = [" ".join(line.split()) for line in file.read().splitlines()]
    ok, none, warning, error, to_do = marks[0], marks[1], marks[2], marks[3], marks[4:]
    assert lines == [
        f"{ok} check0 a",
        f"{none} check1 b",
        f"{warning} check2 c",
        f"{to_do} d",
        f"{error} check3 {'e ' * 99}".strip(),
        f"{to_do} f",
        "",
        "1 thing to mend, 1 to see to.",
    ]


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """An Impasto with a token that looks right, whose server nobody has named yet."""
    for name in os.environ:
        if name.startswith("IMPASTO_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IMPASTO_CONFIG", str(tmp_path / "none.toml"))
    monkeypatch.setenv("IMPASTO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMPASTO_TOKEN", TOKEN)
    monkeypatch.setattr(conversation, "_MOST_SECONDS", 1.0)
    return Case(admit(None))


def test_without_a_token_it_is_told_how_to_get_one(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IMPASTO_TOKEN")
    token = admit(None).token
    assert isinstance(token, Finding)
    assert token.state is State.ERROR
    assert "/newbot" in token.advice


async def test_a_token_that_everybody_may_read_is_told(
    tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMPASTO_TOKEN")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o644)
    monkeypatch.setenv("IMPASTO_TOKEN_FILE", str(tmp_path / "token"))
    async with sandbox() as server:
        monkeypatch.setenv("IMPASTO_TELEGRAM__BASE_URL", server.base_url)
        found = await telegram.token(Case(admit(None)))
    assert found.state is State.WARNING
    assert f"chmod 600 {tmp_path / 'token'}" in found.advice


async def test_a_device_of_the_settings_that_is_not_there_is_named_beside_those_that_are(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def torch() -> Report:
        return Report("2.14", "13.0", "13.0", {"cuda:0": "RTX 4090"}, cpu=Trial(right=True))

    monkeypatch.setenv("IMPASTO_DEVICES", "cuda:7")
    again = Case(admit(None))
    again.torch = Once(torch)
    cpu, missing = await devices.devices(again)
    assert cpu.state is State.OK
    assert (missing.check, missing.state) == ("cuda:7", State.ERROR)
    assert "name cuda:7, which torch does not find; it finds cuda:0" in missing.detail


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes a connection and says nothing."""
    await reader.read()
    writer.close()


def says(status: int, text: str, **headers: str) -> web.Application:
    """A web server with one answer to everything."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type="application/json", headers=headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


@asynccontextmanager
async def serving(app: web.Application, secured: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=secured).start()
    try:
        yield f"{'https' if secured else 'http'}://localhost:{runner.addresses[0][1]}/bot"
    finally:
        await runner.cleanup()


async def reached(case: Case, address: str, monkeypatch: pytest.MonkeyPatch) -> Finding:
    """What is said of the network, the Bot API server being at `address`."""
    monkeypatch.setenv("IMPASTO_TELEGRAM__BASE_URL", address)
    again = Case(admit(None))
    found = await telegram.network(again)
    token = await telegram.token(again)
    assert found.state is State.ERROR
    assert found.advice
    assert token.state is State.SKIPPED, "nothing is wrong with the token"
    return found


async def test_what_stands_between_the_bot_and_telegram_is_named(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "takes no connection" in (await reached(case, "http://127.0.0.1:9/bot", monkeypatch)).detail
    assert "has no address" in (await reached(case, "http://nothing.invalid/bot", monkeypatch)).detail
    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        said = await reached(case, f"http://127.0.0.1:{port}/bot", monkeypatch)
        assert "does not answer within 1 second" in said.detail
    for status in (404, 502):
        async with serving(says(status, "<html>Log in to this network</html>")) as address:
            said = await reached(case, address, monkeypatch)
            assert "not as a Bot API server does" in said.detail
    monkeypatch.setenv("http_proxy", "http://somebody:secret@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    said = await reached(case, "http://example.invalid/bot", monkeypatch)
    assert "through the proxy 127.0.0.1:9, can't be reached" in said.detail


async def test_a_certificate_that_is_out_of_date_makes_the_clock_suspect(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_after=datetime.now(UTC) - timedelta(days=1)).configure_cert(secured)
    async with serving(says(200, "{}"), secured) as address:
        assert "does not prove who it is" in (await reached(case, address, monkeypatch)).detail
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        assert "does not fit this computer's clock" in (await reached(case, address, monkeypatch)).detail


@pytest.mark.parametrize(
    ("hours", "words"), [(2, "2.0 hours slow"), (-30, "30.0 hours fast"), (0, "agrees with")], ids=str
)
async def test_the_clock_is_compared_with_that_of_the_server(
    case: Case, monkeypatch: pytest.MonkeyPatch, hours: int, words: str
) -> None:
    unknown = json.dumps({"ok": False, "error_code": 401, "description": "Unauthorized"})
    there = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    async with serving(says(401, unknown, Date=there)) as address:
        monkeypatch.setenv("IMPASTO_TELEGRAM__BASE_URL", address)
        found = await telegram.clock(Case(admit(None)))
    assert words in found.detail
    assert found.state is (State.WARNING if hours else State.OK)


async def test_another_program_that_gets_what_people_write_is_told(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = {"id": 1, "is_bot": True, "first_name": "B", "username": "b"}
    url = f"https://example.org/{TOKEN}"
    elsewhere = {"url": url, "has_custom_certificate": False, "pending_update_count": 3}
    async with serving(says(200, json.dumps({"ok": True, "result": me | elsewhere}))) as address:
        monkeypatch.setenv("IMPASTO_TELEGRAM__BASE_URL", address)
        taken = await telegram.updates(Case(admit(None)))
        monkeypatch.setenv("IMPASTO_WEBHOOK__URL", url)
        ours = await telegram.updates(Case(admit(None)))
    assert taken.state is State.WARNING
    assert "to example.org: another program uses this token" in taken.detail
    assert "revoke" in taken.advice
    assert (ours.state, ours.detail) == (State.OK, "Telegram calls example.org; 3 wait")


def test_a_database_is_read_as_it_is_and_left_so(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "impasto.sqlite3"
    assert "not there yet" in storage._database(folder).detail
    open_database(path).close()
    assert storage._database(folder).state is State.OK
    assert [file.name for file in folder.iterdir()] == ["impasto.sqlite3"]
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    assert "A later Impasto made" in storage._database(folder).detail


async def test_whatever_hangs_or_breaks_has_its_line_in_time(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(_case: Case) -> Finding:
        return await in_thread(Event().wait)  # type: ignore[arg-type]  # it never comes

    async def breaks(_case: Case) -> Finding:
        raise OSError(f"https://api.telegram.org/bot{TOKEN}/getMe is broken")

    monkeypatch.setattr(examination, "MOST_SECONDS", 0.3)
    monkeypatch.setattr(examination, "CHECKS", (Check("disk", hangs, "Wait."), Check("network", breaks, "")))
    disk, network = [finding async for finding in examine(case)]
    assert (disk.check, disk.state, disk.advice) == ("disk", State.ERROR, "Wait.")
    assert network.detail.endswith("OSError: https://api.telegram.org/bot[token]/getMe is broken.")


async def test_packages_that_lack_or_do_not_fit_are_named(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "impasto_pencil-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: impasto-pencil\nVersion: 1.0\n"
        "Requires-Dist: nothing-of-this-name\nRequires-Dist: pillow<1\nRequires-Dist: gone; extra == 'more'\n"
    )
    (info / "entry_points.txt").write_text("[impasto]\npencil = pencil\n")
    assert (await program.packages(case)).state is State.OK
    monkeypatch.syspath_prepend(str(tmp_path))
    found = await program.packages(case)
    assert "nothing-of-this-name is not installed, which impasto-pencil needs" in found.detail
    assert "not <1, which impasto-pencil needs" in found.detail
    assert "gone" not in found.detail
