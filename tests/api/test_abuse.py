"""Hostile clients: nothing falls over, nothing is let through, nothing is repeated in answers or logs."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from api.govuk import GOVUK_ROUTES
from api.routes import ROUTES
from tests.api.conftest import CONSENTED, Answer, Api, running
from tests.system.site import SLOTS, message

SEED = int(os.environ.get("SCHOOLGATE_SEED", "20261126"))
COUNT = int(os.environ.get("SCHOOLGATE_STORM", "2000"))
CANARY = "marmalade Oluwaseun"
DIGITS = "7700900123"


def memory() -> int:
    """Return the resident memory of this process (the gateway is in it) in octets."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


# -- two thousand drawn requests ----------------------------------------------------------------------

Drawn = tuple[str, str, dict[str, str], bytes]


def draw(chance: random.Random, tokens: list[str]) -> Drawn:
    """Return a request that is wrong in some way, with a number and a text in many places."""
    known, address = chance.choice(ADDRESSES)
    method = chance.choice([known] * 4 + ["PUT", "PATCH", "DELETE", "TRACE", "OPTIONS", "GET", "POST"])
    path = re.sub("{[a-z]+}", lambda _: chance.choice(IDENTS), address)
    if chance.random() < 0.4:
        path += "?" + "&".join(
            f"{chance.choice(NAMES)}={chance.choice(VALUES)}" for _ in range(chance.randint(1, 4))
        )
    headers = {"Content-Type": chance.choice(MEDIA), "Authorization": f"Bearer {chance.choice(tokens)}"}
    for _ in range(chance.randint(0, 3)):
        headers[chance.choice(HEADERS)] = chance.choice(HEADER_VALUES)
    return method, path, headers, chance.choice(BODIES)(chance)


ADDRESSES = [
    *((route.method, route.path) for route in ROUTES),
    *((method, path) for method, path, *_ in GOVUK_ROUTES),
    *[("GET", "/cgi-bin/sendsms"), ("POST", "/cgi-bin/sendsms")] * 3,
]
IDENTS = [
    "msg_" + "0" * 26,
    "bat_" + "z" * 26,
    f"+44{DIGITS}",
    "x" * 300,
    "%00",
    "%F0%9F%92%A9",
    "..%2f..",
    CANARY.replace(" ", "%20"),
]
NAMES = [
    "limit",
    "cursor",
    "status",
    "number",
    "since",
    "reference",
    "types",
    "after",
    "parts",
    "password",
    "to",
    "text",
    "%2B44" + DIGITS,
    "a[]",
]
VALUES = [
    "0",
    "-1",
    "9" * 400,
    "x",
    "%00",
    f"%2B44{DIGITS}",
    CANARY.replace(" ", "+"),
    "1e9",
    "%F0%9F%92%A9",
    "*",
    "msg_" + "0" * 26,
    "NaN",
    "",
]
MEDIA = ["application/json"] * 6 + [
    "text/csv",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/json; charset=utf-16",
    "x",
    "multipart/form-data; boundary=x",
]
HEADERS = [
    "Idempotency-Key",
    "If-Match",
    "Last-Event-ID",
    "Accept-Encoding",
    "Content-Encoding",
    "X-Forwarded-For",
    "Range",
    "Expect",
]
HEADER_VALUES = ["x", '"x"', "9" * 300, f"+44{DIGITS}", "gzip", "deflate", "*", "bytes=0-1", "\x7f", CANARY]


def nested(chance: random.Random) -> bytes:
    depth = chance.choice([10, 1000, 50_000])
    return chance.choice([b"[" * depth, b'{"to":' * depth, b"[" * depth + b"]" * depth])


def garbled(chance: random.Random) -> bytes:
    data = bytearray(json.dumps(message(CONSENTED[0], reference=CANARY)).encode())
    for _ in range(chance.randint(1, 20)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def odd(chance: random.Random) -> bytes:
    value = chance.choice(
        [None, True, 1e308, -(10**400), CANARY, "\ud800", "\u202e" * 50, "a" * 70_000, [], {}, [[[]]], "\x00"]
    )
    fields = {chance.choice(FIELDS): value, "to": f"+44{DIGITS}", CANARY: CANARY}
    return json.dumps(fields).encode()


FIELDS = ["to", "template", "slots", "recipients", "number", "purposes", "given_at", "url", "types", "name",
          "body", "validity", "not_before", "outcome", "since", "reference", "topic"]  # fmt: skip
BODIES: list[Callable[[random.Random], bytes]] = [
    nested,
    garbled,
    odd,
    odd,
    lambda chance: chance.randbytes(chance.choice([0, 1, 300])),
    lambda _: b"",
    lambda chance: f"number,purposes\n+44{DIGITS},{CANARY}\n".encode() * chance.choice([1, 50]),
    lambda _: b'{"validity": ' + b"9" * 5000 + b"}",
]


async def test_thousands_of_bad_requests(
    furnished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No 5xx, no number or text in any answer or in the log, memory flat. SCHOOLGATE_STORM says how many."""
    async with running(furnished, tmp_path, "[kannel]\nenabled = true\nkey_in_url = true\n") as api:
        chance = random.Random(SEED)
        tokens = [*api.tokens.values(), "sg_live_x", ""]
        await storm(api, chance, tokens, COUNT // 4)
        before = memory()
        await storm(api, chance, tokens, COUNT)
        assert memory() - before < 24 * 1024 * 1024
        good = await api.call("POST", "/v1/messages", message(CONSENTED[0]))
        assert good.status == 202
    written = "".join(capfd.readouterr())
    assert "request refused" in written  # the log was looked at
    assert "request failed" not in written
    assert_silent(written.encode())


async def storm(api: Api, chance: random.Random, tokens: list[str], count: int) -> None:
    left = (draw(chance, tokens) for _ in range(count))  # one at a time: some are large

    async def client() -> None:
        for method, path, headers, data in left:
            if path.split("?")[0] == "/v1/events":
                method = "HEAD"  # a stream that is let in would not end
            answer = await send(api, method, path, headers, data)
            assert answer is None or answer.status < 500 or path.startswith("/readyz"), (
                SEED,
                method,
                path,
                headers,
                data,
                answer,
            )
            if answer is not None and answer.status >= 400:
                assert_silent(answer.raw)

    async with asyncio.timeout(30 + count / 20), asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(client())


async def send(api: Api, method: str, path: str, headers: dict[str, str], data: bytes) -> Answer | None:
    """Send a request octet by octet, as no client library would; None where the gateway hung up."""
    host, port = api.address
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close", f"Content-Length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogatepass") + data)
        found = await reader.read()
    except ConnectionError:
        return None
    finally:
        writer.close()
    match = re.match(rb"(?:HTTP/1\.1 100 Continue\r\n\r\n)?HTTP/1\.[01] (\d{3}) ", found)
    assert match, found[:100]
    return Answer(int(match[1]), {}, found, None)


def assert_silent(data: bytes) -> None:
    for word in (DIGITS, *CANARY.split()):
        assert word.encode() not in data, data[:2000]


# -- octets that mean two things ----------------------------------------------------------------------


def smuggled(api: Api) -> bytes:
    """A whole good request, hidden where a careless server would see a second one."""
    body = json.dumps({"to": CONSENTED[0], "template": "trip", "slots": SLOTS}).encode()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.tokens['office']}\r\n"
    return (
        head.encode()
        + f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


async def said(api: Api, data: bytes) -> bytes:
    """Return what the gateway says within a second, whether or not it then hangs up."""
    reader, writer = await asyncio.open_connection(*api.address)
    writer.write(data)
    found = bytearray()
    try:
        async with asyncio.timeout(1):
            while some := await reader.read(65536):
                found += some
    except (TimeoutError, ConnectionError):
        pass
    writer.close()
    return bytes(found)


TRICKS = {
    "both lengths": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "a list of lengths": "Content-Length: 0, 5\r\n\r\n",
    "a signed length": "Content-Length: +0\r\n\r\n",
    "a negative length": "Content-Length: -1\r\n\r\n",
    "a length in hex": "Content-Length: 0x0\r\n\r\n",
    "a space before the colon": "Content-Length : 0\r\n\r\n",
    "a folded header": "Content-Length:\r\n 0\r\n\r\n",
    "an odd coding": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    "a coding with a tab": "Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n",
    "a bad chunk size": "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk size with 0x": "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "a huge chunk size": "Transfer-Encoding: chunked\r\n\r\n" + "f" * 40 + "\r\n",
    "bare line feeds": "Content-Length: 0\n\n",
    "a null in a header": "X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a bare carriage return": "X: a\rContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("name", TRICKS)
async def test_nothing_is_smuggled(api: Api, name: str) -> None:
    """The first request has no key; whatever the gateway makes of it, the second must not be let in by it."""
    first = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\n{TRICKS[name]}".encode()
    found = await said(api, first + smuggled(api))
    statuses = re.findall(rb"HTTP/1\.[01] (\d{3})", found)
    assert statuses
    assert statuses[0] in (b"400", b"401"), found[:300]
    if statuses[0] == b"400":
        assert len(statuses) == 1
        assert (await api.call("GET", "/v1/messages")).body["items"] == []
    assert_silent(found)


@pytest.mark.parametrize(
    "line",
    ["GET  / HTTP/1.1", "GET /\0 HTTP/1.1", "GET / HTTP/9.9", "GET /", "\x16\x03\x01", "G" * 70_000,
     "GET /" + "a" * 70_000 + " HTTP/1.1", "POST http://elsewhere.example/v1/messages HTTP/1.1",
     "CONNECT elsewhere.example:443 HTTP/1.1", "PRI * HTTP/2.0"],
)  # fmt: skip
async def test_a_line_that_is_no_request_is_refused_without_repeating_it(api: Api, line: str) -> None:
    async with asyncio.timeout(10):
        found = await api.wire(f"{line}\r\nHost: {DIGITS}\r\nConnection: close\r\n\r\n".encode())
    assert re.match(rb"HTTP/\d\.\d (400|401|404|405|414|431)", found) or found == b"", found[:200]
    assert_silent(found)
    assert b"a" * 100 not in found


async def test_too_many_headers_are_refused(api: Api) -> None:
    many = "".join(f"X-{index}: {'y' * 100}\r\n" for index in range(2000))
    async with asyncio.timeout(10):
        found = await api.wire(
            f"GET /v1/messages HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{many}\r\n".encode()
        )
    assert re.match(rb"HTTP/1\.[01] 400", found), found[:200]


async def test_what_cannot_be_expected_is_not_repeated(api: Api) -> None:
    for path in ("/v1/messages", "/nowhere"):
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nExpect: +44{DIGITS}\r\nContent-Length: 0\r\n\r\n"
        found = await said(api, head.encode())
        assert found.startswith(b"HTTP/1.1 417 ")
        assert_silent(found)
        assert found.endswith(b"\r\n\r\n")
    continued = await said(api, head.replace(f"+44{DIGITS}", "100-continue").encode())
    assert continued.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 ")


# -- slowness -------------------------------------------------------------------------------------------


async def test_connections_that_never_say_anything_keep_nobody_waiting(api: Api) -> None:
    """Three hundred of them."""
    slow = [await asyncio.open_connection(*api.address) for _ in range(300)]
    for index, (_, writer) in enumerate(slow):
        if index % 2:
            writer.write(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nX-Slow: ")
    async with asyncio.timeout(5):
        assert (await api.call("POST", "/v1/messages", message(CONSENTED[0]))).status == 202
    for _, writer in slow:
        writer.close()


async def test_a_connection_without_a_request_ends(
    monkeypatch: pytest.MonkeyPatch, furnished: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("api.server._SILENCE", 0.2)
    async with running(furnished, tmp_path) as api:
        reader, writer = await asyncio.open_connection(*api.address)
        async with asyncio.timeout(5):
            writer.write(b"GET /v1/messages HTTP/1.1\r\nX-Slow: ")
            assert await reader.read() == b""
        writer.close()
        bearer = {"Authorization": f"Bearer {api.tokens['office']}"}
        async with api.session.get(f"{api.daemon.api_url}/v1/events", headers=bearer) as stream:
            await asyncio.sleep(1)  # far longer than silence may last: this one has spoken
            assert (await api.call("POST", "/v1/opt-outs", {"number": CONSENTED[0]})).status == 201
            async with asyncio.timeout(5):
                while b"optout.added" not in await stream.content.readline():
                    pass


async def test_a_body_that_trickles_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.reading._SLOWEST", 0.2)
    head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.tokens['office']}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{"
    async with asyncio.timeout(15):
        found = await api.wire(head.encode())
    assert found.startswith(b"HTTP/1.1 408 ")
    assert b"TOO_SLOW" in found
