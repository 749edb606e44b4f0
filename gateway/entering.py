"""The message that a decision lets in: the status it begins in, when it may leave, how long it is tried."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from gateway.errors import Fault, Invalid
from gateway.facts import Considered
from gateway.model import HoldReason, OnDoubt, Status
from gateway.records import Caller, KeyKind, MessageRequest, Priority
from gateway.store.outbox import NewMessage
from policy import Code, Outcome

_URGENT_ONLY: Final = "resend takes a template that was approved as urgent: leave it out, or name such a one"

PRIORITIES: Final = {Priority.HIGH: 10, Priority.NORMAL: 20, Priority.LOW: 30}


def check_on_doubt(request: MessageRequest, considered: Considered) -> None:
    """Raise `Invalid` for a request to send again what may be there, where its template is not urgent."""
    template = considered.template
    if request.on_doubt == OnDoubt.RESEND and (template is None or not template.facts.urgent):
        raise Invalid((Fault("on_doubt", _URGENT_ONLY),))


def new_message(
    caller: Caller,
    request: MessageRequest,
    considered: Considered,
    ident: str,
    validity: timedelta,
    now: datetime,
    batch_id: str | None = None,
) -> NewMessage:
    """Return it; `validity` is how long it is tried where the request does not say."""
    template, begin = considered.template, max(now, request.not_before or now)
    status, hold_reason = _beginning(caller, considered, now)
    if request.validity is not None:
        expires_at = begin + request.validity  # what the sender said, whatever the window
    else:
        expires_at = considered.tally.last(considered.due + validity)
    return NewMessage(
        id=ident,
        batch_id=batch_id,
        kind=request.kind.value,
        person_id=caller.person_id,
        key_id=caller.key_id,
        reference=request.reference,
        number=considered.number,
        number_index=considered.number_index,
        purpose=considered.purpose,
        template_id=template.id if template else None,
        body=considered.text,
        alphabet=considered.split.alphabet.value,
        parts=len(considered.split.parts),
        test=caller.key_kind is KeyKind.TEST,
        on_doubt=request.on_doubt or (template.on_doubt if template else OnDoubt.ASK),
        status=status,
        hold_reason=hold_reason,
        priority=PRIORITIES[request.priority],
        not_before=considered.due if considered.due > now else request.not_before,
        expires_at=expires_at,
        created_at=now,
        wording=considered.wording,
    )


def _beginning(caller: Caller, considered: Considered, now: datetime) -> tuple[Status, HoldReason | None]:
    held = {reason.code for reason in considered.decision.reasons if reason.outcome is Outcome.HOLD}
    if held == {Code.QUIET_HOURS}:
        return Status.HELD, HoldReason.QUIET_HOURS
    if held:
        return Status.HELD, HoldReason.APPROVAL if Code.APPROVAL_REQUIRED in held else HoldReason.REVIEW
    if caller.key_kind is KeyKind.TEST:
        return Status.DELIVERED, None  # a test key never reaches a radio
    return Status.SCHEDULED if considered.due > now else Status.QUEUED, None
