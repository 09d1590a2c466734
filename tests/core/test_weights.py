"""Weights are brought from real servers, whole or not at all, and kept in the smallest form."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from impasto.downloads import DownloadFailed, download
from tests.file_server import FileServer

DATA = bytes(range(256)) * 4096
PLUGIN = """
from impasto.effects import Category, Effect, ImageSlot, Weights, hookimpl, verbatim

@hookimpl
def impasto_effects():
    return [
        Effect(
            "heavy.paint", verbatim("Heavy"), verbatim("Heavy"), Category.PAINT, "heavy:Paint",
            (ImageSlot("content", verbatim("Photo"), verbatim("Photo")),), weights=("heavy-a", "heavy-b"),
        )
    ]

@hookimpl
def impasto_weights():
    return [
        Weights("heavy-a", verbatim("A"), ("file:a.bin", "{address}/a.bin"), {size}, "MIT", sha256="{sha}"),
        Weights(
            "heavy-b", verbatim("B"), ("file:b.bin", "{address}/gone.bin", "{address}/b.bin"), {size}, "MIT",
            convert="heavy:shrink",
        ),
    ]

def shrink(downloaded, kept):
    data = downloaded.read_bytes()
    if data[:2] != b"ok":
        raise ValueError("it does not begin with ok")
    kept.write_bytes(data[:10])
"""


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer().running() as server:
        yield server


def fetch(server: FileServer, target: Path, *paths: str, sha: str | None = None) -> tuple[str, list[int]]:
    seen: list[int] = []
    address = download(
        [server.address + path for path in paths], target, sha, lambda done, _: seen.append(done)
    )
    return address.removeprefix(server.address), seen


def test_a_broken_download_goes_on_where_it_broke(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = DATA
    server.break_after = [300_000]
    _address, seen = fetch(server, tmp_path / "net", "/net", sha=sha256(DATA).hexdigest())
    assert (tmp_path / "net").read_bytes() == DATA
    ranges = [wanted for _path, wanted in server.asked]
    assert ranges[0] is None
    assert ranges[1] is not None
    assert 0 < int(ranges[1].removeprefix("bytes=").removesuffix("-")) <= 300_000
    assert seen == sorted(seen)
    assert seen[-1] == len(DATA)
    assert [path.name for path in tmp_path.iterdir()] == ["net"], "nothing else is left"


def test_a_file_that_changed_meanwhile_is_begun_afresh(server: FileServer, tmp_path: Path) -> None:
    server.files["/net"] = b"old" * 100_000
    server.break_after = [200_000, 0, 0, 0, 0]
    with pytest.raises(DownloadFailed, match="the connection broke"):
        fetch(server, tmp_path / "net", "/net")
    server.files["/net"] = DATA
    fetch(server, tmp_path / "net", "/net")
    assert (tmp_path / "net").read_bytes() == DATA


def test_the_next_address_is_tried_when_one_has_another_file(server: FileServer, tmp_path: Path) -> None:
    server.files |= {"/changed": b"something else", "/net": DATA}
    address, _seen = fetch(server, tmp_path / "net", "/changed", "/net", sha=sha256(DATA).hexdigest()[:8])
    assert address == "/net"


def test_what_no_server_has_is_told_for_each(server: FileServer, tmp_path: Path) -> None:
    server.files["/changed"] = b"something else"
    with pytest.raises(DownloadFailed) as failed:
        fetch(server, tmp_path / "net", "/changed", "/nothing", sha="0" * 64)
    assert "another file than expected" in str(failed.value)
    assert "/nothing: the server answers 404" in str(failed.value)
    assert not (tmp_path / "net").exists()


class Owner:
    """Somebody at a terminal with one plugin that needs two files."""

    def __init__(self, folder: Path, server: FileServer) -> None:
        self.folder = folder
        (folder / "plugins").mkdir()
        plugin = PLUGIN
        facts = {"address": server.address, "size": str(len(DATA)), "sha": sha256(DATA).hexdigest()}
        for name, value in facts.items():
            plugin = plugin.replace("{" + name + "}", value)
        (folder / "plugins" / "heavy.py").write_text(plugin)

    def says(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = os.environ | {"IMPASTO_DATA_DIR": str(self.folder), "COLUMNS": "300", "LC_ALL": "C"}
        command = [sys.executable, "-m", "impasto", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    def kept(self) -> dict[str, bytes]:
        folder = self.folder / "weights"
        return {path.name: path.read_bytes() for path in folder.glob("*.bin")}


@pytest.fixture
def owner(tmp_path: Path, server: FileServer) -> Owner:
    return Owner(tmp_path, server)


def test_an_effects_weights_are_fetched_verified_and_removed(owner: Owner, server: FileServer) -> None:
    server.files |= {"/a.bin": DATA, "/b.bin": b"ok" + DATA}
    assert "impasto weights fetch heavy.paint  (2.1 MB)" in owner.says("effects").stdout
    fetched = owner.says("weights", "fetch", "heavy.paint", "--yes")
    assert fetched.returncode == 0, fetched.stderr
    assert owner.kept() == {"a.bin": DATA, "b.bin": (b"ok" + DATA)[:10]}, "b is kept in its small form"
    listed = {row["name"]: row for row in json.loads(owner.says("weights", "list", "--json").stdout)}
    assert listed["heavy-b"]["file"] == str(owner.folder / "weights" / "b.bin")
    assert listed["heavy-b"]["effects"] == ["heavy.paint"]
    assert "are here" in owner.says("weights", "fetch", "heavy.paint").stdout

    assert owner.says("weights", "verify").returncode == 0
    (owner.folder / "weights" / "b.bin").write_bytes(b"broken")
    verified = owner.says("weights", "verify", "heavy-a", "heavy-b")
    assert verified.returncode == 1
    assert [line.split()[0] for line in verified.stdout.splitlines()] == ["sound", "changed"]

    assert owner.says("weights", "remove", "heavy.paint").returncode == 0
    assert owner.kept() == {}
    again = owner.says("weights", "remove", "heavy-a")
    assert "were not downloaded" in again.stderr
    assert again.returncode == 1


def test_one_fault_does_not_keep_the_others_back(owner: Owner, server: FileServer) -> None:
    server.files |= {"/a.bin": DATA, "/b.bin": b"no such network"}
    fetched = owner.says("weights", "fetch", "heavy.paint", "--json")
    assert fetched.returncode == 1
    assert (
        "heavy-b were downloaded, but are not what the plugin expects: it does not begin with ok"
        in fetched.stderr
    )
    assert owner.kept() == {"a.bin": DATA}
    progress = [json.loads(line) for line in fetched.stdout.splitlines()]
    assert progress[-1]["of"] == 2 * len(DATA)
    assert progress == sorted(progress, key=lambda line: line["bytes"])
    assert not list((owner.folder / "weights" / ".downloads").iterdir())


def test_weights_that_nobody_knows_are_refused(owner: Owner) -> None:
    refused = owner.says("weights", "fetch", "heavy-c")
    assert refused.returncode == 2
    assert re.search(r"there are no weights 'heavy-c'; see: .*impasto weights list", refused.stderr)


def test_what_came_with_a_package_is_checked_against_what_the_package_noted(owner: Owner) -> None:
    verified = owner.says("weights", "verify")
    assert verified.returncode == 0, "those that are not here are no fault"
    states = dict(reversed(line.split()[:2]) for line in verified.stdout.splitlines())  # type: ignore[arg-type]
    assert states["cyclegan-vintage"] == "sound"
    assert states["realesr-animevideov3"] == "sound"
