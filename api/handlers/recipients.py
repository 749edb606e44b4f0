"""Replies, opt-outs, holds and consents."""

from __future__ import annotations

from api.route import Call
from api.schema.approvals import Approval
from api.schema.base import Listing, Nothing, Paging
from api.schema.recipients import (
    Consent,
    ConsentCsv,
    Hold,
    HoldOutcome,
    Imported,
    InboxMessage,
    NewConsent,
    NewOptOut,
    OfNumber,
    OptOut,
    Quarantined,
)
from gateway.errors import Fault, Invalid


async def inbox(call: Call[Paging]) -> Listing[InboxMessage]:
    """List what came in, newest first."""
    page = await call.use_cases.queries.inbox(cursor=call.input.cursor, limit=call.input.limit)
    return call.listing(InboxMessage, page)


async def inbox_message(call: Call[Nothing]) -> InboxMessage:
    """Show one message that came in."""
    return InboxMessage.of(await call.use_cases.queries.inbox_message(call.ident))


async def quarantine(call: Call[Paging]) -> Listing[Quarantined]:
    """List the PDUs that could not be decoded, newest first."""
    page = await call.use_cases.queries.quarantine(cursor=call.input.cursor, limit=call.input.limit)
    return call.listing(Quarantined, page)


async def opt_outs(call: Call[OfNumber]) -> Listing[OptOut]:
    """List the opt-outs in force, newest first."""
    asked = call.input
    page = await call.use_cases.optouts.list(number=asked.number, cursor=asked.cursor, limit=asked.limit)
    return call.listing(OptOut, page)


async def opt_out(call: Call[NewOptOut]) -> OptOut:
    """Opt a number out at once; what waits for it is cancelled."""
    asked = call.input
    return OptOut.of(await call.use_cases.optouts.add(call.caller, asked.number, topic=asked.topic))


async def lift(call: Call[NewConsent]) -> Approval:
    """Ask for an opt-out to be lifted, with what was agreed since; a second person decides."""
    ident = await call.use_cases.lifting.request(call.caller, call.ident, call.input.request())
    return Approval.of(await call.use_cases.approvals.get(call.caller, ident))


async def holds(call: Call[Nothing]) -> Listing[Hold]:
    """List the numbers that wait until a person has read their reply, oldest first."""
    return call.whole(Hold, await call.use_cases.optouts.holds())


async def resolve_hold(call: Call[HoldOutcome]) -> None:
    """Say whether a reply was an opt-out."""
    await call.use_cases.optouts.resolve_hold(call.caller, call.ident, call.input.outcome)


async def consents(call: Call[OfNumber]) -> Listing[Consent]:
    """List the consents on record, newest first."""
    asked = call.input
    page = await call.use_cases.consents.list(number=asked.number, cursor=asked.cursor, limit=asked.limit)
    return call.listing(Consent, page)


async def record_consent(call: Call[NewConsent]) -> Listing[Consent]:
    """Record a consent, one for each purpose."""
    made = await call.use_cases.consents.record(call.caller, call.input.request())
    return call.whole(Consent, made)


async def import_consents(call: Call[ConsentCsv]) -> Imported:
    """Record a whole list of consents, or (with any fault) nothing of it."""
    report = await call.use_cases.consents.import_csv(call.caller, call.input.text)
    if report.faults:
        raise Invalid(
            tuple(
                Fault(f"line {line}{f': {name}' if name else ''}", what) for line, name, what in report.faults
            )
        )
    return Imported.of(report)


async def withdraw_consent(call: Call[Nothing]) -> Consent:
    """End a consent; its record stays."""
    return Consent.of(await call.use_cases.consents.withdraw(call.caller, call.ident))
