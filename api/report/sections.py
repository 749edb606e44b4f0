"""The report's sections after its summary, in the order in which a board asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from api.report import charts
from api.report.words import (
    INCIDENTS,
    REMOVED,
    SOURCES,
    STATUSES,
    hours,
    rate,
    seconds,
    table,
    times,
    when,
)
from gateway.records.compliance import ComplianceReport, Volume


def sections(report: ComplianceReport) -> Iterator[str]:
    """Yield the sections."""
    for each in (
        _volumes,
        _delivery,
        _people_decided,
        _violations,
        _opt_outs,
        _consents,
        _access,
        _document,
        _retention,
        _incidents,
        _audit,
    ):
        yield from each(report)


def _volumes(report: ComplianceReport) -> Iterator[str]:
    yield f"<h2>Messages</h2><p>{report.messages:,} messages were accepted, and {report.refused:,} refused."
    if report.tests:
        yield f" {report.tests:,} more were tests that reach nobody; they are counted nowhere else."
    yield "</p><h3>By day</h3>" + charts.columns(report.days, "Messages accepted on each day of the month")
    for title, rows in (
        ("By purpose", report.purposes),
        ("By template", report.templates),
        ("By sender", report.senders),
    ):
        yield f"<h3>{title}</h3>" + _volume_table(rows)


def _volume_table(rows: Sequence[Volume]) -> str:
    heads = ("", "Messages", "SMS parts", "Delivered", "Failed", "Others")
    lines = [(row.name, row.messages, row.parts, row.delivered, row.failed, row.other) for row in rows]
    return table(heads, lines, numbers=5)


def _delivery(report: ComplianceReport) -> Iterator[str]:
    found = report.delivery
    yield f"<h2>Delivery</h2><p>Of the messages whose end is known, {rate(found.delivered_rate)} were "
    yield f"delivered and {rate(found.failed_rate)} failed (not delivered, refused by the network, or too "
    yield "late). The others were cancelled, are on their way, or the network sent no report.</p>"
    failed = sum(found.by_status.get(each, 0) for each in ("undelivered", "failed", "expired"))
    delivered = found.by_status.get("delivered", 0)
    others = sum(found.by_status.values()) - failed - delivered
    parts = (("Delivered", delivered, "good"), ("Failed", failed, "bad"), ("Others", others, "other"))
    yield charts.share(parts, "What became of the month's messages")
    rows = [(STATUSES.get(name, name), count) for name, count in found.by_status.items()]
    yield table(("What became of them", "Messages"), rows, numbers=1)


def _people_decided(report: ComplianceReport) -> Iterator[str]:
    yield "<h2>What people decided</h2><p>Whatever is held is released by a person other than the sender. "
    yield "These are all decisions of people in the month, from the audit log; “cli:” is somebody at the "
    yield "gateway itself.</p>"
    rows = [(deed.person, deed.action.replace("-", " "), deed.outcome, deed.count) for deed in report.deeds]
    yield table(("Person", "What", "Outcome", "Times"), rows, numbers=1)
    yield "<h3>What a second person was asked</h3>"
    asked = [(each.kind.replace("_", " "), each.outcome, each.count) for each in report.approvals]
    yield table(("What", "Outcome", "Times"), asked, numbers=1)


def _violations(report: ComplianceReport) -> Iterator[str]:
    found, zone = report.violations, report.since.tzinfo
    yield "<h2>Violations and suspensions</h2><p>A message that is refused for sensitive content, for want "
    yield "of consent or for advertising counts against its sender. Three that nobody has decided on, in "
    yield "thirty days, suspend that person's sending until somebody else decides.</p>"
    figures: list[tuple[str, object]] = [
        *((f"Recorded in the month: {person}", count) for person, count in found.recorded.items()),
        *(
            (f"Decided in the month: {name.replace('_', ' ')}", count)
            for name, count in found.decided.items()
        ),
        ("Nobody has decided on yet", found.undecided),
        ("Whose sending is suspended now", ", ".join(found.suspended) or "nobody"),
    ]
    yield table(("", ""), figures, numbers=1)
    yield "<h3>All sending was suspended</h3>"
    rows = [
        (when(each.since, zone), when(each.until, zone) if each.until else "still", each.made_by, each.reason)
        for each in report.suspensions
    ]
    yield table(("From", "Until", "By", "Why"), rows)


def _opt_outs(report: ComplianceReport) -> Iterator[str]:
    found = report.opt_outs
    yield "<h2>Opt-outs</h2>"
    rows = [(f"Opted out {SOURCES.get(source, source)}", count) for source, count in found.made.items()]
    figures: list[tuple[str, object]] = [
        *rows,
        ("Opt-outs lifted, by the person or with new consent", found.lifted),
        ("Opt-outs in force now", found.in_force),
        ("Messages handed to a modem after their recipient's opt-out (must be 0)", found.handed_over_after),
        ("Messages past an opt-out by the rule for emergencies, with two more people", found.break_glass),
        (f"Time until a STOP was acted upon: half of {found.measured} within", seconds(found.p50_seconds)),
        ("… 99 of 100 within", seconds(found.p99_seconds)),
        ("… the longest", seconds(found.longest_seconds)),
        ("Replies that might have been opt-outs, held for a person to read", found.replies_held),
        ("… of these read by now", found.replies_read),
        ("… half of them within", hours(found.read_p50_hours)),
        ("… the longest", hours(found.read_longest_hours)),
        ("… waiting now (the number gets nothing meanwhile)", found.unread),
    ]
    yield table(("", ""), figures, numbers=1)
    yield "<p class='soft'>The time runs from the network's stamp on the text (in whole seconds, on the "
    yield "network's clock) to the moment in which the gateway read it and acted, in one step. It is known "
    yield "while the text is kept. What was sent after an opt-out is counted from the records themselves, in "
    yield "the order of the audit log.</p>"


def _consents(report: ComplianceReport) -> Iterator[str]:
    found = report.consents
    share = found.covered / found.messages if found.messages else None
    yield f"<h2>Consent</h2><p>{found.covered:,} of {found.messages:,} messages ({rate(share)}) went to a "
    yield "number whose consent to that purpose was on record when the message was accepted.</p>"
    figures: list[tuple[str, object]] = [
        ("Numbers with a consent in force now", found.numbers),
        *((f"… to: {purpose.replace('_', ' ')}", count) for purpose, count in found.in_force.items()),
        ("Consents that end within 30 days", found.end_within_30_days),
        ("Consents that ended in the month", found.ended),
        ("Consents withdrawn in the month", found.withdrawn),
    ]
    yield table(("", ""), figures, numbers=1)


def _access(report: ComplianceReport) -> Iterator[str]:
    zone = report.since.tzinfo
    yield "<h2>Who has access</h2><p>Now. Every role ends unless it is renewed.</p>"
    rows = [
        (
            f"{line.name} ({line.handle})",
            line.status,
            "; ".join(
                f"{role.replace('_', ' ')} until {_day(end, zone)}" for role, end in line.roles.items()
            ),
            "yes" if line.acknowledged_at else "no",
            _day(line.trained_until, zone) if line.trained_until else "",
            line.keys,
        )
        for line in report.access
    ]
    yield table(
        ("Person", "Status", "Roles", "Policy acknowledged", "Trained until", "Keys"), rows, numbers=1
    )


def _document(report: ComplianceReport) -> Iterator[str]:
    review = report.review
    senders = [line for line in report.access if line.may_send]
    done = sum(line.acknowledged_at is not None for line in senders)
    then = {
        "warn": "It is said everywhere; messages go on.",
        "block_bulk": "After its grace, messages to many people at once are refused.",
        "block_all": "After its grace, all messages are refused.",
    }
    yield "<h2>The policy itself</h2>"
    overdue = f"overdue by {review.overdue_days} days" if review.overdue_days else "in date"
    rows = [
        ("Version", f"{review.version}, authorised by {review.authorised_by}"),
        ("In force since", f"{review.effective:%-d %B %Y}"),
        ("Last reviewed", f"{review.last_reviewed:%-d %B %Y}"),
        ("Next review due", f"{review.due:%-d %B %Y} ({overdue})"),
        ("If a review is overdue", then[review.consequence]),
        ("People who may send and have acknowledged this version", f"{done} of {len(senders)}"),
    ]
    yield table(("", ""), rows)


def _retention(report: ComplianceReport) -> Iterator[str]:
    found, zone = report.retention, report.since.tzinfo
    yield f"<h2>Data kept and removed</h2><p>Old records were removed {times(found.runs)} in the month; the "
    yield f"last time was {when(found.last_run, zone)}.</p>"
    rows: list[tuple[str, object]] = [
        *((f"Removed: {REMOVED.get(name, name)}", count) for name, count in found.removed.items()),
        ("Requests answered with an export of all data of a number", found.exports),
        ("Numbers erased at their owner's wish", found.erasures),
        ("Numbers under a legal hold now (nothing of theirs is removed)", found.numbers_held),
        ("A legal hold on everything", "yes: nothing at all is removed" if found.legal_hold else "no"),
    ]
    yield table(("", ""), rows, numbers=1)


def _incidents(report: ComplianceReport) -> Iterator[str]:
    zone = report.since.tzinfo
    yield "<h2>Requests and incidents</h2><p>A subject access request is answered within one month, a breach "
    yield "of personal data is reported within 72 hours.</p>"
    rows = [
        (
            INCIDENTS.get(each.kind, each.kind),
            when(each.known_at, zone),
            when(each.due_at, zone),
            when(each.closed_at, zone) if each.closed_at else "open",
            "no" if each.overdue else "yes",
        )
        for each in report.incidents
    ]
    yield table(("What", "Known since", "Due", "Closed", "In time"), rows)


def _audit(report: ComplianceReport) -> Iterator[str]:
    found, zone = report.audit, report.since.tzinfo
    yield "<h2>The audit log</h2><p>Every decision is an entry in a chain in which a changed or missing "
    yield "entry shows. Signed fingerprints that leave the machine show that its end was not cut off.</p>"
    rows: list[tuple[str, object]] = [
        ("Entries, all", found.entries),
        ("Entries of the month", found.in_month),
        ("Verifications in the month", found.verified),
        ("… that found it changed (must be 0)", found.broken),
        ("Last verified", when(found.last_verified, zone)),
        *((f"Fingerprints that left the machine: {way}", count) for way, count in found.anchors.items()),
    ]
    if not found.anchors:
        rows.append(("Fingerprints that left the machine", "none: see [audit] in the configuration"))
    yield table(("", ""), rows, numbers=1)


def _day(at: datetime, zone: tzinfo | None) -> str:
    return f"{at.astimezone(zone):%-d %b %Y}"
