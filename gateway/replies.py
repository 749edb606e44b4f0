"""What a text from a parent means and does: STOP, START, HELP, a refusal to look at, or a message (6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from sqlalchemy import Connection

from gateway.confirmations import confirm
from gateway.gate import Gate
from gateway.ids import new_id
from gateway.model import CancelReason, HoldReason
from gateway.own_texts import OwnTexts
from gateway.store import audit, doubts, events, lifecycle, recipients, talks
from gateway.store.schema import message, part
from gateway.suspects import doubt
from policy import Classification, Kind, PolicySettings, Tier, is_firm

_HOURLY: Final = (timedelta(hours=1), 1)
_DAILY: Final = (timedelta(days=1), 3)
_VALIDITY: Final = timedelta(hours=24)
_SHORT: Final = 60  # characters of a reply that may be a bare yes


class Reads(Protocol):
    """What reads a reply: `policy.Classifier`."""

    def classify(self, text: str, *, recent_appointment: bool = False) -> Classification:
        """Return what it means."""

    def says_yes(self, text: str) -> bool:
        """Return whether all of it agrees."""


@dataclass(slots=True)
class Replies:
    """Acts inside the transaction that stores the inbound message."""

    texts: OwnTexts
    gate: Gate
    settings: PolicySettings
    reader: Reads
    obeyed: list[datetime] = field(default_factory=list)  # when each new STOP was read, until measured

    def act(
        self,
        connection: Connection,
        index: bytes,
        sender: str,
        text: str,
        inbox_id: str,
        now: datetime,
        *,
        cut: bool = False,
    ) -> str:
        """Do what the text asks for and return its tier. `cut`: what was before it has not come."""
        verdict = self.reader.classify(text, recent_appointment=True)
        tier = verdict.tier
        if tier is Tier.ACT and cut and not is_firm(text, verdict):
            tier = Tier.HOLD  # "… the club will" + "stop"
        match tier:
            case Tier.ACT:
                self._opt_out(connection, index, sender, verdict, now)
                self._ask_about_appointment(connection, index, verdict, inbox_id, now)
            case Tier.HOLD:
                self._hold(connection, index, inbox_id, now)
                if verdict.wrong_number:
                    by = "recipient"
                    doubt(connection, index, reason="wrong_number", source=inbox_id, by=by, now=now)
            case Tier.START:
                self._opt_in(connection, index, sender, now)
            case Tier.HELP:
                self._reply(connection, index, sender, Kind.HELP, self.settings.help_text, now)
            case Tier.INBOX if len(text) <= _SHORT and self.reader.says_yes(text):
                confirm(connection, self.texts.keyring, self.settings, index, inbox_id, now)
        return str(tier)

    def act_on_part(
        self,
        connection: Connection,
        index: bytes,
        sender: str,
        text: str,
        number: int,
        pdu_id: str,
        now: datetime,
    ) -> None:
        """Obey a STOP in one part of a longer message; the others may never come.

        The first part begins as a reply does, and a whole sentence is one in any part: those opt out. What
        else begins a later part may be the end of a sentence ("the club will" + "stop"): it pauses its
        number, so that nothing is sent, until the whole says what was meant.
        """
        verdict = self.reader.classify(text)
        if verdict.tier is not Tier.ACT:
            return
        if number == 1 or is_firm(text, verdict):
            self._opt_out(connection, index, sender, verdict, now)
        else:
            self._hold(connection, index, pdu_id, now, kind="fragment")

    def settle_parts(
        self, connection: Connection, index: bytes, pdus: Sequence[str], tier: str, now: datetime
    ) -> None:
        """End the pause that a part made: its text is there, and was acted on as `tier` says."""
        if not recipients.end_fragments(connection, now, pdus, tier):
            return
        if tier not in (Tier.ACT, Tier.HOLD) and not recipients.is_held(connection, index):
            mine = message.c.number_index == index
            lifecycle.let_go(connection, mine & (message.c.hold_reason == HoldReason.RECIPIENT_HOLD), now)

    def _ask_about_appointment(
        self, connection: Connection, index: bytes, verdict: Classification, inbox_id: str, now: datetime
    ) -> None:
        """Have a person read a CANCEL or END that came soon after a text about an appointment (6.2)."""
        if not verdict.may_mean_appointment:
            return
        since = now - timedelta(hours=self.settings.appointment_hours)
        purposes = [name for name, purpose in self.settings.purposes.items() if purpose.appointment]
        if talks.were_texted(connection, index, purposes, since):
            self._note_hold(connection, index, inbox_id, now, "appointment")

    def _opt_out(
        self, connection: Connection, index: bytes, sender: str, verdict: Classification, now: datetime
    ) -> None:
        new = suppress(
            connection,
            self.gate,
            self.settings,
            index,
            topic=verdict.topic or "",
            source="sms",
            made_by="recipient",
            now=now,
        )
        if new:
            self.obeyed.append(now)
            text = self.settings.stop_confirmation
            self._reply(connection, index, sender, Kind.OPT_OUT_CONFIRMATION, text, now)

    def _hold(
        self, connection: Connection, index: bytes, source: str, now: datetime, kind: str = "refusal"
    ) -> None:
        self.gate.revoke(index)
        self._note_hold(connection, index, source, now, kind)
        lifecycle.hold_recipient(connection, index, HoldReason.RECIPIENT_HOLD, now)

    def _note_hold(self, connection: Connection, index: bytes, source: str, now: datetime, kind: str) -> None:
        ident = new_id("hold", now)
        recipients.hold(connection, now, ident=ident, number_index=index, inbox_id=source, kind=kind)
        events.add(connection, now, "hold.opened", ident, detail=source)
        audit.record(
            connection,
            now,
            actor="recipient",
            action="hold",
            target=ident,
            outcome="held",
            clauses=["6.2"],
            detail={"kind": kind},
        )

    def _opt_in(self, connection: Connection, index: bytes, sender: str, now: datetime) -> None:
        """START lifts what the recipient made; consent on record is what it was (6.2)."""
        lifted = recipients.lift(connection, now, number_index=index, by="recipient", source="sms")
        for ident in lifted:
            events.add(connection, now, "optout.lifted", ident, detail="sms")
        if lifted:
            audit.record(
                connection,
                now,
                actor="recipient",
                action="opt-out-lifted",
                target=audit.about_number(index),
                outcome="lifted",
                clauses=["6.2"],
            )
            text = self.settings.start_confirmation
            self._reply(connection, index, sender, Kind.START_CONFIRMATION, text, now)

    def _reply(
        self, connection: Connection, index: bytes, sender: str, kind: Kind, text: str, now: datetime
    ) -> None:
        """Queue one automatic reply, unless the number cannot get one or had enough (loop guard)."""
        if not sender.startswith("+") or any(
            talks.replies_since(connection, index, now - span) >= most for span, most in (_HOURLY, _DAILY)
        ):
            return
        ident = self.texts.queue(connection, kind, sender, text, now, validity=_VALIDITY)
        talks.note_reply(connection, now, message_id=ident, number_index=index)


def suppress(
    connection: Connection,
    gate: Gate,
    settings: PolicySettings,
    index: bytes,
    *,
    topic: str,
    source: str,
    made_by: str,
    now: datetime,
) -> bool:
    """Opt a number out and cancel all that waits for it, in the caller's transaction; False on a repeat."""
    gate.revoke(index)
    ident = new_id("opt", now)
    new = recipients.suppress(
        connection, now, ident=ident, number_index=index, topic=topic, source=source, made_by=made_by
    )
    if new:
        events.add(connection, now, "optout.added", ident, detail=source)
    mine = (part.c.number_index == index) & (message.c.kind != Kind.OPT_OUT_CONFIRMATION.value)
    if topic:
        mine &= message.c.purpose.in_(sorted(settings.purposes_of(topic)))
    ended = lifecycle.cancel_waiting(connection, mine, CancelReason.OPTED_OUT, now)
    opted_out = audit.row(
        now,
        actor=made_by,
        action="opt-out",
        target=audit.about_number(index),
        outcome="suppressed" if new else "repeated",
        clauses=["6.2", "4.3"],
        detail={"suppression": ident, "topic": topic, "source": source, "cancelled": len(ended)},
    )
    became = doubts.statuses(connection, ended) if ended else {}
    cancelled = [
        audit.row(
            now,
            actor=made_by,
            action="cancel",
            target=each,
            outcome=became[each],
            clauses=["6.2"],
            detail={"suppression": ident},
        )
        for each in ended
    ]
    audit.append(connection, [opted_out, *cancelled])
    return new
