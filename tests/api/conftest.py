"""The real daemon without a modem: real HTTP on loopback, the real use cases, a real database."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import aiohttp
import pytest

from api.codes import REMEDY
from api.openapi import codes_of
from api.route import IDENT
from api.routes import ROUTES
from gateway.config import load
from gateway.daemon import Daemon, started
from gateway.records import KeyKind
from tests.system.site import SLOTS, furnish, number

CONSENTED = [number(index) for index in range(25)]
STRANGER = number(900)
WEBHOOKS = '[webhooks]\nallow = ["127.0.0.0/8"]\nfirst_retry_seconds = 0.05\n'


@dataclass(slots=True)
class Answer:
    """A response, read."""

    status: int
    headers: Mapping[str, str]
    raw: bytes
    body: Any

    def is_problem(self, status: int, code: str) -> None:
        """Fail unless it is the RFC 9457 problem that is expected, complete and consistent."""
        assert (self.status, self.body["code"]) == (status, code), self.body
        assert self.headers["Content-Type"].startswith("application/problem+json")
        assert self.body["status"] == status
        assert status not in (409, 412, 422) or "RateLimit" in self.headers  # they are of somebody known
        assert self.body["request_id"] == self.headers["X-Request-Id"]
        assert self.body["type"] == "urn:schoolgate:problem:" + code.lower().replace("_", "-")
        assert {"title", "detail", "clause", "reasons"} <= self.body.keys()
        assert self.body["remedy"] == REMEDY[code]

    def faults(self) -> dict[str, str]:
        return {fault["field"]: fault["message"] for fault in self.body["errors"]}


_ROUTES = [(re.compile(route.path.replace("{id}", f"(?:{IDENT})")), route) for route in ROUTES]


def is_described(method: str, path: str, status: int, body: object) -> None:
    """Fail unless the description of the API has such an answer at this address."""
    place = unquote(path.partition("?")[0])
    for pattern, route in _ROUTES:
        if route.method == method and pattern.fullmatch(place) and status >= 400 and isinstance(body, dict):
            described = codes_of(route).get(status, ())
            assert route.path == "/readyz" or body["code"] in described, (method, path, body)


@dataclass(slots=True)
class Api:
    """A client of a running gateway."""

    daemon: Daemon
    directory: Path
    tokens: dict[str, str]
    session: aiohttp.ClientSession

    async def call(
        self, method: str, path: str, body: object = None, *, who: str | None = "office", **more: Any
    ) -> Answer:
        """Make one request as one of the people, or without a key (None)."""
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers.setdefault("Authorization", f"Bearer {self.tokens[who]}")
        if body is not None:
            more["json"] = body
        url = self.daemon.api_url + path
        async with self.session.request(method, url, headers=headers, **more) as answer:
            raw = await answer.read()
            body = json.loads(raw) if "json" in answer.content_type and raw else None
            is_described(method, path, answer.status, body)
            return Answer(answer.status, answer.headers, raw, body)

    async def post_raw(self, path: str, data: object, media: str = "application/json", **more: Any) -> Answer:
        """Post octets as they are."""
        headers = {"Content-Type": media} | more.pop("headers", {})
        return await self.call("POST", path, data=data, headers=headers, **more)

    async def key(
        self, handle: str, scopes: Sequence[str] | None = None, kind: KeyKind = KeyKind.LIVE, **more: Any
    ) -> str:
        """Make another key of somebody, and make it known under its own text."""
        access = self.daemon.use_cases.access
        _, token = await access.create_key(handle, kind=kind, label="more", scopes=scopes, by="test", **more)
        self.tokens[token] = token
        return token

    async def wire(self, data: bytes) -> bytes:
        """Send octets on a connection of their own; return all that comes until the server hangs up."""
        reader, writer = await asyncio.open_connection(*self.address)
        writer.write(data)
        found = await reader.read()
        writer.close()
        await writer.wait_closed()
        return found

    async def hang_up(self, data: bytes) -> None:
        """Send octets and break the connection off."""
        with socket.create_connection(self.address) as plain:
            plain.sendall(data)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.daemon.api_url.removeprefix("http://").partition(":")
        return host, int(port)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Furnish one site, to be copied."""
    directory = tmp_path_factory.mktemp("site")
    asyncio.run(furnish(directory, modems=0, numbers=CONSENTED, extra=WEBHOOKS))
    return directory


@asynccontextmanager
async def running(furnished: Path, directory: Path, extra: str = "") -> AsyncIterator[Api]:
    """Run a gateway on a copy of a furnished site, with `extra` at the end of its configuration."""
    shutil.copytree(furnished, directory, dirs_exist_ok=True)
    with (directory / "schoolgate.toml").open("a") as config:
        config.write(extra)
    tokens = json.loads((directory / "tokens.json").read_text())
    async with started(load(directory / "schoolgate.toml")) as daemon, aiohttp.ClientSession() as session:
        yield Api(daemon, directory, tokens, session)


@pytest.fixture
async def api(furnished: Path, tmp_path: Path) -> AsyncIterator[Api]:
    async with running(furnished, tmp_path) as made:
        yield made


def batch(numbers: Sequence[str], **more: object) -> dict[str, Any]:
    """Return the body of a POST /v1/batches."""
    return {"template": "trip", "slots": SLOTS, "recipients": [{"to": each} for each in numbers]} | more
