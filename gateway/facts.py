"""The policy's desk: gathers the facts on record, asks `policy.decide`, and says what it rested on.

Every call runs inside the caller's transaction, so a decision and what follows from it see the same facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway import sms
from gateway.languages import FALLBACK, Wording, wording_for
from gateway.message_questions import approvers as approvers_of
from gateway.on_record import (
    TemplateOnRecord,
    asked_until,
    consent_facts,
    recipient_facts,
    sender_on_record,
    shown_facts,
    template_on_record,
)
from gateway.records import BatchRequest, Caller, KeyKind, MessageRequest
from gateway.store import Keyring, consents, recipients, templates
from gateway.store.outbox import Candidate
from gateway.store.prepared import Row
from gateway.store.recipients import RecipientRow
from gateway.switch import Switch
from gateway.tally import Tally
from gateway.vocabulary import Vocabulary
from policy import (
    Decision,
    Draft,
    Facts,
    Kind,
    Number,
    Outcome,
    PolicySettings,
    SecondPerson,
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
from policy.quiet_hours import NOT_KNOWN, BankHolidays
from policy.verdict import Reason


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
    tally: Tally
    due: datetime  # when it may leave
    wording: str | None  # keyed digest of the text, where it counts for its recipient

    @property
    def language(self) -> str | None:
        """That of the template's version."""
        return None if self.template is None else self.template.facts.language


@dataclass(slots=True)
class PolicyDesk:
    """Puts questions to the policy on fresh facts."""

    settings: PolicySettings
    keyring: Keyring
    allow_drama: bool = False
    switch: Switch = field(default_factory=Switch)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    holidays: Callable[[], BankHolidays] = lambda: NOT_KNOWN

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
        sender = sender_on_record(connection, self.settings, caller.key_id)
        allow_drama = self.allow_drama or caller.key_kind is KeyKind.TEST
        numbers = [normalise(r.to, self.settings, allow_drama=allow_drama) for r in requests]
        known = [self._known(number, r.to) for number, r in zip(numbers, requests, strict=True)]
        indexes = [self.keyring.index(number) for number in known]
        on_record = recipients.facts(connection, indexes, spoken=True)
        spoken = [on_record[index].language for index in indexes]
        wordings = [wording_for(connection, *each, now) for each in zip(requests, spoken, strict=True)]
        consented = consents.of_numbers(connection, indexes)
        tally = Tally.of(
            connection,
            self.keyring,
            self.settings,
            self.holidays(),
            caller,
            requests[0],
            _template(wordings[0]),
            sender,
            indexes,
            now,
        )
        return [
            self._consider(
                request,
                _Gathered(wordings[i], sender, numbers[i], known[i], indexes[i]),
                on_record[indexes[i]],
                consented[indexes[i]],
                tally,
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
        tally: Tally,
        now: datetime,
        recipients_in_all: int,
    ) -> Considered:
        chosen = gathered.chosen
        template = None if chosen.row is None else template_on_record(chosen.row)
        text = compose(request.text or "", self.settings)
        if template is not None:
            made = template.facts
            text = render(made.body, made.slots, chosen.slots, self.settings, now, made.language).text
        split = sms.split(text)
        purpose = request.purpose or (template.facts.purpose if template else "")
        draft = Draft(
            stage=Stage.SUBMIT,
            number=gathered.known,
            text=text,
            parts=len(split.parts),
            kind=request.kind,
            purpose=purpose,
            template=TemplateRef(request.template, chosen.language) if request.template else None,
            free_text=request.text is not None,
            slots=chosen.slots,
            recipients=recipients_in_all,
            not_before=request.not_before,
        )
        wording = tally.wording(text)
        facts = Facts(
            settings=self.settings,
            words=self.vocabulary.words,
            sending=self.switch.off_since is None,
            number=gathered.number,
            recipient=tally.recipient(
                recipient_facts(recipient, request.confirms_until), gathered.index, wording
            ),
            consents=consent_facts(consented),
            sender=tally.sender(gathered.sender),
            template=template.facts if template else None,
            holidays=self.holidays(),
        )
        decision = decide(draft, facts, now)
        due = tally.due(decision)
        if decision.outcome is not Outcome.DENY:
            tally.note(gathered.index, wording, due)
        return Considered(
            decision=decision,
            number=gathered.known,
            number_index=gathered.index,
            purpose=purpose,
            template=template,
            text=text,
            split=split,
            facts=shown_facts(draft, facts, consented, chosen.why),
            tally=tally,
            wording=wording,
            due=due,
        )

    def decide_stored(
        self,
        connection: Connection,
        candidate: Candidate,
        stage: Stage,
        now: datetime,
        approvers: Sequence[SecondPerson] | None = None,
        recipients_in_all: int = 1,
    ) -> tuple[Decision, Mapping[str, Any]]:
        """Decide again on a message that waits; return the decision and the facts it rested on.

        `approvers` are those who let it go right now; else whoever did is looked up. `recipients_in_all`
        counts those of a batch that is let go as a whole.
        """
        index = candidate.number_index
        row = templates.one(connection, candidate.template_id) if candidate.template_id else None
        template = None if row is None else template_on_record(row)
        consented = consents.of_numbers(connection, [index])[index]
        free_text = candidate.kind == Kind.MESSAGE and candidate.template_id is None
        if approvers is None:
            asked = free_text or candidate.kind == Kind.BREAK_GLASS
            approvers = approvers_of(connection, candidate.message_id) if asked else ()
        draft = Draft(
            stage=stage,
            number=candidate.to,
            text=candidate.body,
            parts=candidate.total,
            kind=Kind(candidate.kind),
            purpose=candidate.purpose,
            template=TemplateRef(template.facts.name, template.facts.language) if template else None,
            free_text=free_text,
            recipients=recipients_in_all,
            begun=candidate.number > 1,
        )
        facts = Facts(
            settings=self.settings,
            words=self.vocabulary.words,
            sending=self.switch.off_since is None,
            number=normalise(candidate.to, self.settings, allow_drama=self.allow_drama),
            recipient=recipient_facts(
                recipients.facts(connection, [index])[index], asked_until(connection, candidate)
            ),
            consents=consent_facts(consented),
            sender=sender_on_record(connection, self.settings, candidate.key_id)
            if candidate.key_id
            else None,
            template=template.facts if template else None,
            second_person=next(iter(approvers), None),
            third_person=next(iter(approvers[1:]), None),
            holidays=self.holidays(),
        )
        return decide(draft, facts, now), shown_facts(draft, facts, consented)

    def needs_approval(self, connection: Connection, request: BatchRequest, accepted: int) -> bool:
        """Say whether a batch waits for a second person (3.3)."""
        row = templates.current(connection, request.template, request.language or FALLBACK)
        return batch_needs_approval(accepted, self.settings, urgent=row is not None and row["urgent"])


@dataclass(frozen=True, slots=True)
class _Gathered:
    chosen: Wording
    sender: SenderFacts | None
    number: Number | Reason
    known: str
    index: bytes


def _template(chosen: Wording) -> TemplateFacts | None:
    return None if chosen.row is None else template_on_record(chosen.row).facts
