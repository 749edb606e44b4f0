"""Groups among the recipients of a batch: each number gets one text, however many contacts share it (4.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from gateway.errors import Fault, Invalid
from gateway.records import BatchRecipient, BatchRequest, MessageRequest
from gateway.store import Database, Keyring, groups
from policy import PolicySettings, canonical

_MOST: Final = 10_000  # recipients of a batch


@dataclass(slots=True)
class _Expansion:
    connection: Connection
    keyring: Keyring
    taken: set[str]  # numbers that have their text

    def of(self, each: BatchRecipient, group_id: str) -> Iterator[BatchRecipient]:
        """Yield the numbers of a group that have no text yet, each by its oldest contact."""
        for row in groups.members(self.connection, group_id):
            number = self.keyring.open("contact", "number", row["id"], row["number_sealed"])
            if number not in self.taken:
                self.taken.add(number)
                yield replace(each, to=number, contact=row["id"])


async def expanded(
    database: Database, keyring: Keyring, settings: PolicySettings, request: BatchRequest
) -> BatchRequest:
    """Return the batch with the numbers of its groups in the place of each group.

    A number that is named on its own gets that text and none for its groups. Raises `Invalid` for groups
    that do not exist, for nobody at all, and for more than 10,000 numbers.
    """
    if all(each.group is None for each in request.recipients):
        return request
    return await database.read(lambda c: _expanded(c, keyring, settings, request))


def _expanded(
    connection: Connection, keyring: Keyring, settings: PolicySettings, request: BatchRequest
) -> BatchRequest:
    named = {each.group for each in request.recipients if each.group is not None}
    known = groups.named(connection, named)
    unknown = tuple(
        Fault(f"recipients.{position}.group", f"there is no group {each.group}")
        for position, each in enumerate(request.recipients)
        if each.group is not None and each.group not in known
    )
    if unknown:
        raise Invalid(unknown)
    alone = {canonical(each.to, settings) or each.to for each in request.recipients if each.group is None}
    expansion = _Expansion(connection, keyring, alone)
    found: list[BatchRecipient] = []
    for each in request.recipients:
        found += [each] if each.group is None else expansion.of(each, known[each.group])
    if not found:
        raise Invalid((Fault("recipients", "nobody is in these groups"),))
    if len(found) > _MOST:
        raise Invalid((Fault("recipients", f"the groups have {len(found)} numbers; {_MOST} are the most"),))
    return replace(request, recipients=found)


def single(request: BatchRequest, recipient: BatchRecipient) -> MessageRequest:
    """Return the message to one of the recipients."""
    return MessageRequest(
        to=recipient.to,
        template=request.template,
        slots={**request.slots, **recipient.slots},
        language=request.language,
        purpose=request.purpose,
        reference=recipient.reference,
        priority=request.priority,
        not_before=request.not_before,
        validity=request.validity,
    )
