"""Server-sent events and their history: what each may see, nothing twice, nothing missed."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from gateway.clock import utc_now
from gateway.config import load
from gateway.daemon import opened, started
from gateway.events import TYPES, EventView, Listener
from gateway.model import Status
from gateway.records import KeyKind
from gateway.store import events as store
from tests.api.conftest import CONSENTED, Api, batch
from tests.system.site import eventually, message

Told = AsyncIterator[dict[str, Any]]


@asynccontextmanager
async def listening(
    api: Api, query: str = "", who: str = "office", headers: Mapping[str, str] | None = None
) -> AsyncIterator[Told]:
    """Open a stream and yield its events, parsed as a browser would."""
    url = f"{api.daemon.api_url}/v1/events{query}"
    bearer = {"Authorization": f"Bearer {api.tokens[who]}"}
    async with api.session.get(url, headers=bearer | dict(headers or {})) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["X-Request-Id"]
        assert (await answer.content.readline()) == b": listening\n"

        async def told() -> Told:
            fields: dict[str, str] = {}
            async for line in answer.content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif fields:
                    yield fields | {"data": json.loads(fields["data"])}
                    fields = {}

        yield told()


async def take(told: Told, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        return [await anext(told) for _ in range(count)]


async def opt_out(api: Api, number: str) -> str:
    answer = await api.call("POST", "/v1/opt-outs", {"number": number})
    assert answer.status == 201
    return str(answer.body["id"])


async def history(api: Api, query: str = "", who: str = "office") -> list[dict[str, Any]]:
    return list((await api.call("GET", f"/v1/events/history{query}", who=who)).body["items"])


async def test_what_happens_is_told_at_once_with_ids_and_codes_only(api: Api) -> None:
    queued = await api.call("POST", "/v1/messages", message(CONSENTED[0], reference="r-1"))
    async with listening(api) as told:
        ident = await opt_out(api, CONSENTED[0])
        first, second = await take(told, 2)
    assert (first["event"], first["data"]["subject"], first["data"]["detail"]) == (
        "optout.added", ident, "staff"
    )  # fmt: skip
    assert (second["event"], second["data"]["subject"]) == ("message.cancelled", queued.body["id"])
    assert (second["data"]["detail"], second["data"]["reference"]) == ("opted_out", "r-1")
    assert int(second["id"]) == second["data"]["seq"] > int(first["id"])
    assert CONSENTED[0].removeprefix("+44") not in str([first, second])


async def test_a_listener_that_was_away_goes_on_where_it_was(api: Api) -> None:
    idents = [await opt_out(api, each) for each in CONSENTED[:4]]
    seen = await history(api, "?types=optout.*")
    assert [each["subject"] for each in seen] == idents
    resume = {"Last-Event-ID": str(seen[1]["seq"])}
    async with listening(api, "?types=optout.added", headers=resume) as told:
        assert [each["data"]["subject"] for each in await take(told, 2)] == idents[2:]
        fifth = await opt_out(api, CONSENTED[4])
        assert (await take(told, 1))[0]["data"]["subject"] == fifth


async def test_nothing_is_missed_or_told_twice_while_listeners_come_and_go(api: Api) -> None:
    """Listeners join in the middle of a stream of events, each from the beginning."""

    async def follow() -> list[str]:
        async with listening(api, "?types=optout.added&after=0") as told:
            return [each["data"]["subject"] for each in await take(told, len(CONSENTED))]

    async with asyncio.TaskGroup() as group:
        followers = []
        idents = []
        for number in CONSENTED:
            followers.append(group.create_task(follow()))
            idents.append(await opt_out(api, number))
    assert [follower.result() for follower in followers] == [idents] * len(CONSENTED)


async def test_a_person_sees_their_own_messages_and_what_their_scopes_open(api: Api) -> None:
    test = await api.key("office", kind=KeyKind.TEST)
    made = await api.call("POST", "/v1/messages", message(CONSENTED[0]), who=test)
    await opt_out(api, CONSENTED[1])
    held = await api.call("POST", "/v1/batches", batch(CONSENTED[1:]))
    assert held.body["status"] == "held"
    kinds = {each["type"] for each in await history(api)}
    assert {"message.delivered", "optout.added", "approval.requested"} <= kinds
    own = [each["subject"] for each in await history(api, "?types=message.*")]
    assert own == [made.body["id"]]
    others = {each["type"] for each in await history(api, who="head")}
    assert "approval.requested" in others
    assert "message.delivered" not in others
    only_events = await api.key("office", scopes=["events:read"])
    assert "optout.added" not in {each["type"] for each in await history(api, who=only_events)}


async def test_a_status_is_told_once_however_often_it_is_derived(api: Api) -> None:
    test = await api.key("office", kind=KeyKind.TEST)
    ident = (await api.call("POST", "/v1/messages", message(CONSENTED[0]), who=test)).body["id"]
    for _ in range(3):
        await api.daemon.store.database.write(lambda c: store.tell_message(c, ident, utc_now()))
    assert [each["type"] for each in await history(api, "?types=message.*")] == ["message.delivered"]


async def test_a_suspended_person_is_told_nothing_more(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.handlers.events._BEAT", 0.05)
    async with listening(api) as told:
        await api.daemon.use_cases.access.suspend("office", by="test")
        with pytest.raises(StopAsyncIteration):
            await take(told, 1)


async def test_a_suspended_person_is_told_nothing_more_however_much_happens(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.handlers.events._BEAT", 0.2)

    async def happenings() -> None:
        while True:
            await api.daemon.store.database.write(lambda c: store.add(c, utc_now(), "optout.added", "x"))

    async with listening(api) as told, asyncio.timeout(10):
        happening = asyncio.create_task(happenings())
        await anext(told)
        await api.daemon.use_cases.access.suspend("office", by="test")
        async for _ in told:
            pass
        happening.cancel()


async def test_history_goes_page_by_page(api: Api) -> None:
    idents = [await opt_out(api, each) for each in CONSENTED[:7]]
    path, found = "/v1/events/history?types=optout.added&limit=3", []
    while path:
        page = await api.call("GET", path)
        found += [each["subject"] for each in page.body["items"]]
        path = page.body["links"]["next"]
    assert found == idents


@pytest.mark.parametrize("query", ["?types=message", "?types=none.*", "?types=*.*", "?after=-1", "?after=x"])
async def test_a_listener_that_asks_for_nonsense_is_told(api: Api, query: str) -> None:
    (await api.call("GET", f"/v1/events{query}")).is_problem(422, "INVALID")


@pytest.mark.parametrize("last", ["x", "-1", "9" * 30, "1.5", "٣"])
async def test_a_last_event_id_is_a_number(api: Api, last: str) -> None:
    answer = await api.call("GET", "/v1/events", headers={"Last-Event-ID": last})
    answer.is_problem(422, "INVALID")


async def test_a_head_request_is_not_a_listener(api: Api) -> None:
    async with asyncio.timeout(5):
        assert (await api.call("HEAD", "/v1/events")).status == 200


def test_every_status_that_is_told_is_a_type() -> None:
    assert {f"message.{status}" for status in store.TOLD} <= set(TYPES)
    assert {Status.QUEUED, Status.SCHEDULED, Status.SENDING}.isdisjoint(store.TOLD)


async def test_a_listener_that_falls_too_far_behind_is_let_go_and_costs_no_memory() -> None:
    listener = Listener(lambda _: True, position=0)
    for start in range(0, 10_000, 500):
        listener.put([event(seq) for seq in range(start + 1, start + 501)])
    assert listener.lost
    assert listener._waiting == []
    assert await listener.take() is None


def event(seq: int) -> EventView:
    return EventView(seq, f"evt_{seq}", "modem.ready", utc_now(), "sim0", None, None, None, None)


async def test_a_listener_that_does_not_read_is_hung_up_on(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.handlers.events._PATIENCE", 0.2)
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(api.address)
        head = f"GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {api.tokens['office']}\r\n\r\n"
        deaf.sendall(head.encode())
        events, database = api.daemon.use_cases.events, api.daemon.store.database
        await eventually(lambda: events._listeners, what="the listener")

        def many(connection: Connection) -> None:
            for _ in range(400):
                store.add(connection, utc_now(), "optout.added", "x" * 20_000)

        async def gone() -> bool:
            await database.write(many)
            return not events._listeners

        await eventually(gone, within=30, what="the end of it")


async def test_events_are_kept_for_two_weeks(furnished: Path, tmp_path: Path) -> None:
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    config, now = load(tmp_path / "schoolgate.toml"), utc_now()
    ages = {f"msg_{index}": timedelta(days=14, seconds=60) for index in range(1100)}
    ages |= {"msg_kept": timedelta(days=14, seconds=-600)}

    def fill(connection: Connection) -> None:
        for subject, age in ages.items():
            store.add(connection, now - age, "message.sent", subject)

    def left(connection: Connection) -> set[str]:
        return {row["subject"] for row in store.after(connection, 0, 2000)} & ages.keys()

    async with opened(config) as before:
        await before.database.write(fill)
    async with started(config) as daemon:
        read = daemon.store.database.read

        async def gone() -> bool:
            return await read(left) == {"msg_kept"}

        await eventually(gone, what="the old ones to be gone")
