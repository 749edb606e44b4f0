"""Bodies and queries about recipients: their replies, opt-outs, holds and consents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from api.schema.base import Input, Instant, Line, Output, Paging, Phone, PhoneQuery, Purpose
from gateway.records import ConsentRequest

Topic = Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,31})?$", description="Empty: every purpose.")]


class OfNumber(Paging):
    """Whose records; without a number, everybody's."""

    number: PhoneQuery | None = None


class InboxMessage(Output):
    """A message that came in."""

    id: str
    sender: str
    text: str
    tier: str = Field(description="What was made of it: act (opted out), hold, start, help or inbox.")
    complete: bool = Field(description="False while parts are missing.")
    modem: str
    sent_at: datetime | None
    received_at: datetime


class Quarantined(Output):
    """A PDU that could not be decoded: kept as it came."""

    id: str
    pdu: str
    detail: str
    modem: str
    received_at: datetime


class NewOptOut(Input):
    """A number that must not be texted any more (6.2)."""

    number: Phone
    topic: Topic = ""


class OptOut(Output):
    """An opt-out in force. The number itself is known only by its keyed hash."""

    id: str
    topic: str
    source: str
    made_by: str
    since: datetime


class Hold(Output):
    """A reply that a person must read."""

    id: str
    inbox_id: str = Field(description="Of the reply; of the part that came, for a fragment.")
    since: datetime
    kind: str = Field(
        description="refusal, or fragment (its rest has not come): the number is paused. appointment: CANCEL "
        "or END opted it out, and may have meant the appointment."
    )
    late: bool = Field(description="It has waited for longer than one working hour.")


class HoldOutcome(Input):
    """What the person made of the reply."""

    outcome: Literal["opt_out", "not_an_opt_out", "wrong_number"]


class NewConsent(Input):
    """Evidence that a person agreed (4.1)."""

    number: Phone
    purposes: Annotated[list[Purpose], Field(min_length=1, max_length=20)]
    method: Literal["paper_form", "web_form", "spoken", "email", "sms"]
    wording: Line = Field(description="Which wording was shown.")
    evidence: Line = Field(description="Where the proof is kept.")
    given_at: Instant
    expires_at: Instant | None = Field(None, description="Default: the policy's months after it was given.")

    def request(self) -> ConsentRequest:
        """Return what the use case takes."""
        return ConsentRequest(
            number=self.number,
            purposes=tuple(self.purposes),
            method=self.method,
            wording=self.wording,
            evidence=self.evidence,
            given_at=self.given_at,
            expires_at=self.expires_at,
        )


class ConsentCsv(Input):
    """A list with a header: number, purposes, method, wording, evidence, given_at[, expires_at]."""

    text: str


class Consent(Output):
    """One consent on record."""

    id: str
    number: str
    purpose: str
    method: str
    wording: str
    recorded_by: str
    given_at: datetime
    expires_at: datetime
    withdrawn_at: datetime | None
    wording_id: str | None = Field(description="Of the version that was shown, where it is on record.")


class ImportedLine(Output):
    """What became of one line."""

    line: int
    consents: int = Field(description="Recorded: one for each purpose.")
    opted_out: bool = Field(description="Of something: still not to be texted about it (4.3).")


class Imported(Output):
    """All lines of a list are on record."""

    imported: int
    suppressed: int = Field(description="Lines whose number has opted out: still not to be texted (4.3).")
    lines: tuple[ImportedLine, ...]
