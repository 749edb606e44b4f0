"""The tables. Personal data is in `*_sealed` columns only; numbers are found by `number_index`.

Everything that counts or refers on the radio is keyed by gateway, modem and SIM, so that several
gateways can share one store.
"""

from __future__ import annotations

from gateway.store.schema.access import api_key, person, role
from gateway.store.schema.approvals import approval
from gateway.store.schema.base import Instant, key, metadata, one_of
from gateway.store.schema.contacts import contact, contact_group, membership
from gateway.store.schema.content import lexicon, template
from gateway.store.schema.duties import incident, legal_hold
from gateway.store.schema.limits import bank_holiday, usage
from gateway.store.schema.outbox import OPEN_ENDED, batch, idempotency, message, part, reference
from gateway.store.schema.policy import (
    acknowledgement,
    policy_review,
    policy_version,
    sending_stop,
    standing,
    training,
    violation,
)
from gateway.store.schema.radio import counter, pin_attempt
from gateway.store.schema.receiving import auto_reply, inbound, inbox
from gateway.store.schema.recipients import (
    consent,
    opt_in,
    recipient_hold,
    suppression,
    suspect_number,
    wording,
)
from gateway.store.schema.records import audit, event
from gateway.store.schema.telling import delivery, endpoint

__all__ = [
    "OPEN_ENDED",
    "Instant",
    "acknowledgement",
    "api_key",
    "approval",
    "audit",
    "auto_reply",
    "bank_holiday",
    "batch",
    "consent",
    "contact",
    "contact_group",
    "counter",
    "delivery",
    "endpoint",
    "event",
    "idempotency",
    "inbound",
    "inbox",
    "incident",
    "key",
    "legal_hold",
    "lexicon",
    "membership",
    "message",
    "metadata",
    "one_of",
    "opt_in",
    "part",
    "person",
    "pin_attempt",
    "policy_review",
    "policy_version",
    "recipient_hold",
    "reference",
    "role",
    "sending_stop",
    "standing",
    "suppression",
    "suspect_number",
    "template",
    "training",
    "usage",
    "violation",
    "wording",
]
