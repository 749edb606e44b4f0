"""Contacts, groups, and numbers in doubt."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from api.route import Call
from api.schema.base import Listing, Nothing
from api.schema.contacts import (
    Contact,
    ContactCsv,
    ContactFilter,
    ContactsImported,
    Group,
    Members,
    NewContact,
    NewGroup,
    NewSuspect,
    Suspect,
    Verified,
)
from gateway.contacts import tag
from gateway.errors import Fault, Invalid
from gateway.records import ContactView, GroupView


async def contacts(call: Call[ContactFilter]) -> Listing[Contact]:
    """List contacts, newest first."""
    asked = call.input
    page = await call.use_cases.contacts.list(
        number=asked.number, group=asked.group, cursor=asked.cursor, limit=asked.limit
    )
    return call.listing(Contact, page)


async def add_contact(call: Call[NewContact]) -> Contact:
    """Enter a contact. It permits nothing: consent does."""
    return _contact(call, await call.use_cases.contacts.add(call.caller, call.input.request()))


async def contact(call: Call[Nothing]) -> Contact:
    """Show one contact."""
    return _contact(call, await call.use_cases.contacts.get(call.ident))


async def change_contact(call: Call[NewContact]) -> Contact:
    """Replace what a contact is."""
    made = await call.use_cases.contacts.change(call.caller, call.ident, call.input.request(), call.if_match)
    return _contact(call, made)


async def remove_contact(call: Call[Nothing]) -> None:
    """Remove a contact from the book and its groups; consents, opt-outs and messages stay."""
    await call.use_cases.contacts.remove(call.caller, call.ident, call.if_match)


async def import_contacts(call: Call[ContactCsv]) -> ContactsImported:
    """Take in a whole list of contacts, or (with any fault) nothing of it."""
    report = await call.use_cases.contact_import(call.caller, call.input.text)
    if report.faults:
        raise Invalid(
            tuple(
                Fault(f"line {line}{f': {name}' if name else ''}", what) for line, name, what in report.faults
            )
        )
    counts = {outcome: report.count(outcome) for outcome in ("added", "changed", "unchanged")}
    return ContactsImported.model_validate({**counts, "lines": report.lines}, from_attributes=True)


async def export_contacts(call: Call[Nothing]) -> web.Response:
    """Hand out all contacts as a list that can be imported; it is noted who took it."""
    return call.csv_file(await call.use_cases.contacts.export(call.caller), "contacts.csv")


async def groups(call: Call[Nothing]) -> Listing[Group]:
    """List the groups and their sizes, by name."""
    return call.whole(Group, await call.use_cases.groups.list())


async def add_group(call: Call[NewGroup]) -> Group:
    """Make a group."""
    return _group(call, await call.use_cases.groups.add(call.caller, call.input.request()))


async def group(call: Call[Nothing]) -> Group:
    """Show one group."""
    return _group(call, await call.use_cases.groups.get(call.ident))


async def change_group(call: Call[NewGroup]) -> Group:
    """Rename a group."""
    made = await call.use_cases.groups.change(call.caller, call.ident, call.input.request(), call.if_match)
    return _group(call, made)


async def alter_group(call: Call[Members]) -> Group:
    """Put contacts into a group and take others out of it; all of it or nothing."""
    asked = call.input
    made = await call.use_cases.groups.alter(
        call.caller, call.ident, join=asked.join, leave=asked.leave, seen=call.if_match
    )
    return _group(call, made)


async def remove_group(call: Call[Nothing]) -> None:
    """Remove a group; its contacts stay."""
    await call.use_cases.groups.remove(call.caller, call.ident, call.if_match)


async def suspects(call: Call[Nothing]) -> Listing[Suspect]:
    """List the numbers that are blocked until somebody has verified them, oldest first."""
    return call.whole(Suspect, await call.use_cases.suspects.list())


async def add_suspect(call: Call[NewSuspect]) -> None:
    """Have a number blocked that staff believe to be wrong."""
    await call.use_cases.suspects.add(call.caller, call.input.number)


async def verify_suspect(call: Call[Verified]) -> None:
    """Unblock a number that its owner has confirmed."""
    await call.use_cases.suspects.verify(call.caller, call.ident, call.input.evidence)


def _contact(call: Call[Any], made: ContactView) -> Contact:
    call.headers["ETag"] = f'"{tag(made.id, made.version)}"'
    return Contact.of(made)


def _group(call: Call[Any], made: GroupView) -> Group:
    call.headers["ETag"] = f'"{tag(made.id, made.version)}"'
    return Group.of(made)
