"""Clause 1.2: what must be answered by a day is told when its time is over; a legal hold keeps things."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.compliance import Compliance
from gateway.errors import Conflict, Invalid, NotFound
from gateway.incidents import Incidents
from gateway.legal_holds import LegalHolds
from gateway.model import Status
from gateway.records import Caller, KeyKind, Scope
from gateway.records.compliance import State
from gateway.retention import Purge
from gateway.store import Database, Keyring, audit, create_key_file, events, load_key_file, outbox
from gateway.store.schema import inbound, incident, message
from gateway.subjects import Subjects
from policy import PolicySettings
from policy.duties import Duty
from tests.blank import fresh

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HERS, OTHER = "+447911123456", "+447911123457"
DPO = Caller("key", KeyKind.LIVE, "per_1", "dina", frozenset({Scope.INCIDENTS}))


@dataclass(slots=True)
class Office:
    """A store, and a clock that can be put forward."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    now: datetime = NOW

    @property
    def incidents(self) -> Incidents:
        return Incidents(self.database, self.keyring, self.settings, lambda: self.now)

    @property
    def holds(self) -> LegalHolds:
        return LegalHolds(self.database, self.keyring, self.settings, lambda: self.now)

    @property
    def subjects(self) -> Subjects:
        return Subjects(self.database, self.keyring, self.settings, lambda: self.now)

    async def state(self) -> tuple[State, list[str]]:
        """Return how it stands with 1.2, and what is said of it."""
        compliance = Compliance(self.database, self.keyring, self.settings, lambda: self.now)
        found = [each for each in (await compliance.status()).findings if each.clause == "1.2"]
        said = [each.says for each in found]
        order = list(State)
        return max((each.state for each in found), key=order.index), said

    async def told(self) -> list[str]:
        rows = await self.database.read(lambda c: events.after(c, 0, 100))
        return [row["type"] for row in rows]

    async def logged(self) -> list[tuple[str, str, str]]:
        found = await self.database.read(lambda c: audit.entries(c, 0, 100))
        return [(each["actor"], each["action"], each["outcome"]) for each in found]

    async def message(self, number: str, ident: str, age: timedelta) -> None:
        new = outbox.NewMessage(
            id=ident, kind="message", number=number, number_index=self.keyring.index(number), parts=1,
            purpose="event_notice", body="The trip is on Friday.", alphabet="gsm7", status=Status.DELIVERED,
            priority=5, expires_at=NOW, created_at=NOW - age,
        )  # fmt: skip
        await self.database.write(lambda c: outbox.add(c, [outbox.seal(self.keyring, new)]))

    async def unread(self, ident: str) -> None:
        """Write a PDU that nobody could read, long ago."""
        values = {
            "id": ident, "fingerprint": ident.encode(), "gateway": "main", "modem": "sim0", "route": "stored",
            "pdu_sealed": self.keyring.seal("inbound", "pdu", ident, "00"), "kind": "quarantine",
            "received_at": NOW - timedelta(days=400),
        }  # fmt: skip
        await self.database.write(lambda c: c.execute(inbound.insert().values(values)))

    async def count(self, table: object) -> int:
        query = select(func.count()).select_from(table)  # type: ignore[arg-type]
        return int(await self.database.read(lambda c: c.execute(query).scalar_one()))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    create_key_file(tmp_path / "keys")
    async with fresh(tmp_path / "store.db") as database:
        yield Office(database, load_key_file(tmp_path / "keys"), PolicySettings.load())


async def test_1_2_an_incident_is_open_until_it_is_answered_and_told_once_when_its_time_is_over(
    office: Office,
) -> None:
    made = await office.incidents.open(DPO, Duty.BREACH, "a phone was lost", NOW - timedelta(hours=70))
    assert (made.due_at, made.overdue) == (NOW + timedelta(hours=2), False)
    assert [each.note for each in await office.incidents.list()] == ["a phone was lost"]
    assert await office.incidents.note_overdue() == 0
    assert "1 open" in (await office.state())[1][1]
    office.now = NOW + timedelta(hours=2, seconds=1)
    assert await office.incidents.note_overdue() == 1
    assert await office.incidents.note_overdue() == 0
    assert (await office.state())[0] is State.BREACH
    closed = await office.incidents.close(DPO, made.id, "reported to the regulator")
    assert (closed.overdue, closed.closed_by, closed.outcome) == (True, "dina", "reported to the regulator")
    assert await office.incidents.list() == ()
    assert [each.id for each in await office.incidents.list(closed=True)] == [made.id]
    assert (await office.state())[0] is not State.BREACH
    assert await office.told() == ["incident.opened", "incident.overdue", "incident.closed"]
    assert await office.logged() == [
        ("dina", "incident-opened", "open"),
        ("gateway", "incident-overdue", "overdue"),
        ("dina", "incident-closed", "late"),
    ]


async def test_an_incident_is_closed_once_and_begins_in_the_past(office: Office) -> None:
    with pytest.raises(Invalid, match="future"):
        await office.incidents.open(DPO, Duty.ACCESS, "x", NOW + timedelta(seconds=1))
    made = await office.incidents.open(DPO, Duty.ACCESS, "asked at the desk")
    await office.incidents.close(DPO, made.id, "handed over")
    with pytest.raises(Conflict, match="closed already"):
        await office.incidents.close(DPO, made.id, "again")
    with pytest.raises(NotFound):
        await office.incidents.close(DPO, "inc_" + "0" * 26, "x")


async def test_what_an_incident_is_about_is_sealed_and_goes_with_the_rest_after_three_years(
    office: Office, tmp_path: Path
) -> None:
    made = await office.incidents.open(DPO, Duty.COMPLAINT, "Mrs Zebra of Marmalade Lane")
    still = await office.incidents.open(DPO, Duty.COMPLAINT, "another")
    await office.incidents.close(DPO, made.id, "Mrs Zebra was told")
    stored = raw(tmp_path)
    assert b"Zebra" not in stored
    assert b"incident-closed" in stored
    purge = Purge(office.database, office.keyring, office.settings)
    assert (await purge(NOW + timedelta(days=365)))["incidents"] == 0
    assert (await purge(NOW + timedelta(days=4 * 365)))["incidents"] == 1
    left = await office.database.read(lambda c: c.execute(select(incident.c.id)).scalars().all())
    assert left == [still.id]


async def test_1_2_a_legal_hold_on_a_number_keeps_what_is_its_from_purge_and_erasure(office: Office) -> None:
    for number, ident in ((HERS, "msg_hers"), (OTHER, "msg_other")):
        await office.message(number, ident, timedelta(days=4 * 366))
    await office.unread("pdu_1")
    placed = await office.holds.place("07911 123456", "court order 7", by="cli:root")
    assert (placed.number, [each.reason for each in await office.holds.list()]) == (HERS, ["court order 7"])
    assert "Numbers under a legal hold, of which nothing is removed: 1." in (await office.state())[1]
    with pytest.raises(Conflict, match="already"):
        await office.holds.place(HERS, "again", by="cli:root")
    purge = Purge(office.database, office.keyring, office.settings)
    counts = await purge(NOW)
    assert (counts["bodies"], counts["messages"], counts["inbound"]) == (1, 1, 0)
    left = await office.database.read(lambda c: c.execute(select(message.c.id)).scalars().all())
    assert left == ["msg_hers"]
    with pytest.raises(Conflict, match="legal hold"):
        await office.subjects.erase(HERS, by="cli:root")
    assert await office.count(message) == 1
    await office.holds.lift(HERS, by="cli:root")
    with pytest.raises(NotFound, match="no legal hold"):
        await office.holds.lift(HERS, by="cli:root")
    assert (await purge(NOW))["inbound"] == 1
    await office.subjects.erase(HERS, by="cli:root")
    assert await office.count(message) == 0


def raw(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.glob("store.db*"))


async def test_an_export_shows_a_legal_hold_to_its_person(office: Office) -> None:
    await office.holds.place(HERS, "court order 7", by="cli:root")
    known = await office.subjects.export(HERS, by="cli:root")
    assert [row["reason"] for row in known.records["legal_hold"]] == ["court order 7"]
    with pytest.raises(Invalid, match="number"):
        await office.holds.place("mum", "x", by="cli:root")
