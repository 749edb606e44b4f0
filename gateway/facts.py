"""The policy's desk: gathers the facts on record, asks `policy.decide`, and says what it rested on.

Every call runs inside the caller's transaction, so a decision and what follows from it see the same facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway import sms
from gateway.records import BatchRequest, Caller, KeyKind, MessageRequest
from gateway.store import Keyring, consents, people, recipients, templates
from gateway.store.outbox import Candidate
from gateway.store.prepared import Row
from gateway.store.recipients import RecipientRow
from gateway.switch import Switch
from policy import (
    Consent,
    Decision,
    Draft,
    Facts,
    Kind,
    Number,
    PolicySettings,
    RecipientFacts,
    SenderFacts,
    Stage,
    TemplateFacts,
    TemplateRef,
    batch_needs_approval,
    canonical,
    compose,
    decide,
    normalise,
    render,
)
from policy.verdict import Reason


@dataclass(frozen=True, slots=True)
class TemplateOnRecord:
    """A template version and what the policy needs to know of it."""

    id: str
    on_doubt: str
    facts: TemplateFacts


@dataclass(frozen=True, slots=True)
class Considered:
    """A request with the policy's decision, and all that a message is made from."""

    decision: Decision
    number: str  # E.164; as it was written where it is no number
    number_index: bytes
    purpose: str
    template: TemplateOnRecord | None
    text: str
    split: sms.Split
    facts: Mapping[str, Any]  # what the decision rested on, for the audit log: no personal data


@dataclass(slots=True)
class PolicyDesk:
    """Puts questions to the policy on fresh facts."""

    settings: PolicySettings
    keyring: Keyring
    allow_drama: bool = False
    switch: Switch = field(default_factory=Switch)

    def consider(
        self, connection: Connection, caller: Caller, request: MessageRequest, now: datetime
    ) -> Considered:
        """Decide on one request at submission."""
        return self.consider_many(connection, caller, [request], now)[0]

    def consider_many(
        self,
        connection: Connection,
        caller: Caller,
        requests: Sequence[MessageRequest],
        now: datetime,
        recipients_in_all: int = 1,
    ) -> list[Considered]:
        """Decide on requests that share a template; `recipients_in_all` counts those of the whole batch."""
        template = _template(connection, requests[0])
        sender = _sender(connection, self.settings, caller.key_id)
        allow_drama = self.allow_drama or caller.key_kind is KeyKind.TEST
        numbers = [normalise(r.to, self.settings, allow_drama=allow_drama) for r in requests]
        known = [self._known(number, r.to) for number, r in zip(numbers, requests, strict=True)]
        indexes = [self.keyring.index(number) for number in known]
        on_record = recipients.facts(connection, indexes)
        consented = consents.of_numbers(connection, indexes)
        return [
            self._consider(
                request,
                _Gathered(template, sender, numbers[i], known[i], indexes[i]),
                on_record[indexes[i]],
                consented[indexes[i]],
                now,
                recipients_in_all,
            )
            for i, request in enumerate(requests)
        ]

    def _known(self, number: Number | Reason, written: str) -> str:
        if isinstance(number, Number):
            return number.e164
        return canonical(written, self.settings) or written

    def _consider(
        self,
        request: MessageRequest,
        gathered: _Gathered,
        recipient: RecipientRow,
        consented: Sequence[Row],
        now: datetime,
        recipients_in_all: int,
    ) -> Considered:
        template = gathered.template
        text = compose("", self.settings)
        if template is not None:
            made = template.facts
            text = render(made.body, made.slots, request.slots, self.settings, now).text
        split = sms.split(text)
        purpose = request.purpose or (template.facts.purpose if template else "")
        draft = Draft(
            stage=Stage.SUBMIT,
            number=gathered.known,
            text=text,
            parts=len(split.parts),
            purpose=purpose,
            template=TemplateRef(request.template, request.language),
            slots=request.slots,
            recipients=recipients_in_all,
        )
        facts = Facts(
            settings=self.settings,
            sending=self.switch.off_since is None,
            number=gathered.number,
            recipient=_recipient(recipient),
            consents=_consents(consented),
            sender=gathered.sender,
            template=template.facts if template else None,
        )
        return Considered(
            decision=decide(draft, facts, now),
            number=gathered.known,
            number_index=gathered.index,
            purpose=purpose,
            template=template,
            text=text,
            split=split,
            facts=_shown(draft, facts, consented),
        )

    def decide_stored(
        self, connection: Connection, candidate: Candidate, stage: Stage, now: datetime
    ) -> tuple[Decision, Mapping[str, Any]]:
        """Decide again on a message that waits; return the decision and the facts it rested on."""
        index = candidate.number_index
        row = templates.one(connection, candidate.template_id) if candidate.template_id else None
        template = None if row is None else _on_record(row)
        consented = consents.of_numbers(connection, [index])[index]
        draft = Draft(
            stage=stage,
            number=candidate.to,
            text=candidate.body,
            parts=candidate.total,
            kind=Kind(candidate.kind),
            purpose=candidate.purpose,
            template=TemplateRef(template.facts.name, template.facts.language) if template else None,
        )
        facts = Facts(
            settings=self.settings,
            sending=self.switch.off_since is None,
            number=normalise(candidate.to, self.settings, allow_drama=self.allow_drama),
            recipient=_recipient(recipients.facts(connection, [index])[index]),
            consents=_consents(consented),
            sender=_sender(connection, self.settings, candidate.key_id) if candidate.key_id else None,
            template=template.facts if template else None,
        )
        return decide(draft, facts, now), _shown(draft, facts, consented)

    def needs_approval(
        self,
        connection: Connection,
        request: BatchRequest,
        accepted: int,
        now: datetime,  # noqa: ARG002 - term dates and windows will need it
    ) -> bool:
        """Say whether a batch waits for a second person (3.3)."""
        row = templates.current(connection, request.template, request.language)
        return batch_needs_approval(accepted, self.settings, urgent=row is not None and row["urgent"])


@dataclass(frozen=True, slots=True)
class _Gathered:
    template: TemplateOnRecord | None
    sender: SenderFacts | None
    number: Number | Reason
    known: str
    index: bytes


def _template(connection: Connection, request: MessageRequest) -> TemplateOnRecord | None:
    row = templates.current(connection, request.template, request.language)
    return None if row is None else _on_record(row)


def _on_record(row: Row) -> TemplateOnRecord:
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


def _sender(connection: Connection, settings: PolicySettings, key_id: str) -> SenderFacts | None:
    found = people.authority(connection, key_id)
    if found is None:
        return None
    row, roles = found
    return SenderFacts(
        active=row["person_status"] == "active",
        acknowledged=row["acknowledged_version"] == settings.review.version,
        roles=roles,
        key_kind=row["kind"],
        key_expires_at=row["expires_at"],
        key_revoked_at=row["revoked_at"],
        scopes=frozenset(row["scopes"]),
        purposes=_allowed(row["purposes"]),
        templates=_allowed(row["templates"]),
        sending_suspended_at=row["sending_suspended_at"],
        trained_until=row["trained_until"],
    )


def _allowed(names: Sequence[str] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


def _recipient(row: RecipientRow) -> RecipientFacts:
    return RecipientFacts(
        opted_out=row.suppressed, held_since=row.held_since, last_inbound_at=row.last_inbound_at
    )


def _consents(rows: Sequence[Row]) -> tuple[Consent, ...]:
    return tuple(
        Consent(
            purpose=row["purpose"],
            given_at=row["given_at"],
            expires_at=row["expires_at"],
            withdrawn_at=row["withdrawn_at"],
        )
        for row in rows
    )


def _shown(draft: Draft, facts: Facts, consented: Sequence[Row]) -> dict[str, Any]:
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
    if recipient is not None:
        shown["opted_out"] = {
            topic or "everything": at.isoformat() for topic, at in recipient.opted_out.items()
        }
        shown["held_since"] = recipient.held_since and recipient.held_since.isoformat()
        shown["last_inbound_at"] = recipient.last_inbound_at and recipient.last_inbound_at.isoformat()
    return shown
