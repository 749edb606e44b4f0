"""What is on record of a number: consents, opt-outs, holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """A number (known here only by its keyed hash) that must not be texted."""

    id: str
    topic: str  # '' = every purpose
    source: str
    made_by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class HoldView:
    """A reply that a person must read.

    A `refusal` smells of one, a `fragment` is part of a text whose rest has not come: the number is paused.
    An `appointment` was a CANCEL or END: the number is opted out, and the appointment may have been meant.
    """

    id: str
    inbox_id: str
    since: datetime
    kind: str = "refusal"  # refusal | fragment | appointment
    late: bool = False  # longer than one working hour


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """Evidence that a person agreed: who, when, how, wording shown, recorded by (4.1)."""

    number: str
    purposes: tuple[str, ...]
    method: str  # paper_form | web_form | spoken | email | sms
    wording: str  # which wording was shown
    evidence: str  # where the proof is kept
    given_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsentView:
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
    wording_id: str | None = None  # of its version on record


@dataclass(frozen=True, slots=True)
class WordingView:
    """One version of what people are shown when they agree."""

    id: str
    name: str
    version: int
    text: str
    text_hash: str  # SHA-256, hexadecimal
    recorded_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OptInView:
    """A person asked by form to be texted, and is asked once to confirm it by text."""

    id: str
    number: str
    purposes: tuple[str, ...]
    method: str
    wording: str
    recorded_by: str
    asked_at: datetime
    expires_at: datetime  # a reply after that is none
    message_id: str  # the text
    status: str  # waiting | confirmed | lapsed
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """What became of one line of a list of consents."""

    line: int
    consents: int  # recorded: one for each purpose
    opted_out: bool  # the number, of something: recorded, and still not to be texted


@dataclass(frozen=True, slots=True)
class ImportReport:
    """A CSV import: all of it, or (with faults) nothing."""

    lines: tuple[ImportedLine, ...]
    faults: tuple[tuple[int, str, str], ...]  # line, field, what to do

    @property
    def imported(self) -> int:
        """How many lines are on record."""
        return len(self.lines)

    @property
    def suppressed(self) -> int:
        """Of how many the number has opted out."""
        return sum(one.opted_out for one in self.lines)
