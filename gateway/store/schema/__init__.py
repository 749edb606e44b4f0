"""The tables. Personal data is in `*_sealed` columns only; numbers are found by `number_index`.

Everything that counts or refers on the radio is keyed by gateway, modem and SIM, so that several
gateways can share one store.
"""

from __future__ import annotations

from gateway.store.schema.access import api_key, person, role
from gateway.store.schema.approvals import approval
from gateway.store.schema.base import Instant, key, metadata, one_of
from gateway.store.schema.content import template
from gateway.store.schema.outbox import batch, idempotency, message, part, reference
from gateway.store.schema.radio import counter, pin_attempt
from gateway.store.schema.receiving import auto_reply, inbound, inbox
from gateway.store.schema.recipients import consent, recipient_hold, suppression
from gateway.store.schema.records import audit, event
from gateway.store.schema.telling import delivery, endpoint

__all__ = [
    "Instant",
    "api_key",
    "approval",
    "audit",
    "auto_reply",
    "batch",
    "consent",
    "counter",
    "delivery",
    "endpoint",
    "event",
    "idempotency",
    "inbound",
    "inbox",
    "key",
    "message",
    "metadata",
    "one_of",
    "part",
    "person",
    "pin_attempt",
    "recipient_hold",
    "reference",
    "role",
    "suppression",
    "template",
]
