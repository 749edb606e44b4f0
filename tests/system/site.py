"""A whole site: the real daemon on SQLite and real ptys, a virtual GSM network behind them, HTTP in front."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import resources
from pathlib import Path
from socket import socket
from types import MappingProxyType
from typing import Any

import aiohttp

from gateway.access import Access
from gateway.clock import utc_now
from gateway.config import load
from gateway.consents import Consents
from gateway.daemon import Daemon, opened, started
from gateway.records import ConsentRequest, KeyKind, TemplateRequest
from gateway.simulator import Network, Timing, VirtualModem
from gateway.store import create_key_file
from gateway.templates import Templates
from tests.blank import blank

PEOPLE = {
    "office": ("sender", "contact_manager", "auditor", "dpo"),
    "author": ("template_author",),
    "head": ("approver", "owner"),
}
TEMPLATE = TemplateRequest(
    name="trip",
    purpose="event_notice",
    body="The trip to {place} is on {day}.",
    slots={
        "place": {"type": "choice", "choices": ["the museum", "the farm"]},
        "day": {"type": "choice", "choices": ["Friday", "Monday"]},
    },
)
SLOTS = {"place": "the museum", "day": "Friday"}


def number(index: int) -> str:
    """Return one of the thousand numbers reserved for drama."""
    return f"+447700900{index:03d}"


def message(to: str, **more: object) -> dict[str, Any]:
    """Return the body of a POST /v1/messages."""
    return {"to": to, "template": "trip", "slots": SLOTS} | more


@dataclass(slots=True)
class Site:
    """What a test needs of a running site."""

    directory: Path
    network: Network
    tokens: Mapping[str, str]
    url: str = ""
    session: aiohttp.ClientSession | None = None
    process: asyncio.subprocess.Process | None = None
    modems: list[VirtualModem] = field(default_factory=list)
    daemon: Daemon | None = None  # where it is in this process

    async def alarms(self) -> dict[str, str]:
        """Have the gateway look round now; return what it tells of, by kind, as people get to see it."""
        assert self.daemon is not None
        await self.daemon.use_cases.alerts.look(utc_now())
        status, page = await self.call("GET", "/v1/alerts", who="head")
        assert status == 200, page
        return {each["kind"]: each["what"] for each in page["items"]}

    async def call(
        self, method: str, path: str, body: object = None, *, who: str = "office", **more: Any
    ) -> tuple[int, Any]:
        """Make one request as one of the people; return status and body."""
        assert self.session is not None
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} | more.pop("headers", {})
        async with self.session.request(
            method, self.url + path, json=body, headers=headers, **more
        ) as answer:
            return answer.status, await answer.json(content_type=None)

    async def post(self, to: str, **more: object) -> str:
        """Post a message that must be accepted; return its id."""
        status, body = await self.call("POST", "/v1/messages", message(to, **more))
        assert status == 202, body
        return str(body["id"])

    async def release(self, everybody: Sequence[str]) -> None:
        """Queue a message to each of them: a batch, approved by the second person."""
        body = {"template": "trip", "slots": SLOTS, "recipients": [{"to": each} for each in everybody]}
        status, answer = await self.call("POST", "/v1/batches", body)
        assert status == 202, answer
        assert answer["accepted"] == len(everybody), answer
        status, answer = await self.call("POST", f"/v1/batches/{answer['id']}/approve", who="head")
        assert status == 200, answer

    async def message(self, ident: str) -> Any:
        status, body = await self.call("GET", f"/v1/messages/{ident}")
        assert status == 200, body
        return body

    async def reaches(self, ident: str, *statuses: str, within: float = 20) -> Any:
        """Wait until a message is in one of `statuses`; return it."""

        async def there() -> Any:
            found = await self.message(ident)
            return found if found["status"] in statuses else None

        return await eventually(there, within, what=f"{ident} to be {' or '.join(statuses)}")

    async def ready(self, within: float = 20) -> None:
        """Wait until the gateway says that it is ready; what it said last instead is in the error."""
        last = "it did not answer"

        async def there() -> bool:
            nonlocal last
            if self.process is not None and self.process.returncode is not None:
                raise AssertionError((self.directory / "daemon.log").read_text()[-500:])
            try:
                status, body = await self.call("GET", "/readyz")
            except aiohttp.ClientConnectionError as exc:
                last = f"{type(exc).__name__}: {exc}"
                return False
            last = f"{status} {body}"
            return status == 200

        try:
            await eventually(there, within, what="readiness")
        except TimeoutError as exc:
            raise TimeoutError(f"{exc}; at last: {last}") from None

    def texts(self, to: str) -> list[str]:
        """Return what a handset received."""
        return [text.text for text in self.network.handset(to).received]


async def eventually(condition: Callable[[], Any], within: float = 20, *, what: str = "it") -> Any:
    """Poll an outside view of the system until it shows what is expected.

    After `within` seconds raise a `TimeoutError` that says `what` did not come.
    """
    try:
        async with asyncio.timeout(within):
            while True:
                found = condition()
                if found := (await found if asyncio.iscoroutine(found) else found):
                    return found
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise TimeoutError(f"waited {within:g} s for {what}") from None


async def furnish(
    directory: Path, *, modems: int, numbers: Sequence[str], extra: str = "", each: str = ""
) -> None:
    """Write the configuration; add people, their keys (`tokens.json`), a template and consents.

    `extra` goes before the sections of the modems, `each` into each of them.
    """
    names = [f"sim{index}" for index in range(modems)]
    sections = "".join(f'[[modem]]\nname = "{name}"\nport = "{name}"\n{NO_CAPS}{each}' for name in names)
    (directory / "policy.toml").write_text(reviewed_policy())
    (directory / "schoolgate.toml").write_text(
        '[api]\nport = 0\nunix_socket = "api.sock"\n'
        '[policy]\nfile = "policy.toml"\nallow_drama_numbers = true\n' + extra + sections
    )
    create_key_file(directory / "schoolgate.keys")
    blank(directory / "schoolgate.db")
    async with opened(load(directory / "schoolgate.toml")) as store:
        common = {"database": store.database, "settings": store.settings, "clock": utc_now}
        access = Access(keyring=store.keyring, **common)
        tokens = {}
        for handle, roles in PEOPLE.items():
            await access.add_person(handle, handle.title(), roles, by="test")
            await access.acknowledge(handle, by="test")
            _, tokens[handle] = await access.create_key(
                handle, kind=KeyKind.LIVE, label="test", scopes=None, by="test"
            )
        callers = {who: await access.authenticate(token, "127.0.0.1") for who, token in tokens.items()}
        templates = Templates(**common)
        drafted = await templates.draft(callers["author"], TEMPLATE)
        await templates.approve(callers["head"], drafted.id)
        consents = Consents(keyring=store.keyring, allow_drama=True, **common)
        for each in numbers:
            await consents.record(callers["office"], consent(each))
    (directory / "tokens.json").write_text(json.dumps(tokens))


def own_port(directory: Path) -> int:
    """Give a furnished site a free port of the loopback interface, by which others find it; return it."""
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = directory / "schoolgate.toml"
    config.write_text(config.read_text().replace("[api]\nport = 0\n", f"[api]\nport = {port}\n", 1))
    return port


NO_CAPS = "parts_per_hour = 0\nparts_per_day = 0\nnumber_per_hour = 0\nidentical_per_hour = 0\n"  # of a SIM
OPEN = {  # at every hour of every day, and to few numbers as often as a test likes
    **dict.fromkeys(("weekdays", "saturdays", "sundays", "bank_holidays"), '"00:00-24:00"'),
    "division": '""',
    "recipient_a_day": "100_000",
    "same_wording_minutes": "0",
    "person_a_day": "10_000_000",
}


def reviewed_policy(**more: str) -> str:
    """Return the shipped policy as it stands after a review yesterday: else bulk is refused (9.1).

    Its windows never close, so that tests run at any hour; `more` replaces settings, written as in TOML.
    """
    shipped = resources.files("policy").joinpath("default.toml").read_text(encoding="utf-8")
    yesterday = (utc_now() - timedelta(days=1)).date()
    for name, written in (OPEN | {"last_reviewed": str(yesterday)} | more).items():
        shipped, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {written}", shipped)
        assert count == 1, name
    return shipped


def consent(to: str) -> ConsentRequest:
    """Return a consent to be told of events."""
    return ConsentRequest(
        number=to,
        purposes=("event_notice",),
        method="paper_form",
        wording="2024-09",
        evidence="form in the office",
        given_at=utc_now() - timedelta(days=30),
    )


@asynccontextmanager
async def site(
    directory: Path,
    *,
    modems: int = 1,
    timing: Timing | None = None,
    numbers: Sequence[str] = (),
    extra: str = "",
    each: str = "",
    running: bool = True,
) -> AsyncIterator[Site]:
    """Furnish and run a site; the daemon is in this process unless `running` is False (see `spawned`)."""
    await furnish(directory, modems=modems, numbers=numbers, extra=extra, each=each)
    async with revived(directory, modems=modems, timing=timing, running=running) as made:
        yield made


@asynccontextmanager
async def revived(
    directory: Path,
    *,
    modems: int = 1,
    timing: Timing | None = None,
    running: bool = True,
    ready: bool = True,
    persona: str = "generic",
    fitted: Mapping[str, Any] = MappingProxyType({}),
    before: Callable[[Network], object] = lambda _: None,
) -> AsyncIterator[Site]:
    """Run a site that was furnished before, with a fresh virtual network.

    `before` is done to it before the daemon starts; `ready`: wait until the daemon is; `fitted`: what else
    `Network.add_modem` is to be told.
    """
    tokens = json.loads((directory / "tokens.json").read_text())
    async with Network(directory=directory) as network, aiohttp.ClientSession() as session:
        virtual = [
            network.add_modem(f"sim{i}", number=number(990 + i), timing=timing, persona=persona, **fitted)
            for i in range(modems)
        ]
        before(network)
        made = Site(directory, network, tokens, session=session, modems=virtual)
        if not running:
            yield made
            return
        async with started(load(directory / "schoolgate.toml")) as daemon:
            made.url, made.daemon = daemon.api_url, daemon
            if ready:
                await made.ready()
            yield made


@asynccontextmanager
async def spawned(
    made: Site, port: int, program: Sequence[str] = ("-m", "gateway.cli")
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the daemon as a process of its own; it ends with us: left behind, it would find others' ptys."""
    made.url = f"http://127.0.0.1:{port}"
    config = made.directory / "schoolgate.toml"
    log = (made.directory / "daemon.log").open("ab")
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig", "KILL", sys.executable),
        *program,
        "run",
        "--config",
        str(config),
        stdout=log,
        stderr=log,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    made.process = process
    try:
        yield process
    finally:
        log.close()
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
            await process.wait()
