"""Clause 8.1: the report of a month says what is on record, counted by hand here and by the gateway there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from gateway.compliance import Compliance
from gateway.errors import Invalid
from gateway.ids import new_id
from gateway.model import Status
from gateway.records.compliance import ComplianceReport, State
from gateway.store import Database, Keyring, audit, create_key_file, load_key_file, outbox
from gateway.store.schema import (
    approval,
    consent,
    inbox,
    part,
    person,
    recipient_hold,
    role,
    sending_stop,
    standing,
    suppression,
    template,
    violation,
)
from policy import PolicySettings
from tests.blank import fresh

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
MAY = datetime(2026, 5, 10, 9, 0, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
OFFICE = "per_office".ljust(30, "0")
HEAD = "per_head".ljust(30, "0")
HERS, OTHER = "+447700900123", "+447700900124"


@dataclass(slots=True)
class Ledger:
    """Writes what a month of use would have written."""

    database: Database
    keyring: Keyring

    async def insert(self, table: object, **values: object) -> None:
        await self.database.write(lambda c: c.execute(insert(table), values))  # type: ignore[call-overload]

    async def log(self, at: datetime, action: str, target: str, outcome: str, **more: object) -> None:
        who = str(more.pop("actor", "office"))
        row = audit.row(at, actor=who, action=action, target=target, outcome=outcome, **more)  # type: ignore[arg-type]
        await self.database.write(lambda c: audit.append(c, [row]))

    async def person(self, handle: str, *roles: str, acknowledged: bool = True) -> str:
        ident = f"per_{handle:0<26}"
        await self.insert(
            person,
            id=ident,
            handle=handle,
            name_sealed=self.keyring.seal("person", "name", ident, handle.title()),
            status="active",
            acknowledged_version="1" if acknowledged else None,
            acknowledged_at=MAY if acknowledged else None,
            created_at=MAY,
        )
        for name in roles:
            await self.insert(
                role, person_id=ident, role=name, granted_by="owner", granted_at=MAY, expires_at=NOW + YEAR
            )
        return ident

    async def message(self, number: str, status: Status, at: datetime = MAY, **more: object) -> str:
        """Write a message of one part; `claimed` is when a modem took it, if one did."""
        claimed, ident = more.pop("claimed", None), new_id("msg", at)
        new = outbox.NewMessage(
            id=ident, kind="message", number=number, number_index=self.keyring.index(number), parts=1,
            purpose="event_notice", template_id="tpl_1", body="The trip is on Friday.", alphabet="gsm7",
            status=status, priority=5, expires_at=at + DAY, created_at=at, person_id=OFFICE,
        )  # fmt: skip
        sealed = outbox.seal(self.keyring, replace(new, **more))
        await self.database.write(lambda c: outbox.add(c, [sealed]))
        if claimed is not None:
            change = update(part).where(part.c.message_id == ident).values(claimed_at=claimed)
            await self.database.write(lambda c: c.execute(change))
        return ident

    async def hand_over(self, ident: str, at: datetime) -> None:
        await self.log(at, "hand-off", ident, "ALLOW", actor="modem:sim0", detail={"part": 1})

    async def opt_out(self, number: str, since: datetime, *, topic: str = "", logged: bool = True) -> str:
        ident, index = new_id("opt", since), self.keyring.index(number)
        await self.insert(
            suppression, id=ident, number_index=index, topic=topic, source="sms", made_by="recipient",
            since=since,
        )  # fmt: skip
        if logged:
            detail = {"suppression": ident}
            await self.log(since, "opt-out", index.hex()[:16], "suppressed", clauses=["6.2"], detail=detail)
        return ident

    async def reply(self, number: str, received: datetime, *, took: float) -> None:
        """Write a STOP that came in; `took`: seconds from the network's stamp until it was read."""
        await self.insert(
            inbox, id=new_id("inb", received), number_index=self.keyring.index(number), number_sealed=b"",
            text_sealed=b"", tier="act", complete=True, modem="sim0",
            sent_at=received - timedelta(seconds=took), received_at=received,
        )  # fmt: skip

    async def agree(self, number: str, **more: object) -> None:
        values = {
            "id": new_id("con", MAY), "number_index": self.keyring.index(number), "number_sealed": b"",
            "purpose": "event_notice", "method": "email", "wording": "May we?", "evidence_sealed": b"",
            "recorded_by": "office", "given_at": MAY - 30 * DAY, "expires_at": NOW + YEAR, "created_at": MAY,
        }  # fmt: skip
        await self.insert(consent, **values | more)

    def compliance(self, now: datetime = NOW) -> Compliance:
        settings = PolicySettings.load()
        reviewed = settings.review.model_copy(update={"last_reviewed": date(2026, 1, 1)})
        settings = settings.model_copy(update={"review": reviewed})
        return Compliance(self.database, self.keyring, settings, lambda: now)

    async def report(self, month: str | None = "2026-05", now: datetime = NOW) -> ComplianceReport:
        return await self.compliance(now).report(month)

    async def after_opt_out(self) -> int:
        return (await self.report()).opt_outs.handed_over_after


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    create_key_file(tmp_path / "keys")
    async with fresh(tmp_path / "store.db") as database:
        made = Ledger(database, load_key_file(tmp_path / "keys"))
        await made.person("office", "sender")
        await made.person("head", "owner")
        await made.insert(
            template, id="tpl_1", name="trip", version=3, language="en", purpose="event_notice", body="x",
            slots={}, urgent=False, on_doubt="ask", status="approved", author_id=OFFICE,
            approver_id=HEAD, created_at=MAY,
        )  # fmt: skip
        yield made


def figures(report: ComplianceReport, number: str) -> tuple[int, int, int, State]:
    clause = next(each for each in report.clauses if each.number == number)
    return clause.asked, clause.denied, clause.held, clause.state


async def test_8_1_volumes_and_delivery_are_those_of_the_month(ledger: Ledger) -> None:
    for status in (Status.DELIVERED, Status.DELIVERED, Status.DELIVERED, Status.UNDELIVERED, Status.SENT):
        await ledger.message(HERS, status)
    await ledger.message(HERS, Status.DELIVERED, purpose="appointment", template_id="tpl_gone", parts=2)
    await ledger.message(HERS, Status.DELIVERED, test=True)
    await ledger.message(HERS, Status.DELIVERED, kind="help", person_id=None)
    await ledger.message(HERS, Status.DELIVERED, MAY - 30 * DAY)
    await ledger.message(HERS, Status.DELIVERED, MAY + 30 * DAY)
    report = await ledger.report()
    assert (report.messages, report.tests) == (6, 1)
    assert [astuple(row) for row in report.purposes] == [
        ("Notice of an event", 5, 5, 3, 1, 1),
        ("Appointment reminder or confirmation", 1, 2, 1, 0, 0),
    ]  # fmt: skip
    assert [(row.name, row.messages) for row in report.templates] == [("trip/3 (en)", 5), ("tpl_gone", 1)]
    assert [(row.name, row.messages) for row in report.senders] == [("office", 6)]
    assert report.delivery.by_status == {"delivered": 4, "sent": 1, "undelivered": 1}
    assert (report.delivery.delivered_rate, report.delivery.failed_rate) == (0.8, 0.2)
    assert {day: count for day, count in report.days.items() if count} == {date(2026, 5, 10): 6}


async def test_a_month_begins_and_ends_at_midnight_where_the_organisation_is(ledger: Ledger) -> None:
    first = datetime(2026, 4, 30, 23, 0, tzinfo=UTC)  # midnight in London, in summer
    for instant in (first, first - timedelta(milliseconds=1), datetime(2026, 5, 31, 22, 59, 59, tzinfo=UTC)):
        await ledger.message(HERS, Status.SENT, instant)
        await ledger.log(instant, "submit", "msg", "DENY", clauses=["7.2"])
    report = await ledger.report()
    assert report.messages == 2
    assert {day.day: count for day, count in report.days.items() if count} == {1: 1, 31: 1}
    assert figures(report, "7.2")[:3] == (2, 2, 0)


async def test_8_1_refusals_are_counted_by_clause_and_decisions_by_person(ledger: Ledger) -> None:
    await ledger.log(MAY, "submit", "m1", "DENY", clauses=["4.1", "7.2"])
    await ledger.log(MAY, "submit", "m2", "DENY", clauses=["7.2"])
    await ledger.log(MAY, "submit", "m3", "HOLD", clauses=["2.2"])
    await ledger.log(MAY, "submit", "m4", "ALLOW")
    await ledger.log(MAY - 40 * DAY, "submit", "m5", "DENY", clauses=["7.2"])
    await ledger.log(MAY, "batch-approve", "b1", "released", actor="head", clauses=["3.3"])
    await ledger.log(MAY, "hold-resolved", "h1", "opt-out", actor="head", clauses=["6.2"])
    report = await ledger.report()
    assert report.refused == 2
    assert [figures(report, number)[:3] for number in ("4.1", "7.2", "2.2")] == [
        (4, 1, 0),
        (4, 2, 0),
        (4, 0, 1),
    ]
    assert [(deed.person, deed.action, deed.outcome, deed.count) for deed in report.deeds] == [
        ("head", "batch-approve", "released", 1),
        ("head", "hold-resolved", "opt-out", 1),
    ]


async def test_8_1_the_time_until_a_stop_is_acted_upon_is_measured_where_the_text_is_kept(
    ledger: Ledger,
) -> None:
    for minute, took in enumerate([1, 1, 2, 3, 90]):
        at = MAY + timedelta(minutes=minute)
        number = f"+4477009001{minute:02d}"
        await ledger.reply(number, at, took=took)
        await ledger.opt_out(number, at)
    await ledger.reply(HERS, MAY, took=-3)  # the network's clock is ahead of ours
    await ledger.opt_out(HERS, MAY)
    await ledger.opt_out(OTHER, MAY)  # its text is gone
    found = (await ledger.report()).opt_outs
    assert (found.made, found.in_force, found.measured) == ({"sms": 7}, 7, 6)
    assert (found.p50_seconds, found.p99_seconds, found.longest_seconds) == (1, 90, 90)


async def test_6_2_a_message_handed_over_after_an_opt_out_is_found_in_the_records(ledger: Ledger) -> None:
    before = await ledger.message(HERS, Status.DELIVERED, claimed=MAY)
    await ledger.hand_over(before, MAY)
    await ledger.opt_out(HERS, MAY + timedelta(seconds=1))
    other = await ledger.message(OTHER, Status.DELIVERED, claimed=MAY + DAY)
    await ledger.hand_over(other, MAY + DAY)
    assert await ledger.after_opt_out() == 0
    after = await ledger.message(HERS, Status.DELIVERED, claimed=MAY + DAY)
    await ledger.hand_over(after, MAY + DAY)
    report = await ledger.report()
    assert report.opt_outs.handed_over_after == 1
    assert (report.state, figures(report, "6.2")[3]) == (State.BREACH, State.BREACH)


async def test_6_2_where_clocks_are_close_the_order_of_the_log_decides(ledger: Ledger) -> None:
    second = timedelta(seconds=1)
    early = await ledger.message(HERS, Status.DELIVERED, claimed=MAY + second)
    await ledger.hand_over(early, MAY + second)
    await ledger.opt_out(HERS, MAY)  # committed after it, whatever the clock says
    assert await ledger.after_opt_out() == 0
    await ledger.opt_out(OTHER, MAY)
    late = await ledger.message(OTHER, Status.DELIVERED, claimed=MAY - second)
    await ledger.hand_over(late, MAY - second)
    assert await ledger.after_opt_out() == 1


async def test_6_2_without_entries_in_the_log_the_clocks_decide(ledger: Ledger) -> None:
    await ledger.opt_out(HERS, MAY, logged=False)
    await ledger.message(HERS, Status.DELIVERED, claimed=MAY - timedelta(seconds=1))
    assert await ledger.after_opt_out() == 0
    await ledger.message(HERS, Status.DELIVERED, claimed=MAY + timedelta(seconds=1))
    assert await ledger.after_opt_out() == 1


async def test_6_2_what_an_opt_out_does_not_cover_is_no_breach(ledger: Ledger) -> None:
    ident = await ledger.opt_out(HERS, MAY)
    confirmed = await ledger.message(HERS, Status.DELIVERED, claimed=MAY + DAY, kind="opt_out_confirmation")
    await ledger.hand_over(confirmed, MAY + DAY)
    await ledger.message(HERS, Status.CANCELLED)
    lifting = update(suppression).where(suppression.c.id == ident).values(lifted_at=MAY + 2 * DAY)
    await ledger.database.write(lambda c: c.execute(lifting))
    again = await ledger.message(HERS, Status.DELIVERED, claimed=MAY + 3 * DAY)
    await ledger.hand_over(again, MAY + 3 * DAY)
    await ledger.opt_out(OTHER, MAY, topic="appointments")
    event = await ledger.message(OTHER, Status.DELIVERED, claimed=MAY + DAY)
    await ledger.hand_over(event, MAY + DAY)
    assert await ledger.after_opt_out() == 0
    visit = await ledger.message(OTHER, Status.DELIVERED, claimed=MAY + DAY, purpose="appointment")
    await ledger.hand_over(visit, MAY + DAY)
    assert await ledger.after_opt_out() == 1


async def test_6_2_what_two_more_people_sent_past_an_opt_out_is_counted_apart(ledger: Ledger) -> None:
    await ledger.opt_out(HERS, MAY)
    urgent = await ledger.message(HERS, Status.DELIVERED, claimed=MAY + DAY, kind="break_glass")
    await ledger.hand_over(urgent, MAY + DAY)
    report = await ledger.report()
    assert (report.opt_outs.handed_over_after, report.opt_outs.break_glass, report.messages) == (0, 1, 1)


async def test_8_1_consent_covers_a_message_when_it_was_in_force_for_number_and_purpose(
    ledger: Ledger,
) -> None:
    await ledger.message(HERS, Status.DELIVERED)
    await ledger.message(OTHER, Status.DELIVERED)
    await ledger.message(OTHER, Status.DELIVERED, purpose="appointment")
    await ledger.agree(HERS, expires_at=NOW + 10 * DAY)
    await ledger.agree(OTHER, withdrawn_at=MAY + DAY)
    await ledger.agree("+447700900125", expires_at=MAY + 3 * DAY)
    report = await ledger.report()
    found = report.consents
    assert (found.messages, found.covered) == (3, 2)
    assert (found.numbers, found.in_force, found.end_within_30_days) == (1, {"event_notice": 1}, 1)
    assert (found.ended, found.withdrawn) == (1, 1)
    assert figures(report, "7.2")[3] is State.ATTENTION


async def test_8_1_access_acknowledgement_and_review_are_as_they_stand(ledger: Ledger) -> None:
    await ledger.person("ann", "sender", acknowledged=False)
    report = await ledger.report()
    lines = [(line.handle, line.name, line.may_send, bool(line.acknowledged_at)) for line in report.access]
    assert lines == [
        ("ann", "Ann", True, False), ("head", "Head", False, True), ("office", "Office", True, True),
    ]  # fmt: skip
    assert "ann" in next(each.findings[0].says for each in report.clauses if each.number == "9.2")
    assert (report.review.due, report.review.overdue_days) == (date(2027, 1, 1), 0)
    late = await ledger.report(now=datetime(2027, 1, 11, 12, tzinfo=UTC))
    assert (late.review.overdue_days, figures(late, "9.1")[3]) == (10, State.ATTENTION)


async def test_8_1_retention_and_verification_are_those_of_the_log(ledger: Ledger) -> None:
    for day in (0, 1):
        removed = {"bodies": 3, "inbox": day}
        await ledger.log(MAY + day * DAY, "purge", "store", "purged", actor="gateway", detail=removed)
        whole = {"entries": 7, "first_bad": None}
        await ledger.log(MAY + day * DAY, "audit-verified", "audit", "whole", actor="gateway", detail=whole)
        await ledger.log(
            MAY + day * DAY, "checkpoint", "audit", "sent", actor="gateway", detail={"way": "sms"}
        )
    report = await ledger.report()
    assert (report.retention.runs, report.retention.removed) == (2, {"bodies": 6, "inbox": 1})
    assert (report.audit.verified, report.audit.broken, report.audit.anchors) == (2, 0, {"sms": 2})
    assert report.audit.in_month == 6
    assert figures(report, "1.3")[3] is State.ATTENTION  # for a month now
    broken = {"entries": 3, "first_bad": 4}
    await ledger.log(NOW, "audit-verified", "audit", "broken", actor="gateway", detail=broken)
    assert figures(await ledger.report(), "1.3")[3] is State.BREACH


async def test_1_2_one_status_says_what_is_to_be_done(ledger: Ledger) -> None:
    status = await ledger.compliance().status()
    assert {each.clause for each in status.findings if each.state is State.ATTENTION} == {"1.2", "1.3"}
    await ledger.log(NOW, "purge", "store", "purged", actor="gateway")
    await ledger.log(NOW, "audit-verified", "audit", "whole", actor="gateway", detail={"entries": 1})
    status = await ledger.compliance().status()
    assert status.state is State.KEPT, status.findings
    assert all(each.remedy == "" for each in status.findings)
    held = {"number_index": ledger.keyring.index(HERS), "inbox_id": "inb", "since": NOW}
    await ledger.insert(recipient_hold, id="hold_1", **held)
    assert (await ledger.compliance().status()).state is State.KEPT
    late = await ledger.compliance(NOW + timedelta(minutes=61)).status()
    waits = [each for each in late.findings if each.state is not State.KEPT]
    assert [(each.clause, bool(each.remedy)) for each in waits] == [("6.2", True)]


@pytest.mark.parametrize("month", ["2026-13", "may", "2026-5-1", "9999-99"])
async def test_a_month_that_there_is_not_is_refused(ledger: Ledger, month: str) -> None:
    with pytest.raises(Invalid, match="month"):
        await ledger.report(month)


async def test_the_last_whole_month_is_reported_where_none_is_named_and_none_to_come(ledger: Ledger) -> None:
    report = await ledger.report(None)
    assert (report.month, report.complete) == ("2026-05", True)
    assert not (await ledger.report("2026-06")).complete
    with pytest.raises(Invalid, match="not begun"):
        await ledger.report("2026-07")


async def test_8_1_approvals_violations_and_suspensions_of_the_month_are_counted(ledger: Ledger) -> None:
    asked = {"target": "t", "digest": b"", "summary": "s", "requested_by": OFFICE, "expires_at": NOW}
    decided = {"decided_by": HEAD, "decided_at": MAY, "outcome": "approved"}
    await ledger.insert(approval, id="apr_1", kind="batch", requested_at=MAY, **asked, **decided)
    await ledger.insert(approval, id="apr_2", kind="batch", requested_at=MAY, **asked)
    await ledger.insert(approval, id="apr_3", kind="batch", requested_at=MAY - 40 * DAY, **asked, **decided)
    counted = {
        "key_id": "k",
        "target": "m",
        "clauses": ["2.2"],
        "codes": ["CONTENT_SENSITIVE"],
        "recipients": 1,
    }
    for number in range(3):
        await ledger.insert(violation, id=f"vio_{number}", person_id=OFFICE, at=MAY, **counted)
    judged = {"outcome": "coaching", "decided_by_id": HEAD, "decided_at": MAY + DAY, "note": ""}
    await ledger.insert(violation, id="vio_9", person_id=OFFICE, at=MAY - 40 * DAY, **counted, **judged)
    await ledger.insert(standing, person_id=OFFICE, sending_suspended_at=MAY, trained_until=NOW)
    stop = {"made_by": "head", "reason": "a wrong list"}
    await ledger.insert(
        sending_stop, id="stp_1", since=MAY - 20 * DAY, **stop, ended_at=MAY, ended_by_id=HEAD
    )
    await ledger.insert(sending_stop, id="stp_2", since=NOW - DAY, **stop)
    report = await ledger.report()
    assert [astuple(each) for each in report.approvals] == [("batch", "approved", 1), ("batch", "pending", 1)]
    assert [line.trained_until for line in report.access] == [None, NOW]
    assert report.violations.recorded == {"office": 3}
    assert report.violations.decided == {"coaching": 1}
    assert (report.violations.undecided, report.violations.suspended) == (3, ("office",))
    assert [(each.since, each.until) for each in report.suspensions] == [(MAY - 20 * DAY, MAY)]


async def test_8_1_a_text_that_asks_for_a_consent_is_a_message_and_needs_none(ledger: Ledger) -> None:
    await ledger.agree(HERS)
    await ledger.message(HERS, Status.DELIVERED)
    await ledger.message(OTHER, Status.DELIVERED, kind="consent_request")
    report = await ledger.report()
    assert (report.messages, sum(report.days.values())) == (2, 2)
    assert (report.consents.messages, report.consents.covered) == (1, 1)
