"""What the radio brings is told: to webhooks and to those who listen, in one piece and without its text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.api.conftest import WEBHOOKS
from tests.api.test_webhooks import Receiver, receiver
from tests.system.site import Site, eventually, number, site

pytestmark = pytest.mark.system

PARENT = number(123)
REPLY = "Will Oluwaseun be picked up?"


async def endpoint(made: Site, got: Receiver, **more: object) -> str:
    body = {"url": got.url, "types": ["*"]} | more
    status, answer = await made.call("POST", "/v1/webhooks", body)
    assert status == 201, answer
    return str(answer["id"])


def of(got: Receiver, kind: str) -> list[dict[str, Any]]:
    return [body["data"] for body in got.bodies() if body["type"] == kind]


async def test_a_reply_is_told_and_its_text_only_where_it_is_wanted(tmp_path: Path) -> None:
    async with (
        site(tmp_path, numbers=[PARENT], extra=WEBHOOKS) as made,
        receiver() as plain,
        receiver() as full,
    ):
        await endpoint(made, plain)
        await endpoint(made, full, with_text=True)
        made.network.text(PARENT, "sim0", REPLY)
        await eventually(lambda: of(full, "inbound.received"), what="the reply with its text")
        await eventually(lambda: of(plain, "inbound.received"), what="the reply without it")
        (with_text,), (without,) = of(full, "inbound.received"), of(plain, "inbound.received")
        status, shown = await made.call("GET", f"/v1/inbox/{without['id']}")
    assert (status, shown["text"]) == (200, REPLY)
    assert (with_text["text"], with_text["sender"]) == (REPLY, PARENT)
    assert (with_text["id"], with_text["detail"]) == (without["id"], "inbox")
    assert {"text", "sender"}.isdisjoint(without)
    assert all(REPLY.encode() not in body for _, body in plain.got)


async def test_a_message_tells_its_life_once_and_in_order(tmp_path: Path) -> None:
    async with site(tmp_path, numbers=[PARENT], extra=WEBHOOKS) as made, receiver() as got:
        await endpoint(made, got, types=["message.*"])
        ident = await made.post(PARENT, reference="r-7")
        await made.reaches(ident, "delivered")
        await eventually(lambda: len(got.got) == 2, what="sent and delivered")
        made.network.text(PARENT, "sim0", "STOP")
        await eventually(lambda: made.texts(PARENT)[1:], what="the confirmation")
        _, history = await made.call("GET", "/v1/events/history?types=message.*,optout.*,modem.*")
    assert [body["type"] for body in got.bodies()] == ["message.sent", "message.delivered"]
    assert {body["data"]["reference"] for body in got.bodies()} == {"r-7"}
    assert {body["data"]["id"] for body in got.bodies()} == {ident}
    kinds = [each["type"] for each in history["items"]]
    told = ["modem.ready", "message.sent", "message.delivered", "optout.added"]
    assert kinds == told  # and nothing of our own reply to STOP


async def test_what_came_while_a_consumer_was_down_is_there_page_by_page(tmp_path: Path) -> None:
    async with site(tmp_path, numbers=[PARENT], extra=WEBHOOKS) as made:
        for index in range(5):
            made.network.text(PARENT, "sim0", f"Message {index}")

        async def all_five() -> Any:
            _, found = await made.call("GET", "/v1/events/history?types=inbound.received&after=0&limit=200")
            return found["items"] if len(found["items"]) == 5 else None

        items = await eventually(all_five, what="five replies")
        texts = [(await made.call("GET", f"/v1/inbox/{each['subject']}"))[1]["text"] for each in items]
    assert texts == [f"Message {index}" for index in range(5)]
    assert [each["seq"] for each in items] == sorted(each["seq"] for each in items)


async def test_the_log_follows_a_message_by_its_id(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with site(tmp_path, numbers=[PARENT]) as made:
            ident = await made.post(PARENT)
            await made.reaches(ident, "delivered")
    followed = [log["action"] for log in logs if log.get("message") == ident]
    assert followed == ["message_accepted", "part_sent", "status_report"]
    assert PARENT not in repr(logs)
