"""What counts when messages are submitted: their windows, what recipients got, what their sender used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import Connection

from gateway.caps import Span, caps, spans, spend
from gateway.records import Caller, KeyKind, MessageRequest
from gateway.store import Keyring, limits
from policy import Code, Decision, PolicySettings, RecipientFacts, SenderFacts, TemplateFacts
from policy.limits import DAY, Cap, Earlier
from policy.quiet_hours import BankHolidays, Hours
from policy.rules.limits import leaves_at, windows

_DIGITS = 16  # of a digest, hexadecimal: two texts to one number in a day are never taken for one another


@dataclass(slots=True)
class Tally:
    """Counts for requests that share sender, template and time; what is let in is counted for the next."""

    keyring: Keyring
    hours: Hours | None  # None: at any time
    at: datetime  # when they are to leave
    recent: Mapping[bytes, list[tuple[datetime, str]]]  # of each number: when a text may leave, its wording
    spans: Sequence[Span]
    caps: Sequence[Cap]
    counts: bool  # else they reach nobody

    @classmethod
    def of(
        cls,
        connection: Connection,
        keyring: Keyring,
        settings: PolicySettings,
        holidays: BankHolidays,
        caller: Caller,
        request: MessageRequest,
        template: TemplateFacts | None,
        sender: SenderFacts | None,
        indexes: Sequence[bytes],
        now: datetime,
    ) -> Self:
        """Read the counts: one statement for all recipients, one for the sender."""
        purpose = request.purpose or (template.purpose if template else "")
        hours = windows(settings, holidays, purpose, template, sender)
        at = max(now, request.not_before or now)
        due = leaves_at(hours, request.not_before, now)
        there_are = spans(connection, caller, settings, now)
        return cls(
            keyring=keyring,
            hours=hours,
            at=at,
            recent=limits.recent(connection, indexes, at - DAY, due + DAY),
            spans=there_are,
            caps=caps(connection, caller, there_are),
            counts=caller.key_kind is not KeyKind.TEST,
        )

    def wording(self, text: str) -> str | None:
        """Return a keyed digest of a text that counts for its recipient; None where it does not."""
        return self.keyring.index(f"wording\0{text}").hex()[:_DIGITS] if self.counts else None

    def recipient(self, facts: RecipientFacts, index: bytes, wording: str | None) -> RecipientFacts:
        """Return what is known of a number, with what it got lately."""
        recent = tuple(Earlier(at, before == wording) for at, before in self.recent[index])
        return replace(facts, recent=recent)

    def sender(self, facts: SenderFacts | None) -> SenderFacts | None:
        """Return what is known of the sender, with what they have used."""
        return None if facts is None else replace(facts, caps=self.caps)

    def due(self, decision: Decision) -> datetime:
        """Return when a text that was decided on may leave: at its time, or when a window opens."""
        quiet = (r.until for r in decision.reasons if r.code is Code.QUIET_HOURS)
        return next(quiet, None) or self.at

    def note(self, index: bytes, wording: str | None, due: datetime) -> None:
        """Count a text that is let in."""
        if wording is not None:
            self.recent[index].append((due, wording))
        self.caps = tuple(replace(cap, used=cap.used + 1) for cap in self.caps)

    def spend(self, connection: Connection, recipients: int) -> None:
        """Count, for the caps, recipients that were accepted."""
        spend(connection, self.spans, recipients)

    def done(self, begin: datetime, work: timedelta) -> datetime | None:
        """Return when work is done that is begun then and goes on in the windows only."""
        return begin + work if self.hours is None else self.hours.open_for(begin, work)

    def last(self, at: datetime) -> datetime:
        """Return `at`, or the end of the window after it: until then a text without a validity is tried."""
        return at if self.hours is None else self.hours.end(at)
