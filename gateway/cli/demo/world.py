"""The demo's world: a fresh directory, people and keys, a virtual network, the real daemon beside it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib import resources
from pathlib import Path
from typing import Any, Final

from gateway.access import Access
from gateway.cli.client import Client
from gateway.cli.direct import user
from gateway.cli.exits import Exit, Stop
from gateway.cli.options import write_secret
from gateway.clock import utc_now
from gateway.config import Config, load
from gateway.daemon import opened
from gateway.records import KeyKind
from gateway.simulator import Network, Timing, VirtualModem, serve
from gateway.store import create_key_file
from policy import PolicySettings

MARK: Final = ".schoolgate-demo"
HOST: Final = "127.0.0.1"
_TRIES: Final = 5
SCHOOL: Final = "+447700900001"
PEOPLE: Final = {
    "office": ("Olive Office", ("sender", "contact_manager", "auditor")),
    "author": ("Arthur Author", ("template_author", "approver")),  # even so: not of their own
    "head": ("Helen Head", ("approver", "owner")),
}
_OTHERWISE: Final = {  # it is shown at any hour, and tells the same parents several things
    **dict.fromkeys(("weekdays", "saturdays", "sundays", "bank_holidays"), '"00:00-24:00"'),
    "division": '""',
    "recipient_a_day": "20",
    "same_wording_minutes": "0",
}
BRISK: Final = Timing(
    radio_first=1.2,
    radio_kept=0.7,
    answer=0.002,
    storage=0.02,
    prompt=0.02,
    report_after=0.8,
    boot=0.5,
    register=0.5,
    baud=115200,
)
FAST: Final = Timing(radio_first=0.5, radio_kept=0.3, report_after=0.2)


@dataclass(slots=True)
class World:
    """What the walk acts on and looks at."""

    directory: Path
    config: Config
    settings: PolicySettings
    network: Network
    modem: VirtualModem
    clients: Mapping[str, Client]
    daemon: asyncio.subprocess.Process

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://{HOST}:{self.config.api.port}"

    async def ask(self, who: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Make one request as one of the people; return status and JSON."""
        if self.daemon.returncode is not None:
            raise Stop(Exit.FAILED, "the gateway has ended:", *_tail(self.directory / "daemon.log"))
        return await asyncio.to_thread(self.clients[who].ask, method, path, body)

    async def upload(self, who: str, path: str, csv: str) -> Any:  # noqa: ANN401 - JSON
        """Post a list as CSV; return the JSON of the answer."""
        header = {"Content-Type": "text/csv"}
        return await asyncio.to_thread(self.clients[who].call, "POST", path, csv.encode(), header)

    def texts(self, number: str) -> list[str]:
        """Return the texts that a handset got."""
        return [text.text for text in self.network.handset(number).received]


@asynccontextmanager
async def built(directory: Path, port: int, timing: Timing) -> AsyncIterator[World]:
    """Build it all in a fresh directory, and take it down at the end, the gateway before the network."""
    write_config(directory, port)
    tokens = await _people(load(directory / "schoolgate.toml"))
    async with Network(directory=directory) as network:
        modem = network.add_modem("sim0", number=SCHOOL, timing=timing)
        async with serve(network, directory / "sim.sock"), daemon(directory, tokens["office"]) as process:
            config = load(directory / "schoolgate.toml")
            yield World(
                directory=directory,
                config=config,
                settings=PolicySettings.load(config.policy.file),
                network=network,
                modem=modem,
                clients={who: Client(config.api, token) for who, token in tokens.items()},
                daemon=process,
            )


def fresh(directory: Path) -> None:
    """Make the directory anew; only one that an earlier demo made is ever removed."""
    if directory.exists() and any(directory.iterdir()):
        if not (directory / MARK).exists():
            raise Stop(Exit.FAILED, f"{directory} is not empty and not a demo's: choose another --directory")
        if _occupied(directory / "sim.sock"):
            raise Stop(
                Exit.FAILED, f"a demo is running in {directory}: stop it first, or choose another --directory"
            )
        shutil.rmtree(directory)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / MARK).touch()


def _occupied(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def free_port(wanted: int) -> int:
    """Return `wanted` if nobody listens there, else any free port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as exc:
            if exc.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def write_config(directory: Path, port: int) -> None:
    """Write the demo's configuration, and the shipped policy with what a demo needs otherwise."""
    policy = resources.files("policy").joinpath("default.toml").read_text(encoding="utf-8")
    for name, written in _OTHERWISE.items():
        policy = re.sub(rf"(?m)^{name} = .*$", f"{name} = {written}", policy)
    (directory / "policy.toml").write_text(policy, encoding="utf-8")
    (directory / "schoolgate.toml").write_text(
        "# The demo's configuration; `schoolgate init` writes one for a real gateway.\n"
        f'[gateway]\nname = "demo"\n\n[api]\nport = {port}\n\n'
        '[policy]\nfile = "policy.toml"\n'
        "allow_drama_numbers = true  # 07700 900000-900999: the virtual network's handsets\n\n"
        '[cli]\nkey_file = "office.key"\n\n[[modem]]\nname = "sim0"\nport = "sim0"\n'
    )


async def _people(config: Config) -> dict[str, str]:
    """Enter the people with a key each; the keys are kept in files that only their owner can read."""
    create_key_file(config.store.key_file)
    tokens = {}
    async with opened(config) as store:
        access = Access(
            database=store.database, keyring=store.keyring, settings=store.settings, clock=utc_now
        )
        for handle, (name, roles) in PEOPLE.items():
            await access.add_person(handle, name, roles, by=user())
            await access.acknowledge(handle, by=user())
            _, tokens[handle] = await access.create_key(
                handle, kind=KeyKind.LIVE, label="demo", scopes=None, by=user()
            )
            write_secret(config.store.path.parent / f"{handle}.key", tokens[handle])
    return tokens


@asynccontextmanager
async def daemon(directory: Path, token: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the gateway as a process of its own, as a service manager would, until it answers its own key.

    A port that somebody took meanwhile is exchanged for another. Raises `Stop` if it ends by itself.
    """
    for _ in range(_TRIES):
        process = await _spawned(directory)
        try:
            if await _answers(process, Client(load(directory / "schoolgate.toml").api, token)):
                yield process
                return
        finally:
            await _stopped(process)
        if process.returncode != Exit.TEMPORARY:
            break
        write_config(directory, free_port(0))
    raise Stop(Exit.FAILED, "the gateway did not start:", *_tail(directory / "daemon.log"))


async def _spawned(directory: Path) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "gateway.cli", "run", "--config", str(directory / "schoolgate.toml"))
    with (directory / "daemon.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=_environment()
        )


async def _answers(process: asyncio.subprocess.Process, client: Client) -> bool:
    """Wait until this very gateway answers, and no other one at that port; False if it ends before."""
    while process.returncode is None:
        with contextlib.suppress(Stop):  # nobody listens there yet
            if (await asyncio.to_thread(client.ask, "GET", "/v1/modems"))[0] == HTTPStatus.OK:
                return True
        await asyncio.sleep(0.05)
    return False


def _environment() -> dict[str, str]:
    """Return our environment without what a service manager said to us, and with our own code first."""
    ours = {
        name: value for name, value in os.environ.items() if name not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")
    }
    root = str(Path(__file__).resolve().parents[3])
    paths = [root, *filter(None, [ours.get("PYTHONPATH")])]
    return ours | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


async def _stopped(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(15):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()


def _tail(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-5:]
