"""Both clients against the real gateway: every call, every failure on the way."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from gateway.clock import utc_now
from gateway.signing import headers, new_secret
from schoolgate_client import AsyncClient, Client, Problem, SignatureWrong, Unreachable, verified
from tests.api.conftest import CONSENTED, STRANGER, Api
from tests.api.test_events import opt_out
from tests.system.site import SLOTS


async def in_thread(job: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(job)


def use(gate: Client, head: Client) -> dict[str, Any]:
    """Use every call of the waiting client once."""
    found: dict[str, Any] = {"check": gate.check(CONSENTED[0], "trip", SLOTS)}
    found["sent"] = gate.send(CONSENTED[0], "trip", SLOTS, reference="r-1", validity=3600)
    found["again"] = gate.send(CONSENTED[0], "trip", SLOTS, reference="r-1", validity=3600)
    later = utc_now() + timedelta(hours=2)
    found["later"] = gate.send(CONSENTED[1], "trip", SLOTS, not_before=later)
    gate.cancel(found["later"]["id"])
    found["shown"] = gate.message(found["sent"]["id"])
    found["all"] = list(gate.messages(limit=1))
    batch = gate.send_batch("trip", [{"to": each} for each in CONSENTED], slots=SLOTS)
    found["approved"] = head.approve_batch(batch["id"])
    found["cancelled"] = gate.cancel_batch(batch["id"])
    found["batch"] = gate.batch(batch["id"])
    gate.opt_out(CONSENTED[5])
    found["events"] = list(gate.events(types=["optout.added"]))
    found["inbox"] = list(gate.inbox())
    found["forecast"] = gate.forecast(10)
    with pytest.raises(Problem) as refused:
        gate.send(STRANGER, "trip", SLOTS)
    found["refused"] = refused.value
    with pytest.raises(Problem) as invalid:
        gate.send("", "trip", SLOTS)
    found["invalid"] = invalid.value
    return found


async def test_every_call_of_the_waiting_client(api: Api) -> None:
    def job() -> dict[str, Any]:
        url = api.daemon.api_url
        with Client(url, api.tokens["office"]) as gate, Client(url, api.tokens["head"]) as head:
            return use(gate, head)

    found = await in_thread(job)
    assert found["check"]["outcome"] == "ALLOW"
    assert found["again"] == found["sent"]
    assert found["shown"]["reference"] == "r-1"
    assert [each["status"] for each in found["all"]] == ["cancelled", "queued"]
    assert found["approved"]["messages"] == {"queued": 25}
    assert found["cancelled"] == found["batch"]
    assert found["batch"]["messages"] == {"cancelled": 25}
    assert len(found["events"]) == 1
    assert found["inbox"] == []
    assert (found["forecast"]["parts"], found["forecast"]["queue"]) == (10, 1)
    assert (found["refused"].status, found["refused"].code) == (409, "CONSENT_MISSING")
    assert found["refused"].clause
    assert "record it" in str(found["refused"])
    assert "to must have at least 1 characters" in str(found["invalid"])


async def test_every_call_of_the_awaited_client(api: Api) -> None:
    url = api.daemon.api_url
    async with AsyncClient(url, api.tokens["office"]) as gate, AsyncClient(url, api.tokens["head"]) as head:
        assert (await gate.check(CONSENTED[0], "trip", SLOTS))["outcome"] == "ALLOW"
        sent = await gate.send(CONSENTED[0], "trip", SLOTS, reference="r-1")
        assert await gate.send(CONSENTED[0], "trip", SLOTS, reference="r-1") == sent
        assert (await gate.message(sent["id"]))["status"] == "queued"
        await gate.cancel(sent["id"])
        assert [each["id"] async for each in gate.messages(limit=1)] == [sent["id"]]
        batch = await gate.send_batch("trip", [{"to": each} for each in CONSENTED], slots=SLOTS)
        assert (await head.approve_batch(batch["id"]))["messages"] == {"queued": 25}
        assert (await gate.cancel_batch(batch["id"])) == await gate.batch(batch["id"])
        assert [each async for each in gate.inbox()] == []
        assert (await gate.forecast())["queue"] == 0
        with pytest.raises(Problem, match="CONSENT_MISSING"):
            await gate.send(STRANGER, "trip", SLOTS)


async def test_it_listens_and_goes_on_after_a_break(api: Api) -> None:
    first = await opt_out(api, CONSENTED[0])
    async with AsyncClient(api.daemon.api_url, api.tokens["office"]) as gate:
        told = gate.listen(after=0, types=["optout.added"])
        async with asyncio.timeout(20):
            assert (await anext(told))["subject"] == first
            api.daemon.use_cases.events.close()  # as when the gateway stops
            second = await opt_out(api, CONSENTED[1])
            assert (await anext(told))["subject"] == second
    async with AsyncClient(api.daemon.api_url, "sg_nonsense") as stranger:
        with pytest.raises(Problem, match="KEY_MALFORMED"):
            await anext(stranger.listen())


@contextmanager
def scripted(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server of our own that gives these answers, one for each connection, then hangs up for good."""
    listening = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def serve() -> None:
        for answer in answers:
            connection, _ = listening.accept()
            with connection:
                got.append(connection.recv(65536))
                connection.sendall(answer)
        listening.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", got
    finally:
        thread.join(10)


BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
GOOD = b'HTTP/1.1 202 OK\r\nContent-Length: 11\r\nConnection: close\r\n\r\n{"id": "x"}'


def keys(requests: list[bytes]) -> set[bytes]:
    return {line for each in requests for line in each.split(b"\r\n") if line.startswith(b"Idempotency-Key")}


def test_what_fails_on_the_way_is_asked_again_under_the_same_key() -> None:
    waited: list[float] = []
    with scripted(b"", BUSY, GOOD) as (url, got):
        gate = Client(url, "k", sleep=waited.append)
        assert gate.send(CONSENTED[0], "trip", SLOTS) == {"id": "x"}
    assert len(got) == 3
    assert len(keys(got)) == 1
    assert waited == [0.25, 7.0]


def test_it_gives_up_in_the_end_and_says_why() -> None:
    waited: list[float] = []
    with scripted(b"", b"", b"", b"", b"") as (url, got), pytest.raises(Unreachable, match="no answer"):
        Client(url, "k", sleep=waited.append).message("msg_1")
    assert len(got) == 5
    with scripted(*[BUSY] * 5) as (url, _), pytest.raises(Problem, match="503"):
        Client(url, "k", sleep=waited.append).message("msg_1")


def test_what_may_not_happen_twice_is_asked_once() -> None:
    with scripted(BUSY) as (url, got), pytest.raises(Problem):
        Client(url, "k", sleep=lambda _: None).approve_batch("bat_1")
    assert len(got) == 1


def test_a_webhook_is_verified() -> None:
    secret, body, now = new_secret(), b'{"type": "message.sent"}', utc_now()
    head = dict(headers([new_secret(), secret], "evt_1", now, body))
    assert verified(secret, {name.title(): value for name, value in head.items()}, body, now.timestamp()) == {
        "type": "message.sent"
    }
    for wrong in [
        (new_secret(), head, body, now.timestamp()),
        (secret, head, body + b" ", now.timestamp()),
        (secret, head | {"webhook-id": "evt_2"}, body, now.timestamp()),
        (secret, head, body, now.timestamp() + 301),
        (secret, head, body, now.timestamp() - 301),
        (secret, {}, body, now.timestamp()),
    ]:
        with pytest.raises(SignatureWrong):
            verified(*wrong)
