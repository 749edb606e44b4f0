"""The ledger of violations (8.2)."""

from __future__ import annotations

from api.route import Call
from api.schema.base import Listing
from api.schema.violations import Judgement, Violation, ViolationFilter


async def violations(call: Call[ViolationFilter]) -> Listing[Violation]:
    """List refused submissions that count against somebody, newest first."""
    given = call.input
    page = await call.use_cases.violations.list(
        person=given.person, is_open=given.undecided, cursor=given.cursor, limit=given.limit
    )
    return call.listing(Violation, page)


async def decide(call: Call[Judgement]) -> Listing[Violation]:
    """Decide on everything undecided of another person; their sending goes on."""
    given = call.input
    page = await call.use_cases.violations.decide(call.caller, given.person, given.outcome, given.note)
    return call.listing(Violation, page)
