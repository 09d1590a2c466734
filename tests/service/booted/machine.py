"""A system of its own with a real systemd, made by the tests: it boots in half a second and leaves nothing.

Its programs (/usr) are this machine's, read-only; all else is new and empty, as after an installation of
the system. It has its own processes, mounts, accounts and control group, and shares the network, so that the
sandbox on 127.0.0.1 is its Telegram. It ends with the process that booted it, however that ends.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import uuid
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).parents[3]
CLONE = "/home/owner/impasto"
PYTHON = "/srv/python"
PACKAGES = "/srv/packages"
_ALL_PACKAGES = "/srv/all-packages"

TOOLS = ("systemd-nspawn", "dbus-daemon", "pkaction", "nsenter", "setpriv", "unshare", "useradd")
_ACCOUNTS = ("passwd", "group", "shadow", "gshadow", "login.defs")
_TAKEN_OVER = (*_ACCOUNTS, "os-release", "nsswitch.conf", "alternatives", "pam.d", "security", "polkit-1")
_FOLDERS = (
    "etc/systemd/system", "etc/sysusers.d", "usr", "var/log/journal", "opt", "srv", "home",
    "proc", "sys", "dev", "run",
)  # fmt: skip
_OURS = ("impasto", "_editable_impl_impasto", "pip")
_NOT_IN_CLONES = shutil.ignore_patterns(".*", "__pycache__", "tests", "benchmarks", "shared")
# What a running system writes for itself: no part of what an installation adds.
_OF_THE_SYSTEM = ("var/log", "var/cache", "var/lib/systemd", "var/tmp/systemd-private", "tmp", "run")


@dataclass(frozen=True, slots=True)
class Done:
    """What a command came to."""

    code: int
    said: str


class Machine:
    """A system below `root`, made new. `environment` is what its services find in theirs."""

    def __init__(self, root: Path, environment: Mapping[str, str]) -> None:
        self.root = root
        self.name = f"impasto-{uuid.uuid4().hex[:8]}"
        self._groups = [folder / self.name for folder in _control_groups()]
        self._nspawn: asyncio.subprocess.Process | None = None
        _furnish(root, environment)

    async def boot(self) -> None:
        """Boot, and wait until the system has come up."""
        for group in self._groups:
            group.mkdir(exist_ok=True)
        address = self.root.parent / "ready.socket"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as ready:
            ready.bind(str(address))
            try:
                with (self.root.parent / "console.log").open("ab") as console:
                    variables = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "NOTIFY_SOCKET": str(address)}
                    self._nspawn = await asyncio.create_subprocess_exec(
                        *self._command(),
                        env=os.environ | variables,
                        stdin=DEVNULL,
                        stdout=console,
                        stderr=console,
                    )
                async with asyncio.timeout(60):
                    await self._up(ready)
            finally:
                address.unlink()

    async def power_off(self) -> None:
        """Shut the system down in order."""
        assert self._nspawn is not None
        await self._inside("systemctl", "poweroff")
        async with asyncio.timeout(60):
            await self._nspawn.wait()

    async def end(self) -> None:
        """End everything that runs in it at once, and take away what this machine has of it."""
        if self._nspawn is not None:
            if self._nspawn.returncode is None:  # it waits for its child, nspawn, and that for all below
                unshare = psutil.Process(self._nspawn.pid)
                for process in unshare.children() or [unshare]:
                    process.kill()
            await self._nspawn.wait()
        for group in self._groups:
            _remove_group(group)
        shutil.rmtree(f"/run/systemd/nspawn/propagate/{self.name}", ignore_errors=True)
        shutil.rmtree(self.root)

    async def run(self, script: str, *, login: str | None = None, timeout: float = 120.0) -> Done:
        """Run a bash script in it, as a service of root's, or in a new session of the user `login`."""
        command = ["bash", "-c", script] if login is None else ["su", "--login", login, "--command", script]
        return await self._inside(
            "systemd-run", "--quiet", "--pipe", "--wait", "--collect", *command, timeout=timeout
        )

    async def told(self, script: str, *, login: str | None = None) -> str:
        """What a script says that must succeed."""
        done = await self.run(script, login=login)
        assert done.code == 0, done.said
        return done.said.strip()

    async def logs(self, pattern: str) -> None:
        """Wait until the bot, or systemd of it, has logged a line with `pattern` since the last boot."""
        lines = "journalctl --boot --follow --lines=all --unit=impasto.service"
        await self.told(f"grep --max-count=1 {pattern!r} < <({lines})")

    def files(self) -> set[str]:
        """Every path in the system, but for what a running system writes for itself."""
        return {
            str(path)
            for path in (found.relative_to(self.root) for found in self.root.rglob("*"))
            if not str(path).startswith(_OF_THE_SYSTEM) and path.name.strip("-").lstrip(".") not in _ACCOUNTS
        } - {"etc/.pwd.lock", "etc/.updated", "var/.updated"}

    def _command(self) -> list[str]:
        mounts = ["--bind-ro=/usr", f"--bind-ro={sysconfig.get_path('purelib')}:{_ALL_PACKAGES}"]
        if not sys.base_prefix.startswith("/usr"):
            mounts.append(f"--bind-ro={sys.base_prefix}:{PYTHON}")
        enter = "; ".join(f"echo $$ > {group}/cgroup.procs" for group in self._groups)
        return [
            "sh", "-ec", f'{enter}; exec setpriv --pdeathsig KILL "$@"', "sh",
            "unshare", "--pid", "--fork", "--kill-child", "--mount-proc",  # nspawn alone may be outlived
            "systemd-nspawn", "--boot", "--quiet", f"--directory={self.root}", *mounts,
            f"--machine={self.name}", "--notify-ready=yes", "--console=pipe", "--register=no", "--keep-unit",
            "--settings=no", "--link-journal=no", "--resolv-conf=off", "--timezone=off",
            "--system-call-filter=bpf",  # by which systemd closes devices
        ]  # fmt: skip

    async def _up(self, ready: socket.socket) -> None:
        assert self._nspawn is not None
        ended = asyncio.create_task(self._nspawn.wait())
        try:
            while True:
                news = asyncio.create_task(asyncio.get_running_loop().sock_recv(ready, 4096))
                await asyncio.wait((news, ended), return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    news.cancel()
                    raise RuntimeError((self.root.parent / "console.log").read_text())
                if "READY=1" in news.result().decode().splitlines():
                    return
        finally:
            ended.cancel()

    async def _inside(self, *command: str, timeout: float = 120.0) -> Done:
        assert self._nspawn is not None
        (nspawn,) = psutil.Process(self._nspawn.pid).children()
        (system,) = nspawn.children()
        spaces = ("--mount", "--uts", "--ipc", "--pid", "--cgroup", "--root", "--wd")
        process = await asyncio.create_subprocess_exec(
            "nsenter", f"--target={system.pid}", *spaces, "--", *command,
            stdin=DEVNULL, stdout=PIPE, stderr=STDOUT,
            env={"PATH": "/usr/sbin:/usr/bin", "LANG": "C.UTF-8"},
        )  # fmt: skip
        try:
            async with asyncio.timeout(timeout):
                said, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            raise AssertionError(f"{command} takes longer than {timeout} s") from None
        assert process.returncode is not None
        return Done(process.returncode, said.decode())


def python() -> str:
    """The Python of the tests, where a machine has it."""
    home = sys.base_prefix if sys.base_prefix.startswith("/usr") else PYTHON
    return f"{home}/bin/python{sys.version_info.major}.{sys.version_info.minor}"


def why_not() -> str | None:
    """Why no machine can be booted here, if so."""
    if os.geteuid() != 0:
        return "only root can boot a system"
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"not installed: {', '.join(missing)}"
    if not Path("/bin").is_symlink():
        return "the programs of this system are not all below /usr"
    if subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
        return "no namespaces can be made here"
    if not all(os.access(folder, os.W_OK) for folder in _control_groups()):
        return "control groups are read-only here"
    return None


def _control_groups() -> list[Path]:
    """Our own control groups that a systemd would use: the unified one; before it, the one called systemd."""
    ours = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, folder, kind, options, *_ = line.split()
        group = {"cgroup2": "", "cgroup": "name=systemd"}.get(kind)
        if group in ours and (not group or group in options.split(",")):
            found.append(Path(folder, ours[group].lstrip("/")))
    return found


def _remove_group(group: Path) -> None:
    for folder, _, _ in os.walk(group, topdown=False):
        Path(folder).rmdir()  # its files are the kernel's, and go with it


def _furnish(root: Path, environment: Mapping[str, str]) -> None:
    """What a system has besides its programs; and the owner's clone of Impasto."""
    for folder in _FOLDERS:
        (root / folder).mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    for name in _TAKEN_OVER:
        source = Path("/etc", name)
        if source.is_dir():
            shutil.copytree(source, root / "etc" / name, symlinks=True)
        elif source.exists():
            shutil.copy(source, root / "etc" / name)
    (root / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
    assignments = [f"{name}={value}" for name, value in {**_lent(), **environment}.items()]
    manager = root / "etc/systemd/system.conf.d/tests.conf"
    manager.parent.mkdir(parents=True)
    manager.write_text(f"[Manager]\nDefaultEnvironment={' '.join(assignments)}\n")
    (root / "etc/environment").write_text("\n".join(assignments))  # what people find when they log in
    shutil.copytree(REPOSITORY, root / CLONE.lstrip("/"), ignore=_NOT_IN_CLONES)
    _lend_packages(root)


def _lent() -> dict[str, str]:
    """What makes pip build Impasto from packages that are there, without a download."""
    libraries = {} if sys.base_prefix.startswith("/usr") else {"LD_LIBRARY_PATH": f"{PYTHON}/lib"}
    return {"PYTHONPATH": PACKAGES, "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", **libraries}


def _lend_packages(root: Path) -> None:
    """All packages of the tests but Impasto itself, so that pip has nothing to download."""
    packages = root / PACKAGES.lstrip("/")
    packages.mkdir(parents=True)
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(_OURS):
            (packages / path.name).symlink_to(f"{_ALL_PACKAGES}/{path.name}")
