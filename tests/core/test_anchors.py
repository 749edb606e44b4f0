"""Clause 1.3: a checkpoint that left the machine shows that the log was cut short, whichever way it went."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import Connection, select, text

from gateway import checkpoints, sms, verify_audit
from gateway.anchors import Anchors, NotDelivered, words
from gateway.auditing import Auditing
from gateway.bell import Bell
from gateway.facts import PolicyDesk
from gateway.numbers import Identify
from gateway.own_texts import OwnTexts
from gateway.store import audit, create_key_file, load_key_file, outbox, recipients
from gateway.store.schema import message, part
from gateway.verify_audit import NotUnderstood, anchor_of, canonical
from policy import Outcome, PolicySettings, Stage
from tests.blank import fresh

NIGHT = datetime(2026, 3, 1, 3, 30, tzinfo=UTC)
OWNER = "+447911123456"
MANY = 40


@dataclass(slots=True)
class Server:
    """A web server of somebody else's, which keeps what it gets."""

    url: str = ""
    status: int = 200
    got: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.text())
        return web.Response(status=self.status)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_post("/keep", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/keep"
    yield made
    await runner.cleanup()


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Auditing]:
    create_key_file(tmp_path / "keys")
    async with fresh(tmp_path / "store.db") as database:
        rows = [audit.row(NIGHT, actor="a", action="b", target=f"t{n}", outcome="ok") for n in range(MANY)]
        await database.write(lambda c: audit.append(c, rows))
        yield Auditing(database, load_key_file(tmp_path / "keys"), "main", lambda: NIGHT)


def anchors(log: Auditing, url: str | None = None, phone: str | None = None) -> Anchors:
    settings = PolicySettings.load()
    texts, own = OwnTexts(log.keyring), [ip_network("127.0.0.0/8")]
    return Anchors(log, texts, settings, Identify(settings), Bell(), own, url, phone)


async def sent(log: Auditing) -> list[tuple[str, datetime, str]]:
    """Return the text, the time and the status of every message in the outbox."""
    query = select(message.c.id, message.c.body_sealed, part.c.not_before, part.c.status).join(part)
    rows = await log.database.read(lambda c: c.execute(query).all())
    return [
        (log.keyring.open("message", "body", row.id, row.body_sealed), row.not_before, row.status)
        for row in rows
    ]


async def by_way(log: Auditing, way: str, server: Server, tmp_path: Path) -> str:
    """Let a checkpoint out by a way; return what arrives there."""
    if way == "file":
        path = await log.drop(tmp_path, NIGHT)
        assert path is not None
        return path.read_text()
    if way == "webhook":
        await anchors(log, server.url).post(NIGHT)
        return server.got[-1]
    await anchors(log, phone=OWNER).text(NIGHT)
    return (await sent(log))[-1][0]


async def cut(log: Auditing, after: int) -> None:
    """Cut the end off, and let another one grow: the chain is whole."""

    def transaction(connection):
        for name in ("audit_no_update", "audit_no_delete", "audit_continues"):
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        connection.execute(text("DELETE FROM audit WHERE seq > :after"), {"after": after})

    await log.database.write(transaction)


def checked_elsewhere(log: list[str], anchor: str, tmp_path: Path) -> tuple[int, str]:
    """Run the verifier of one file, alone."""
    (tmp_path / "log").write_text("\n".join(log) + "\n")
    (tmp_path / "anchor").write_text(anchor)
    command = [
        sys.executable,
        "-I",
        "-S",
        verify_audit.__file__,
        tmp_path / "log",
        "--anchor",
        tmp_path / "anchor",
    ]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("way", ["file", "webhook", "sms"])
async def test_1_3_a_log_that_was_cut_short_is_caught_by_what_left_the_machine(
    log: Auditing, server: Server, tmp_path: Path, way: str
) -> None:
    anchor = await by_way(log, way, server, tmp_path)
    assert (await log.verify(anchor)).first_bad is None
    lines = [canonical(each) async for each in log.export(None, None)]
    assert checked_elsewhere(lines, anchor, tmp_path)[0] == 0
    await cut(log, MANY - 1)
    assert (await log.verify()).first_bad is None  # a chain cannot tell
    assert (await log.verify(anchor)).first_bad == MANY
    code, said = checked_elsewhere(lines[: MANY - 1], anchor, tmp_path)
    assert (code, f"entry {MANY}: is missing" in said) == (1, True)
    more = [audit.row(NIGHT, actor="a", action="b", target="forged", outcome="ok") for _ in range(9)]
    await log.database.write(lambda c: audit.append(c, more))
    verdict = await log.verify(anchor)
    assert (verdict.first_bad, "replaced" in str(verdict.why)) == (MANY, True)
    forged = [canonical(each) async for each in log.export(None, None)]
    assert checked_elsewhere(forged, anchor, tmp_path)[0] == 1


async def test_the_text_is_one_part_and_comes_in_the_morning_once_a_day(log: Auditing) -> None:
    way = anchors(log, phone=OWNER)
    for _ in range(2):  # a restart in between
        await way.text(NIGHT)
    ((text_, at, status),) = await sent(log)
    assert len(sms.split(text_).parts) == 1
    assert (at, status) == (datetime(2026, 3, 1, 9, 0, tzinfo=UTC), "scheduled")
    noon = NIGHT + timedelta(days=1, hours=9)
    log.clock = lambda: noon
    await way.text(noon)
    assert [each[1:] for each in await sent(log)][1] == (noon, "queued")


def test_the_text_is_one_part_for_the_longest_name_and_log() -> None:
    settings = PolicySettings.load().model_copy(update={"organisation": "W" * 40})
    assert len(sms.split(words(settings, 10**12, "0" * 64, NIGHT)).parts) == 1


async def test_the_policy_lets_the_text_go_unless_the_owner_said_stop(log: Auditing) -> None:
    noon = NIGHT + timedelta(hours=9)
    await anchors(log, phone=OWNER).text(noon)
    desk = PolicyDesk(PolicySettings.load(), log.keyring)

    def decided(connection: Connection) -> Outcome:
        candidate = outbox.next_queued(connection, log.keyring, "sim0", noon)
        assert candidate is not None
        return desk.decide_stored(connection, candidate, Stage.HANDOFF, noon)[0].outcome

    assert await log.database.write(decided) is Outcome.ALLOW
    stopped = {"number_index": log.keyring.index(OWNER), "source": "sms", "made_by": "recipient", "topic": ""}
    await log.database.write(lambda c: recipients.suppress(c, noon, ident="opt_1", **stopped))
    assert await log.database.write(decided) is Outcome.DENY


async def test_a_text_typed_off_a_phone_is_understood_with_other_spaces(log: Auditing) -> None:
    await anchors(log, phone=OWNER).text(NIGHT)
    ((said, *_),) = await sent(log)
    assert (await log.verify("\n  ".join(said.split(" ")))).first_bad is None
    with pytest.raises(NotUnderstood):
        anchor_of("audit log of yesterday", None)


async def test_a_server_that_does_not_take_it_gets_it_again(log: Auditing, server: Server) -> None:
    server.status = 500
    with pytest.raises(NotDelivered, match="500"):
        await anchors(log, server.url).post(NIGHT)
    server.status = 302
    with pytest.raises(NotDelivered, match="302"):
        await anchors(log, server.url).post(NIGHT)
    with pytest.raises(NotDelivered, match="ClientConnector"):
        await anchors(log, "http://127.0.0.1:1/").post(NIGHT)
    with pytest.raises(NotDelivered, match="not a public address"):
        await anchors(log, "http://10.0.0.1/").post(NIGHT)
    assert await log.database.read(lambda c: audit.of_target(c, "audit")) == []
    server.status = 204
    await anchors(log, server.url).post(NIGHT)
    (entry,) = await log.database.read(lambda c: audit.of_target(c, "audit"))
    assert (entry["action"], entry["detail"]) == ("checkpoint", {"way": "webhook", "seq": MANY})
    assert anchor_of(server.got[-1], checkpoints.public_key(log.keyring))["seq"] == MANY


async def test_what_is_not_configured_goes_nowhere(log: Auditing) -> None:
    await anchors(log).post(NIGHT)
    await anchors(log).text(NIGHT)
    assert await sent(log) == []
    assert await log.database.read(lambda c: audit.of_target(c, "audit")) == []
