"""A reply that says yes to the one text that a person asked for by form: that makes the consent (4.1)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from gateway.consent_rows import consent_rows, enter
from gateway.records import ConsentRequest
from gateway.store import Keyring, events
from gateway.store import opt_ins as store
from policy import PolicySettings


def confirm(
    connection: Connection,
    keyring: Keyring,
    settings: PolicySettings,
    index: bytes,
    inbox_id: str,
    now: datetime,
) -> bool:
    """Make a consent of what waits for this number's yes, in the transaction that stores the reply.

    Returns False where nothing waits: then the reply is a message like any other.
    """
    row = store.waiting(connection, index, now)
    if row is None:
        return False
    evidence = keyring.open("opt_in", "evidence", row["id"], row["evidence_sealed"])
    request = ConsentRequest(
        number="",
        purposes=tuple(row["purposes"]),
        method="sms",
        wording=row["wording"],
        evidence=f"{evidence}; asked {row['id']}, confirmed by {inbox_id}",
        given_at=now,
    )
    number = keyring.open("opt_in", "number", row["id"], row["number_sealed"])
    rows = consent_rows(keyring, settings, row["recorded_by"], number, request, now)
    enter(connection, "consent-confirmed", "recipient", rows, now)
    store.confirm(connection, row["id"], inbox_id, now)
    events.add(connection, now, "consent.confirmed", row["id"], detail=inbox_id)
    return True
