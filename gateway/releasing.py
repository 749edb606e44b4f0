"""What a second person lets go is put to the policy once more, on fresh facts (`Stage.RELEASE`): 3.3, 4.3.

One message or many of a batch; each is asked about by itself, for each has a recipient of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from gateway.facts import PolicyDesk
from gateway.model import CancelReason, HoldReason
from gateway.store import Keyring, audit, lifecycle
from gateway.store.outbox import Candidate, candidate
from gateway.store.schema import message
from policy import Code, Decision, Outcome, SecondPerson, Stage


def judge(
    connection: Connection,
    desk: PolicyDesk,
    row: RowMapping,
    agreed: Sequence[SecondPerson],
    now: datetime,
    *,
    by: str,
    recipients: int = 1,
) -> tuple[Decision, dict[str, Any]]:
    """Return the policy's answer about a message that `agreed` let go, and the audit entry about it.

    `recipients` counts those of its whole batch.
    """
    asked = candidate_of(desk.keyring, row)
    decision, facts = desk.decide_stored(connection, asked, Stage.RELEASE, now, agreed, recipients)
    entry = audit.row(
        now,
        actor=by,
        action="release",
        target=row["id"],
        outcome=decision.outcome.value,
        clauses=[reason.clause for reason in decision.reasons],
        detail={"codes": [reason.code for reason in decision.reasons], "facts": facts},
    )
    return decision, entry


def settle(connection: Connection, decided: Mapping[str, Decision], now: datetime) -> None:
    """Let held messages go, or hold or end them, as was decided about each."""
    alike: dict[tuple[HoldReason | CancelReason | None, str], list[str]] = defaultdict(list)
    for ident, decision in decided.items():
        alike[_fate(decision)].append(ident)
    for (why, cause), idents in alike.items():
        which = message.c.id.in_(idents)
        match why:
            case None:
                lifecycle.let_go(connection, which, now)
            case HoldReason():
                lifecycle.hold_for(connection, which, why, now)
            case CancelReason():
                lifecycle.cancel_waiting(connection, which, why, now, cause=cause)


def _fate(decision: Decision) -> tuple[HoldReason | CancelReason | None, str]:
    """Return why a message does not go, and the cause to note; None where it does."""
    codes = {reason.code for reason in decision.reasons}
    if decision.outcome is Outcome.DENY:
        opted_out = Code.RECIPIENT_OPTED_OUT in codes
        return CancelReason.OPTED_OUT if opted_out else CancelReason.POLICY, ", ".join(sorted(codes))
    return (HoldReason.RECIPIENT_HOLD if Code.RECIPIENT_ON_HOLD in codes else None), ""


def candidate_of(keyring: Keyring, row: RowMapping) -> Candidate:
    """Return a stored message as the policy is asked about it again."""
    return candidate(
        keyring, row, row["id"], number=1, concat_reference=None, attempts=0, wording=None, more=False
    )
