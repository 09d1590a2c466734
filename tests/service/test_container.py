"""The container, as far as it goes without an engine: what the image is built from, and what it would run."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from compose_spec import PyCompose
from docker.utils import exclude_paths
from dockerfile_parse import DockerfileParser
from pydantic import BaseModel

from impasto.config import Settings
from impasto.sandbox.server import Sandbox

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent


class Stage:
    """The instructions from one FROM to the next."""

    def __init__(self) -> None:
        self.instructions: list[tuple[str, str]] = []

    def all(self, name: str) -> list[str]:
        return [value for instruction, value in self.instructions if instruction == name]

    def environment(self) -> dict[str, str]:
        words = " ".join(self.all("ENV"))
        return dict(pair.split("=", 1) for pair in words.split())

    def run(self, containing: str) -> str:
        """The one RUN with these words in it."""
        [command] = [command for command in self.all("RUN") if containing in command]
        return command


@pytest.fixture(scope="module")
def stages() -> dict[str, Stage]:
    found: dict[str, Stage] = {}
    for part in DockerfileParser(path=str(REPOSITORY / "Dockerfile")).structure:
        if part["instruction"] == "FROM":
            stage = found[part["value"].rpartition(" AS ")[2]] = Stage()
        elif found:
            stage.instructions.append((part["instruction"], part["value"]))
    return found


@pytest.fixture(scope="module")
def compose() -> PyCompose:
    text = (REPOSITORY / "compose.yaml").read_text()
    return PyCompose.from_yaml(yaml.safe_dump(yaml.safe_load(text)))  # which merges what both services share


@pytest.fixture(scope="module")
def context() -> set[str]:
    """The files that an engine would be given: all but those that .dockerignore names."""
    patterns = (REPOSITORY / ".dockerignore").read_text().splitlines()
    wanted = [pattern for pattern in patterns if pattern and not pattern.startswith("#")]
    return {path for path in exclude_paths(str(REPOSITORY), wanted) if (REPOSITORY / path).is_file()}


def shell(command: str, cwd: Path, **environment: str) -> str:
    """What a step says, done here."""
    result = subprocess.run(
        ["sh", "-euc", command],
        cwd=cwd,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def test_the_linter_of_dockerfiles_finds_nothing() -> None:
    subprocess.run([SCRIPTS / "hadolint", REPOSITORY / "Dockerfile"], check=True)


def test_compose_follows_its_specification_and_shuts_the_container_in(compose: PyCompose) -> None:
    compose.validate()
    for name in ("cpu", "cuda"):
        service = compose.to_dict()["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["restart"] == "unless-stopped"


def test_no_setting_is_named_that_there_is_not(stages: Mapping[str, Stage], compose: PyCompose) -> None:
    services = compose.to_dict()["services"].values()
    names = {*stages["cpu"].environment(), *(name for s in services for name in s["environment"])}
    ours = {name.removeprefix("IMPASTO_").lower() for name in names if name.startswith("IMPASTO_")}
    assert ours >= {"token_file", "data_dir", "owner", "metrics__port"}
    for name in ours - {"config"}:
        model: type[BaseModel] | None = Settings
        for key in name.split("__"):
            assert model is not None
            assert key in model.model_fields
            model = next(filter(None, map(_table, _parts(model.model_fields[key].annotation))), None)


def _parts(annotation: object) -> list[object]:
    return [annotation, *getattr(annotation, "__args__", ())]


def _table(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def test_an_engine_is_given_what_is_copied_and_nothing_private(
    stages: Mapping[str, Stage], context: set[str]
) -> None:
    copied = [words.split()[:-1] for stage in stages.values() for words in stage.all("COPY")]
    for source in (word for words in copied if not words[0].startswith("--from") for word in words):
        assert any(path == source or path.startswith(f"{source}/") for path in context), source
    tracked = subprocess.check_output(["git", "ls-files"], cwd=REPOSITORY, text=True).splitlines()
    assert {path for path in tracked if path.startswith(("core/", "plugins/", "locales/"))} <= context
    assert {path.partition("/")[0] for path in context} == {
        "Dockerfile", ".dockerignore", "constraints.txt", "core", "plugins", "locales", "service",
    }  # fmt: skip
    assert not [path for path in context if "__pycache__" in path or "/." in path]


@pytest.fixture(scope="module")
def image(stages: Mapping[str, Stage], context: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the steps were done that need no other system: what would be below / of the image."""
    root = tmp_path_factory.mktemp("image")
    for path in context:
        (root / "src" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / path, root / "src" / path)
    shutil.copy2(REPOSITORY / "service/container/dependencies.py", root / "src")
    for command in stages["wheels"].all("RUN"):
        shell(_below(root, command), root / "src")
    (root / "opt" / "impasto").mkdir(parents=True)
    for name in ("constraints.txt", "dependencies.txt"):
        shutil.copy2(root / "src" / name, root / "opt" / "impasto")
    return root


def _below(root: Path, command: str) -> str:
    return re.sub(r"(?<![\w.])/(?=(build|src|wheels|opt|data)\b)", f"{root}/", command)


def test_the_packages_are_those_that_the_tests_ran_with(stages: Mapping[str, Stage], image: Path) -> None:
    command = _below(image, stages["packages"].run("-r "))
    said = shell(command, image, PATH=f"{SCRIPTS}:{os.environ['PATH']}", PIP_DRY_RUN="1")
    assert "Requirement already satisfied: python-telegram-bot" in said
    assert "Would install" not in said


def test_torch_comes_from_the_index_that_the_owner_gives(
    stages: Mapping[str, Stage], image: Path, index: str
) -> None:
    command = _below(image, stages["packages"].run("torch torchvision"))
    dry = {"PIP_DRY_RUN": "1", "PIP_IGNORE_INSTALLED": "1", "PATH": f"{SCRIPTS}:{os.environ['PATH']}"}
    said = shell(command, image, TORCH_INDEX=index, **dry)
    assert re.search(r"Would install torch-2\.14\.1\+cpu torchvision-0\.29\.2\+cpu", said)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """A package index that has torch for the CPU, or what pip takes for it."""
    for name, version in (("torch", "2.14.1+cpu"), ("torchvision", "0.29.2+cpu")):
        wheel, info = f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.html").write_text(f'<a href="{wheel}">{wheel}</a>')
        with zipfile.ZipFile(tmp_path / name / wheel, "w") as archive:
            archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
            archive.writestr(
                f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{info}/RECORD", "")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def test_what_the_image_would_run_is_found_well_and_stops_when_told(
    stages: Mapping[str, Stage], image: Path, tmp_path: Path
) -> None:
    stage = stages["cpu"]
    program, packages = image / "opt" / "impasto", sysconfig.get_path("purelib")
    shell(f"{sys.executable} -m venv --without-pip {program}", image)
    install = _below(image, stage.run("/wheels/*.whl").partition("/wheels ")[2].strip())
    shell(install, image, PATH=f"{SCRIPTS}:{os.environ['PATH']}", PIP_PYTHON=str(program / "bin" / "python"))
    [entrypoint], [command], [stop] = (stage.all(name) for name in ("ENTRYPOINT", "CMD", "STOPSIGNAL"))
    [healthcheck] = stage.all("HEALTHCHECK")
    token = tmp_path / "token"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with asyncio.timeout(60):
        sandbox = Sandbox()
        await sandbox.start()
        token.write_text(sandbox.token)
        given = {
            "PATH": f"{program / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": packages,  # what the image has beside Impasto, which itself is not read from there
            "IMPASTO_CONFIG": str(tmp_path / "impasto.toml"),
            "IMPASTO_DATA_DIR": str(tmp_path),
            "IMPASTO_TOKEN_FILE": str(token),
            "IMPASTO_METRICS__PORT": str(port),
            "IMPASTO_TELEGRAM__BASE_URL": sandbox.base_url,
            "IMPASTO_DEVICES": "cpu",
            "IMPASTO_WELCOME_PICTURE": "false",
        }
        given = stage.environment() | given
        environment = os.environ | given
        arguments = [*json.loads(entrypoint), *json.loads(command)]
        bot = await asyncio.create_subprocess_exec(
            *arguments, env=environment, stderr=asyncio.subprocess.PIPE
        )
        assert bot.stderr is not None
        log = ""
        async for line in bot.stderr:
            log += line.decode()
            if "is here" in log:
                break
        probe = json.loads(healthcheck.partition("CMD ")[2])
        looking = await asyncio.create_subprocess_exec(*probe, env=environment, cwd=tmp_path)
        well = await looking.wait() == 0
        bot.send_signal(signal.Signals[stop])
        log += (await bot.communicate())[1].decode()
        await sandbox.stop()
    assert (bot.returncode, well) == (0, True), log
    assert re.search(r"is here: [1-9]\d* effects", log)
    assert str(program) in shell("python -c 'import impasto; print(impasto.__file__)'", tmp_path, **given)
