"""4.3 and 1.2: lists are kept up to date by themselves, and contacts are forgotten like all else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import Connection, select, update

from gateway import receipts
from gateway.consent_rows import consent_rows, enter
from gateway.contact_upkeep import ContactUpkeep
from gateway.contacts import Contacts
from gateway.errors import Invalid
from gateway.groups import Groups
from gateway.model import Status
from gateway.receipts import Report
from gateway.records import Caller, ConsentRequest, ContactRequest, GroupRequest, KeyKind
from gateway.retention import Purge
from gateway.store import (
    Database,
    Keyring,
    create_key_file,
    inbox,
    load_key_file,
    opt_ins,
    outbox,
    recipients,
    suspects,
)
from gateway.store.schema import audit, contact, event, membership, part, suspect_number
from gateway.subjects import Subjects
from gateway.suspects import doubt
from policy import PolicySettings
from tests.blank import fresh

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SETTINGS = PolicySettings.load()
WHO = Caller("key_1", KeyKind.LIVE, "prs_1", "amy", frozenset())
pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(slots=True)
class Book:
    """An address book, and what is on record of its numbers."""

    database: Database
    keyring: Keyring
    people: int = 0
    reports: int = 0

    @property
    def contacts(self) -> Contacts:
        return Contacts(self.database, self.keyring, SETTINGS, lambda: NOW, allow_drama=True)

    @property
    def groups(self) -> Groups:
        return Groups(self.database, SETTINGS, lambda: NOW)

    async def person(self, name: str = "Ann") -> tuple[str, str, bytes]:
        """Add a contact with a number of its own; return its id, number and index."""
        self.people += 1
        number = f"+447700900{self.people:03d}"
        made = await self.contacts.add(WHO, ContactRequest(number=number, name=name))
        return made.id, number, self.keyring.index(number)

    async def agree(self, number: str, until: datetime) -> None:
        request = ConsentRequest(
            number=number,
            purposes=("event_notice",),
            method="paper_form",
            wording="form",
            evidence="box 7",
            given_at=NOW - 900 * DAY,
            expires_at=until,
        )
        rows = consent_rows(self.keyring, SETTINGS, "amy", number, request, NOW)
        await self.database.write(lambda c: enter(c, "consent-recorded", "amy", rows, NOW))

    async def fail(self, number: str, *statuses: int) -> None:
        """Let reports with these TP-Statuses come in, each for a text of its own."""
        for status in statuses:
            self.reports += 1
            await self.database.write(partial(self._fail, number=number, status=status))

    def _fail(self, connection: Connection, *, number: str, status: int) -> None:
        count, index = self.reports, self.keyring.index(number)
        new = outbox.NewMessage(
            id=f"msg_{count:026d}", kind="message", number=number, number_index=index, parts=1,
            purpose="event_notice", body="Hello", alphabet="gsm7", status=Status.SENT, priority=20,
            expires_at=NOW + DAY, created_at=NOW,
        )  # fmt: skip
        outbox.add(connection, [outbox.seal(self.keyring, new)])
        sent = {"sim": "00101", "mr": count, "claimed_at": NOW, "sent_at": NOW}
        connection.execute(update(part).where(part.c.message_id == new.id).values(sent))
        row = {
            "id": f"pdu_{count:026d}", "fingerprint": b"f", "pdu_sealed": b"", "gateway": "main",
            "modem": "sim0", "sim": "00101", "route": "stored", "received_at": NOW, "kind": "pending",
        }  # fmt: skip
        report = Report(row["id"], "00101", count, status, index, NOW, NOW)
        receipts.apply(connection, report, NOW, partial(inbox.journal, connection, row))

    async def failures(self, number: str) -> int:
        index = self.keyring.index(number)
        found = await self.database.read(lambda c: recipients.facts(c, [index]))
        return found[index].failures

    async def rows(self, query: Any) -> list[Any]:
        return list(await self.database.read(lambda c: c.execute(query).mappings().all()))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def book(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Book]:
    directory = tmp_path_factory.mktemp("book")
    create_key_file(directory / "keys")
    async with fresh(directory / "store.db") as database:
        yield Book(database, load_key_file(directory / "keys"))


async def test_4_3_every_night_groups_lose_who_cannot_be_texted(book: Book) -> None:
    kept, gone, over, wrong, partly, fresh = [await book.person() for _ in range(6)]
    for _, number, _ in (kept, gone, wrong, partly):
        await book.agree(number, NOW + 9 * DAY)
    await book.agree(over[1], NOW - DAY)
    group = await book.groups.add(WHO, GroupRequest(name="all"))
    everybody = [each[0] for each in (kept, gone, over, wrong, partly, fresh)]
    await book.groups.alter(WHO, group.id, join=everybody)
    opted_out = {"source": "sms", "made_by": "recipient"}
    for (_, _, index), topic in ((gone, ""), (partly, "events")):
        ident = f"opt_{topic}"
        await book.database.write(
            lambda c, i=ident, n=index, t=topic: recipients.suppress(
                c, NOW, ident=i, number_index=n, topic=t, **opted_out
            )
        )
    await book.database.write(
        lambda c: doubt(c, wrong[2], reason="wrong_number", source="inb_1", by="recipient", now=NOW)
    )
    counts = await ContactUpkeep(book.groups)(NOW)
    assert counts == {"opted_out": 1, "consent_ended": 1, "suspect": 1, "unconfirmed": 0, "ending": 3}
    left = await book.rows(select(membership.c.contact_id).where(membership.c.group_id == group.id))
    # Who opted out of a topic still gets the rest; whose consent is on its way is waited for.
    assert {row["contact_id"] for row in left} == {kept[0], partly[0], fresh[0]}
    (noted,) = await book.rows(select(audit).where(audit.c.action == "group-pruned"))
    assert (noted["target"], noted["actor"]) == (group.id, "gateway")
    (told,) = await book.rows(select(event).where(event.c.type == "consent.expiring"))
    assert told["detail"] == "3"
    again = await ContactUpkeep(book.groups)(NOW)
    assert (again["opted_out"], again["consent_ended"], again["suspect"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("statuses", "count"),
    [
        ([0x41, 0x43], 2),  # incompatible destination, not obtainable: for good
        ([0x41, 0x00, 0x43], 1),  # one arrived in between
        ([0x46, 0x62, 0x63], 0),  # time ran out, trouble for now
        ([0x41, 0x46, 0x41], 2),  # neither proof of life nor of death
        ([0x41, 0x41, 0x41, 0x00], 3),  # in doubt until a person ends it, whatever arrives now
    ],
)
async def test_4_3_failures_for_good_are_counted_in_a_row(
    book: Book, statuses: list[int], count: int
) -> None:
    _, number, _ = await book.person()
    await book.fail(number, *statuses)
    assert await book.failures(number) == count


async def test_4_3_what_failed_before_a_person_verified_the_number_counts_no_more(book: Book) -> None:
    _, number, index = await book.person()
    await book.fail(number, 0x41, 0x41, 0x41)
    (row,) = await book.rows(select(suspect_number).where(suspect_number.c.number_index == index))
    assert (row["failures"], row["reason"]) == (3, "failures")
    later = NOW + DAY
    sealed = book.keyring.seal("suspect_number", "evidence", row["id"], "rang")
    await book.database.write(
        lambda c: suspects.verify(c, later, ident=row["id"], by="amy", evidence_sealed=sealed)
    )
    assert await book.failures(number) == 0
    assert await book.database.read(lambda c: suspects.failures_in_a_row(c, index)) == 0


async def test_1_2_an_export_has_contacts_groups_and_doubts_and_an_erasure_takes_them(book: Book) -> None:
    ident, number, index = await book.person("Zebedee")
    group = await book.groups.add(WHO, GroupRequest(name="zeds"))
    await book.groups.alter(WHO, group.id, join=[ident])
    await book.database.write(lambda c: doubt(c, index, reason="staff", source="amy", by="amy", now=NOW))
    row = {
        "id": "opi_9", "number_index": index, "purposes": ["event_notice"], "method": "web_form",
        "number_sealed": book.keyring.seal("opt_in", "number", "opi_9", number), "wording": "form",
        "evidence_sealed": book.keyring.seal("opt_in", "evidence", "opi_9", "form 7"), "recorded_by": "amy",
        "asked_at": NOW, "created_at": NOW, "expires_at": NOW + DAY, "message_id": "m", "status": "waiting",
    }  # fmt: skip
    await book.database.write(lambda c: opt_ins.add(c, row))
    subjects = Subjects(book.database, book.keyring, SETTINGS, lambda: NOW)
    known = await subjects.export(number, by="dpo")
    assert known.records["contact"][0]["name"] == "Zebedee"
    assert known.records["membership"][0]["group_id"] == group.id
    assert known.records["opt_in"][0]["evidence"] == "form 7"
    assert known.records["suspect_number"][0]["reason"] == "staff"
    done = await subjects.erase(number, by="dpo")
    assert {name: done.removed[name] for name in ("contact", "membership", "opt_in", "suspect_number")} == {
        "contact": 1,
        "membership": 1,
        "opt_in": 1,
        "suspect_number": 1,
    }
    assert (await book.groups.get(group.id)).contacts == 0


async def test_1_2_a_contact_goes_three_years_after_it_was_last_touched_unless_it_consented(
    book: Book,
) -> None:
    old, agreed, young = [await book.person() for _ in range(3)]
    await book.agree(agreed[1], NOW - 2000 * DAY)
    stale = {"updated_at": NOW - 1100 * DAY}
    mine = contact.c.id.in_([old[0], agreed[0]])
    await book.database.write(lambda c: c.execute(update(contact).where(mine).values(stale)))
    counts = await Purge(book.database, book.keyring, SETTINGS)(NOW)
    assert counts["contacts"] == 1
    left = {row["id"] for row in await book.rows(select(contact.c.id))}
    assert (old[0] in left, agreed[0] in left, young[0] in left) == (False, True, True)


async def test_the_database_refuses_a_second_confirmation_of_a_number(book: Book) -> None:
    _, _, index = await book.person()
    row = {
        "number_index": index, "purposes": [], "method": "web_form", "number_sealed": b"", "wording": "w",
        "evidence_sealed": b"", "recorded_by": "amy", "asked_at": NOW, "created_at": NOW, "status": "waiting",
        "expires_at": NOW + DAY, "message_id": "m",
    }  # fmt: skip
    await book.database.write(lambda c: opt_ins.add(c, row | {"id": "opi_1"}))
    with pytest.raises(Exception, match="UNIQUE"):
        await book.database.write(lambda c: opt_ins.add(c, row | {"id": "opi_2"}))


async def test_a_contact_that_cannot_be_is_not_entered(book: Book) -> None:
    with pytest.raises(Invalid) as found:
        await book.contacts.add(WHO, ContactRequest(number="070 1234 5678", name="", labels=("A b",)))
    assert [fault.field for fault in found.value.faults] == ["number", "name", "labels"]
