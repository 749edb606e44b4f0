"""What waits for a second person."""

from __future__ import annotations

from api.route import Call
from api.schema.approvals import Approval, ApprovalFilter, NewRole, Refused
from api.schema.base import Listing, Nothing


async def approvals(call: Call[ApprovalFilter]) -> Listing[Approval]:
    """List what the caller may decide about or has asked for, newest first."""
    asked = call.input
    page = await call.use_cases.approvals.list(
        call.caller, outcome=asked.outcome, cursor=asked.cursor, limit=asked.limit
    )
    return call.listing(Approval, page)


async def approval(call: Call[Nothing]) -> Approval:
    """Show one, with what is to be approved."""
    return Approval.of(await call.use_cases.approvals.get(call.caller, call.ident))


async def approve(call: Call[Nothing]) -> Approval:
    """Carry out what was asked, as the second person.

    The key needs the scope of the kind besides: templates:approve for a template, policy:publish for the
    policy, else messages:approve.
    """
    return Approval.of(await call.use_cases.approvals.approve(call.caller, call.ident))


async def refuse(call: Call[Refused]) -> Approval:
    """End what was asked; who asked may do that, too."""
    return Approval.of(await call.use_cases.approvals.refuse(call.caller, call.ident, call.input.reason))


async def ask_for_role(call: Call[NewRole]) -> Approval:
    """Ask for a role to be given to a person, or renewed; a second person decides."""
    asked = call.input
    ident = await call.use_cases.granting.request(call.caller, asked.handle, asked.role)
    return Approval.of(await call.use_cases.approvals.get(call.caller, ident))
