"""The transactions around a hand-off: settle what the radio answered, claim what goes next.

Both are one transaction where they follow each other, so a part costs one commit. The policy is
asked again on fresh facts in the very transaction that writes the claim ahead (promise 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from gateway import sms, suspects
from gateway.allowance import Allowance
from gateway.facts import PolicyDesk
from gateway.gate import Gate, Permit
from gateway.model import (
    Accepted,
    CancelReason,
    Event,
    FailureKind,
    HoldReason,
    NotSent,
    Refused,
    Revoked,
    SendOutcome,
    Status,
    Unclear,
)
from gateway.receipts import settle_parked
from gateway.routing import Turn
from gateway.store import Keyring, audit, doubts, lifecycle, outbox, quiet
from gateway.store.outbox import Candidate
from gateway.store.schema import part
from policy import Decision, Outcome, Stage

_ASK_AGAIN: Final = timedelta(hours=1)  # where no window is on record
_LOOKS: Final = 50  # candidates decided in one transaction before others may write


@dataclass(frozen=True, slots=True)
class Claim:
    """A part that is written ahead as this modem's, its PDU, and the permit to hand it over."""

    candidate: Candidate
    order: int  # among this modem's claims
    pdu: bytes
    permit: Permit
    more: bool  # another part can follow at once: keep the relay link


class Handoff:
    """What one gateway does in the store for one of its modems."""

    def __init__(
        self,
        *,
        gateway: str,
        modem: str,
        keyring: Keyring,
        desk: PolicyDesk,
        gate: Gate,
        retries: Sequence[timedelta],
        turn: Turn | None = None,
    ) -> None:
        """`retries`: how long to wait after each try that the network refused for now; the last repeats.

        `turn`: what the modem may take; without it, everything.
        """
        self._gateway = gateway
        self._modem = modem
        self._keyring = keyring
        self._desk = desk
        self._gate = gate
        self._retries = tuple(retries)
        self._turn = turn

    def claim(
        self,
        connection: Connection,
        sim: str | None,
        order: int,
        now: datetime,
        allowance: Allowance | None = None,
    ) -> Claim | None:
        """Write ahead and return the next part that the policy lets go; None when nothing may.

        `order` grows from claim to claim. What would be too much for the SIM to one number waits.
        """
        if self._desk.switch.off_since is not None:  # what waits is kept (8.1)
            return None
        for _ in range(_LOOKS):
            course = self._turn.course() if self._turn is not None else None
            candidate = outbox.next_queued(connection, self._keyring, self._modem, now, course)
            if candidate is None:
                return None
            if candidate.expires_at <= now:
                lifecycle.expire_due(connection, now)
                continue
            if allowance is not None and (later := allowance.later(candidate, now)):
                outbox.postpone(connection, candidate, later)
                continue
            decision = self._decide(connection, candidate, now)
            if decision.outcome is Outcome.ALLOW:
                return self._allow(connection, candidate, sim, order, now)
            self._withhold(connection, candidate, decision, now)
        return None

    def _decide(self, connection: Connection, candidate: Candidate, now: datetime) -> Decision:
        decision, facts = self._desk.decide_stored(connection, candidate, Stage.HANDOFF, now)
        audit.record(
            connection,
            now,
            actor=f"modem:{self._modem}",
            action="hand-off",
            target=candidate.message_id,
            outcome=decision.outcome.value,
            clauses=[reason.clause for reason in decision.reasons],
            detail={"part": candidate.number, "codes": [r.code for r in decision.reasons], "facts": facts},
        )
        return decision

    def _allow(
        self, connection: Connection, candidate: Candidate, sim: str | None, order: int, now: datetime
    ) -> Claim:
        reference = candidate.concat_reference or 0
        if candidate.total > 1 and candidate.number == 1:
            reference = outbox.next_reference(connection, self._gateway, self._modem)
            outbox.set_reference(connection, candidate.message_id, reference)
        lane = None if self._turn is None else self._turn.lane
        outbox.claim(connection, candidate, self._gateway, self._modem, sim, order, now, lane)
        return Claim(
            candidate=candidate,
            order=order,
            pdu=_pdu(candidate, reference, now),
            permit=self._gate.issue(candidate.number_index),
            more=candidate.more,
        )

    def _withhold(
        self, connection: Connection, candidate: Candidate, decision: Decision, now: datetime
    ) -> None:
        """Take out of the queue what the policy no longer lets go."""
        mine = part.c.message_id == candidate.message_id
        codes = {reason.code for reason in decision.reasons}
        if codes == {"QUIET_HOURS"}:
            quiet.hold(connection, candidate.message_id, decision.until or now + _ASK_AGAIN, now)
            return
        if decision.outcome is Outcome.HOLD or codes == {"RECIPIENT_ON_HOLD"}:
            reason = HoldReason.RECIPIENT_HOLD if "RECIPIENT_ON_HOLD" in codes else HoldReason.REVIEW
            lifecycle.hold_back(connection, candidate.message_id, reason, now)
            return
        cancelled = CancelReason.OPTED_OUT if "RECIPIENT_OPTED_OUT" in codes else CancelReason.POLICY
        lifecycle.cancel_waiting(connection, mine, cancelled, now, cause=", ".join(sorted(codes)))

    def took(self, claim: Claim) -> None:
        """Count a claim that is on the disk against the modem's time; a transaction may run twice."""
        if self._turn is not None:
            self._turn.took(claim.candidate.priority)

    def settle(self, connection: Connection, claim: Claim, outcome: SendOutcome, now: datetime) -> None:
        """Write what became of a claimed part."""
        before = claim.candidate.attempts
        match outcome:
            case Accepted(mr):
                self._accept(connection, claim, mr, now)
            case Refused(FailureKind.PERMANENT, code, text):
                self._end(connection, claim, code, f"CMS {code}: {text}", now)
            case Refused(FailureKind.TEMPORARY):
                self._try_later(connection, claim, outcome, now)
            case Refused(_, code, text):  # the SIM's or the modem's fault: no attempt of the message's
                self._give_back(connection, claim, now, cause=f"CMS {code}: {text}", attempts=before)
            case NotSent(reason):
                self._give_back(connection, claim, now, cause=reason, attempts=before)
            case Revoked():
                self._give_back(connection, claim, now, attempts=before)
            case Unclear(reason, mr):
                self._change(connection, claim, Event.LOST_TRACK, now, cause=reason, mr=mr)
        settle_parked(connection, claim.candidate.number_index, now)  # they waited for this part's end

    def _accept(self, connection: Connection, claim: Claim, mr: int, now: datetime) -> None:
        self._change(connection, claim, Event.ACCEPTED, now, mr=mr, sent_at=now)
        if claim.candidate.doubted:
            doubts.over(connection, claim.candidate.message_id)

    def _try_later(self, connection: Connection, claim: Claim, refused: Refused, now: datetime) -> None:
        """Queue the part again for a while from now; where everybody is refused it has not used a try."""
        before = claim.candidate.attempts
        pause = self._retries[0 if refused.everybody else min(before, len(self._retries) - 1)]
        values = {"attempts": before if refused.everybody else before + 1, "not_before": now + pause}
        self._give_back(connection, claim, now, cause=f"CMS {refused.code}: {refused.text}", **values)

    def _give_back(self, connection: Connection, claim: Claim, now: datetime, **values: object) -> None:
        ident, number = claim.candidate.message_id, claim.candidate.number
        outbox.give_back(connection, ident, number, Status.SENDING, now, **values)

    def _end(self, connection: Connection, claim: Claim, code: int | None, cause: str, now: datetime) -> None:
        if claim.candidate.doubted:  # this one is not there, the one before may be
            self._change(connection, claim, Event.LOST_TRACK, now, cause=f"sent again, and refused: {cause}")
            return
        self._change(connection, claim, Event.REFUSED, now, final_at=now, cause=cause)
        self._abandon_rest(connection, claim, now)
        if code == suspects.UNASSIGNED:
            index, ident = claim.candidate.number_index, claim.candidate.message_id
            suspects.after_failure(connection, index, ident, now)

    def _abandon_rest(self, connection: Connection, claim: Claim, now: datetime) -> None:
        mine = part.c.message_id == claim.candidate.message_id
        lifecycle.cancel_waiting(
            connection, mine, CancelReason.POLICY, now, cause="an earlier part was refused by the network"
        )

    def _change(
        self, connection: Connection, claim: Claim, event: Event, now: datetime, **values: object
    ) -> None:
        candidate = claim.candidate
        lifecycle.change(
            connection, candidate.message_id, candidate.number, Status.SENDING, event, now, **values
        )


def _pdu(candidate: Candidate, reference: int, now: datetime) -> bytes:
    """Return the SUBMIT of one part: a status report is asked for, validity is what is left of ours."""
    submits = sms.submits(
        candidate.body,
        sms.Address.parse(candidate.to),
        reference=reference,
        status_report=True,
        validity=candidate.expires_at - now,
    )
    return submits[candidate.number - 1].encode()
