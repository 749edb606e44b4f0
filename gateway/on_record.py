"""What is on record, as the policy is told it; and what a decision rested on, as the audit log keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway.roles import scopes_named
from gateway.store import opt_ins, people
from gateway.store.outbox import Candidate
from gateway.store.prepared import Row
from gateway.store.recipients import RecipientRow
from policy import Consent, Draft, Facts, Kind, PolicySettings, RecipientFacts, SenderFacts, TemplateFacts


@dataclass(frozen=True, slots=True)
class TemplateOnRecord:
    """A template version and what the policy needs to know of it."""

    id: str
    on_doubt: str
    facts: TemplateFacts


def template_on_record(row: Row) -> TemplateOnRecord:
    """Return what a row of the store holds."""
    facts = TemplateFacts(
        name=row["name"],
        version=row["version"],
        language=row["language"],
        purpose=row["purpose"],
        body=row["body"],
        slots=row["slots"],
        status=row["status"],
        author=row["author"],
        approver=row["approver"],
        expires_at=row["expires_at"],
        urgent=row["urgent"],
    )
    return TemplateOnRecord(row["id"], row["on_doubt"], facts)


def sender_on_record(connection: Connection, settings: PolicySettings, key_id: str) -> SenderFacts | None:
    """Return the key and its person as they now are; None for a key that is unknown."""
    found = people.authority(connection, key_id)
    if found is None:
        return None
    row, roles = found
    return SenderFacts(
        active=row["person_status"] == "active",
        acknowledged=row["acknowledged_version"] == settings.review.to_acknowledge,
        roles=roles,
        key_kind=row["kind"],
        key_expires_at=row["expires_at"],
        key_revoked_at=row["revoked_at"],
        scopes=scopes_named(row["scopes"]),
        purposes=_allowed(row["purposes"]),
        templates=_allowed(row["templates"]),
        sending_suspended_at=row["sending_suspended_at"],
        trained_until=row["trained_until"],
    )


def _allowed(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def asked_until(connection: Connection, candidate: Candidate) -> datetime | None:
    """Return until when a consent that was asked for by form may be confirmed."""
    if candidate.kind != Kind.CONSENT_REQUEST:
        return None
    row = opt_ins.of_message(connection, candidate.message_id)
    return row["expires_at"] if row is not None and row["status"] == "waiting" else None


def recipient_facts(row: RecipientRow, consent_asked_until: datetime | None = None) -> RecipientFacts:
    """Return what is on record of a number."""
    return RecipientFacts(
        consent_asked_until=consent_asked_until,
        opted_out=row.suppressed,
        held_since=row.held_since,
        suspect_since=row.suspect_since,
        failures=row.failures,
        last_inbound_at=row.last_inbound_at,
    )


def consent_facts(rows: Sequence[Row]) -> tuple[Consent, ...]:
    """Return the consents of a number."""
    return tuple(
        Consent(
            purpose=row["purpose"],
            given_at=row["given_at"],
            expires_at=row["expires_at"],
            withdrawn_at=row["withdrawn_at"],
        )
        for row in rows
    )


def shown_facts(draft: Draft, facts: Facts, consented: Sequence[Row], language: str = "") -> dict[str, Any]:
    """Return the facts as the audit log keeps them: ids, dates and counts."""
    recipient, template = facts.recipient, facts.template
    shown: dict[str, Any] = {
        "policy": facts.settings.review.version,
        "purpose": draft.purpose,
        "parts": draft.parts,
        "consents": [row["id"] for row in consented if row["purpose"] == draft.purpose],
    }
    if template is not None:
        shown["template"] = f"{template.name}/{template.language} version {template.version}"
    if language:
        shown["language"] = language
    if facts.second_person is not None:
        answers = (facts.second_person, facts.third_person)
        shown["approved_by"] = [answer.decided_by for answer in answers if answer is not None]
    if recipient is not None:
        shown["opted_out"] = {
            topic or "everything": at.isoformat() for topic, at in recipient.opted_out.items()
        }
        shown["held_since"] = recipient.held_since and recipient.held_since.isoformat()
        if recipient.recent is not None:
            shown["recent"] = len(recipient.recent)
        shown["last_inbound_at"] = recipient.last_inbound_at and recipient.last_inbound_at.isoformat()
    return shown
