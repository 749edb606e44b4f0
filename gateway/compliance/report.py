"""The report of a month, put together of what the store counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final

from sqlalchemy import Connection

from gateway.compliance import findings, today
from gateway.compliance.clauses import Cited, clauses
from gateway.incidents import view
from gateway.model import Status
from gateway.records.compliance import (
    Approved,
    AuditFigures,
    ComplianceReport,
    ConsentFigures,
    Deed,
    DeliveryFigures,
    Finding,
    OptOutFigures,
    RetentionFigures,
    State,
    Suspension,
    ViolationFigures,
    Volume,
)
from gateway.store import Keyring, duties, governance, monthly, overtaken, people
from gateway.store.monthly import Line, Span
from policy import Kind, PolicySettings
from policy.rules import RULES
from policy.rules.rule import CONSENTED, MESSAGES

_FAILED: Final = (Status.UNDELIVERED, Status.FAILED, Status.EXPIRED)
_DAY: Final = timedelta(days=1)


def made(
    connection: Connection,
    keyring: Keyring,
    settings: PolicySettings,
    month: str,
    span: Span,
    now: datetime,
) -> ComplianceReport:
    """Return the report. It takes as long as reading the month's rows does: for a reader's thread."""
    known = today.gather(connection, keyring, settings, now)
    cited = Cited(monthly.entries(connection, span))
    rows = monthly.volumes(connection, span)
    real = [row for row in rows if row.kind in MESSAGES and not row.test]
    glass = sum(row.many for row in real if row.kind == Kind.BREAK_GLASS)
    opted = _opt_outs(connection, settings, span, known, glass)
    consents = _consents(connection, span, known)
    found = (*findings.of_today(known, settings, now), *_of_month(opted, consents))
    handles = {row["id"]: row["handle"] for row in people.everybody(connection)}
    return ComplianceReport(
        organisation=settings.organisation,
        month=month,
        since=span.since,
        until=span.until,
        made_at=now,
        complete=now >= span.until,
        state=findings.worst(found),
        clauses=clauses(cited, found),
        messages=sum(row.many for row in real),
        tests=sum(row.many for row in rows if row.test),
        days=_days(connection, span),
        purposes=_volumes(real, "purpose", {name: each.label for name, each in settings.purposes.items()}),
        templates=_volumes(real, "template_id", monthly.template_names(connection)),
        senders=_volumes(real, "person_id", handles),
        refused=cited.count(action="submit", outcome="DENY"),
        deeds=_deeds(cited.rows, set(handles.values())),
        approvals=tuple(
            Approved(row.kind, row.outcome, row.many) for row in governance.approvals(connection, span)
        ),
        violations=_violations(connection, span),
        suspensions=tuple(
            Suspension(row.since, row.ended_at, row.made_by, row.reason)
            for row in governance.stops(connection, span)
        ),
        opt_outs=opted,
        consents=consents,
        delivery=_delivery(real),
        access=known.access,
        review=known.review,
        retention=_retention(connection, settings, span, cited, known),
        audit=_audit(connection, span, cited, known),
        incidents=tuple(
            view(row, now) for row in duties.incidents_between(connection, span.since, span.until)
        ),
    )


def _of_month(opted: OptOutFigures, consents: ConsentFigures) -> tuple[Finding, ...]:
    after, bare = opted.handed_over_after, consents.messages - consents.covered
    return (
        Finding(
            "6.2",
            State.BREACH if after else State.KEPT,
            f"Messages handed over after their recipient's opt-out: {after}.",
            "Find out how: schoolgate messages why" if after else "",
        ),
        Finding(
            "7.2",
            State.ATTENTION if bare else State.KEPT,
            f"Messages accepted without a consent on record for number and purpose: {bare}.",
            "Consents may have been erased since, at the person's wish; else find out how" if bare else "",
        ),
    )


def _days(connection: Connection, span: Span) -> Mapping[date, int]:
    found, start = {}, span.since
    while start < span.until:
        end = start + _DAY  # on the wall clock, for the zone is the organisation's
        found[start.date()] = monthly.accepted(connection, Span(start, end), MESSAGES)
        start = end
    return found


def _volumes(rows: Iterable[Line], by: str, names: Mapping[str, str]) -> tuple[Volume, ...]:
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        key = getattr(row, by) or "none"
        count = counts.setdefault(names.get(key, key), Counter())
        fate = (
            "delivered" if row.status == Status.DELIVERED else "failed" if row.status in _FAILED else "other"
        )
        count.update({"messages": row.many, "parts": row.parts, fate: row.many})
    order = sorted(counts, key=lambda name: (-counts[name]["messages"], name))
    fields = ("messages", "parts", "delivered", "failed", "other")
    return tuple(Volume(name, *(counts[name][field] for field in fields)) for name in order)


def _delivery(rows: Iterable[Line]) -> DeliveryFigures:
    by_status: Counter[str] = Counter()
    for row in rows:
        by_status[row.status] += row.many
    delivered, failed = by_status[Status.DELIVERED], sum(by_status[each] for each in _FAILED)
    known = delivered + failed
    return DeliveryFigures(
        by_status=dict(sorted(by_status.items())),
        delivered_rate=delivered / known if known else None,
        failed_rate=failed / known if known else None,
    )


def _deeds(rows: Iterable[Line], handles: set[str]) -> tuple[Deed, ...]:
    """Return what people decided: all that they did but to submit messages."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        if row.action != "submit" and (row.actor in handles or row.actor.startswith("cli:")):
            counts[row.actor, row.action, row.outcome] += row.many
    return tuple(Deed(*key, count) for key, count in sorted(counts.items()))


def _violations(connection: Connection, span: Span) -> ViolationFigures:
    return ViolationFigures(
        recorded=governance.recorded(connection, span),
        decided=governance.decided(connection, span),
        undecided=governance.undecided(connection),
        suspended=governance.suspended(connection),
    )


def _opt_outs(
    connection: Connection, settings: PolicySettings, span: Span, known: today.Today, glass: int
) -> OptOutFigures:
    seconds = monthly.seconds_to_suppress(connection, span)
    held = monthly.replies_held(connection, span)
    read = sorted((row.resolved_at - row.since).total_seconds() / 3600 for row in held if row.resolved_at)
    purposes = {topic: settings.purposes_of(topic) for topic in settings.topics}
    return OptOutFigures(
        made=monthly.opt_outs(connection, span),
        lifted=monthly.lifted(connection, span),
        in_force=known.opt_outs,
        measured=len(seconds),
        p50_seconds=_percentile(seconds, 50),
        p99_seconds=_percentile(seconds, 99),
        longest_seconds=_percentile(seconds, 100),
        handed_over_after=overtaken.handed_over_after_opt_out(connection, span, _governed(), purposes),
        break_glass=glass,
        replies_held=len(held),
        replies_read=len(read),
        read_p50_hours=_percentile(read, 50),
        read_longest_hours=_percentile(read, 100),
        unread=known.unread,
    )


def _governed() -> frozenset[str]:
    """Return the kinds of message that no opt-out lets through: the confirmation of one alone is free."""
    rule = next(rule for rule in RULES if rule.name == "recipient_has_not_opted_out")
    return frozenset(kind.value for kind in rule.kinds)


def _percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the value that so many of a hundred do not exceed (nearest rank)."""
    return ordered[ceil(len(ordered) * percent / 100) - 1] if ordered else None


def _consents(connection: Connection, span: Span, known: today.Today) -> ConsentFigures:
    ended, withdrawn = monthly.consents_ended(connection, span)
    return ConsentFigures(
        numbers=known.consents.numbers,
        in_force=known.consents.by_purpose,
        end_within_30_days=known.consents.ending,
        ended=ended,
        withdrawn=withdrawn,
        messages=monthly.accepted(connection, span, CONSENTED),
        covered=monthly.covered(connection, span, CONSENTED),
    )


def _retention(
    connection: Connection, settings: PolicySettings, span: Span, cited: Cited, known: today.Today
) -> RetentionFigures:
    runs = monthly.of_log(connection, "store", "purge", span)
    removed: Counter[str] = Counter()
    for run in runs:
        removed.update({name: count for name, count in run.detail.items() if isinstance(count, int)})
    return RetentionFigures(
        runs=len(runs),
        last_run=None if known.purged is None else known.purged.at,
        removed={name: count for name, count in removed.items() if count},
        legal_hold=settings.retention.legal_hold,
        numbers_held=known.numbers_held,
        exports=cited.count(action="subject-exported"),
        erasures=cited.count(action="subject-erased"),
    )


def _audit(connection: Connection, span: Span, cited: Cited, known: today.Today) -> AuditFigures:
    runs = monthly.of_log(connection, "audit", "audit-verified", span)
    sent = monthly.of_log(connection, "audit", "checkpoint", span)
    return AuditFigures(
        entries=known.entries,
        hash=known.hash,
        in_month=cited.total,
        verified=len(runs),
        broken=sum(run.outcome != "whole" for run in runs),
        last_verified=None if known.verified is None else known.verified.at,
        anchors=dict(Counter(str(each.detail.get("way")) for each in sent)),
    )
