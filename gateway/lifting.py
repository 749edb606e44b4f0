"""Lifting an opt-out: with new evidence of consent and a second person, and no further than that (6.2).

A recipient lifts their own with START. Staff need what was agreed after the opt-out, and what was agreed
before it does not come back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, RowMapping

from gateway import approvals
from gateway.approvals import Asked
from gateway.consents import Consents
from gateway.errors import Conflict, Fault, Invalid, NotFound
from gateway.ids import new_id
from gateway.records import ApprovalKind, Caller, ConsentRequest, Scope
from gateway.store import audit, events
from gateway.store import lifting as store

_LIFTABLE: Final = ("sms", "staff")  # made by the recipient, or by staff in their name


@dataclass(frozen=True, slots=True)
class Lifting:
    """Asks for a second person, and lifts the opt-out when they agree."""

    consents: Consents

    scope: ClassVar = Scope.APPROVE

    async def request(self, caller: Caller, ident: str, evidence: ConsentRequest) -> str:
        """Ask for an opt-out to be lifted; return the id of the question. Nothing is lifted yet.

        Raises `NotFound`, `Conflict` where staff may not lift it, `Invalid` for evidence that is none.
        """
        now = self.consents.clock()
        number = self.consents.judged(evidence, now)

        def transaction(connection: Connection) -> str:
            row = _in_force(connection, ident)
            if self.consents.keyring.index(number) != row["number_index"]:
                raise Invalid((Fault("number", "is not the number of this opt-out"),))
            if faults := tuple(self._faults(connection, row, evidence)):
                raise Invalid(faults)
            return self._ask(connection, caller, row, number, evidence, now).id

        return await self.consents.database.write(transaction)

    def _faults(self, connection: Connection, row: RowMapping, evidence: ConsentRequest) -> Iterator[Fault]:
        refused = max(filter(None, (row["since"], store.last_refusal(connection, row["number_index"]))))
        if evidence.given_at <= refused:
            yield Fault("given_at", "must be later than the opt-out: what was agreed before is over")
        covered = self._covered(row)
        for purpose in sorted(set(evidence.purposes) - covered):
            yield Fault("purposes", f"{purpose} is not covered by this opt-out: record the consent instead")

    def _covered(self, row: RowMapping) -> frozenset[str]:
        return self.consents.settings.purposes_of(row["topic"])

    def _ask(
        self,
        connection: Connection,
        caller: Caller,
        row: RowMapping,
        number: str,
        evidence: ConsentRequest,
        now: datetime,
    ) -> Asked:
        approval = new_id("apr", now)
        content = json.dumps(asdict(evidence) | {"number": number}, default=str, sort_keys=True)
        return approvals.request(
            connection,
            self,
            kind=ApprovalKind.OPT_OUT_LIFT,
            target=row["id"],
            digest=_digest(connection, row, content),
            summary=f"lift an opt-out of {row['topic'] or 'everything'} for {', '.join(evidence.purposes)}",
            person_id=caller.person_id,
            now=now,
            expires_at=now + timedelta(days=self.consents.settings.approval_days),
            ident=approval,
            content_sealed=self.consents.keyring.seal("approval", "content", approval, content),
            number_index=row["number_index"],
        )

    def _content(self, asked: Asked) -> str:
        assert asked.content_sealed is not None  # noqa: S101 - asked so above
        return self.consents.keyring.open("approval", "content", asked.id, asked.content_sealed)

    def digest(self, connection: Connection, asked: Asked) -> bytes | None:
        """Return the digest of opt-out and evidence; None where it is lifted. Another STOP changes it."""
        row = store.opt_out(connection, asked.target)
        if row is None or row["lifted_at"] is not None or asked.content_sealed is None:
            return None
        return _digest(connection, row, self._content(asked))

    def show(self, connection: Connection, asked: Asked) -> Mapping[str, str]:  # noqa: ARG002
        """Return the evidence, and the end of the number."""
        evidence = json.loads(self._content(asked))
        names = ("method", "wording", "evidence", "given_at")
        shown = {name: evidence[name] for name in names}
        return {"to": f"…{evidence['number'][-3:]}", "purposes": ", ".join(evidence["purposes"])} | shown

    def carry_out(self, connection: Connection, asked: Asked, by: Caller, now: datetime) -> None:
        """Lift it, with the new consents on record and the old ones that it covered ended."""
        row = _in_force(connection, asked.target)
        evidence = _evidence(json.loads(self._content(asked)))
        index = row["number_index"]
        ended = store.end_consents(connection, index, self._covered(row), by=asked.asker, now=now)
        self.consents.put(connection, asked.asker, evidence.number, evidence, now)
        store.lift(connection, row["id"], by=by.handle, now=now)
        events.add(connection, now, "optout.lifted", row["id"], detail="staff")
        audit.record(
            connection,
            now,
            actor=by.handle,
            action="opt-out-lifted",
            target=audit.about_number(index),
            outcome="lifted",
            clauses=["6.2", "4.1"],
            detail={"suppression": row["id"], "approval": asked.id, "consents_ended": list(ended)},
        )

    def drop(self, connection: Connection, asked: Asked, by: str, now: datetime) -> None:
        """Leave the opt-out in force: nothing to do."""

    async def settled(self, target: str) -> None:
        """Nothing follows."""


def _in_force(connection: Connection, ident: str) -> RowMapping:
    row = store.opt_out(connection, ident)
    if row is None or row["lifted_at"] is not None:
        raise NotFound(f"there is no opt-out {ident} in force")
    if row["source"] not in _LIFTABLE:
        raise Conflict("NOT_LIFTABLE", "this opt-out was taken over from elsewhere: only a START lifts it")
    return row


def _digest(connection: Connection, row: RowMapping, content: str) -> bytes:
    refused = store.last_refusal(connection, row["number_index"])
    return sha256(repr([row["id"], row["since"], row["topic"], refused, content]).encode()).digest()


def _evidence(kept: Mapping[str, Any]) -> ConsentRequest:
    end = kept["expires_at"]
    times = {
        "given_at": datetime.fromisoformat(kept["given_at"]),
        "expires_at": None if end is None else datetime.fromisoformat(end),
    }
    return ConsentRequest(**{**kept, **times, "purposes": tuple(kept["purposes"])})
