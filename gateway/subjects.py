"""The rights of the person behind a number: to see what is kept, and to have it erased (1.2, 4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from gateway import sms
from gateway.errors import Conflict
from gateway.ids import new_id
from gateway.model import CancelReason, Clock
from gateway.numbers import Identify, telephone
from gateway.store import Database, Keyring, audit, duties, lifecycle, recipients, subjects
from gateway.store.schema import part
from policy import PolicySettings


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept about a number: rows by table, and the decisions in the audit log."""

    number: str
    organisation: str
    at: datetime
    records: Mapping[str, Sequence[Mapping[str, Any]]]
    decisions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Erased:
    """What was removed by table, and how many opt-outs stay (as keyed hashes)."""

    removed: Mapping[str, int]
    opt_outs_kept: int


@dataclass(slots=True)
class Subjects:
    """Works on the store directly: who may read the key file has the authority."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock

    async def export(self, number: str, *, by: str) -> Known:
        """Return all that is kept about a number, and put into the audit log that it was handed out.

        Raises `Invalid` for what is no telephone number.
        """
        known = telephone(number, self.settings)
        return await self.database.write(lambda c: self._export(c, known, by, self.clock()))

    def _export(self, connection: Connection, number: str, by: str, now: datetime) -> Known:
        index = self.keyring.index(number)
        records = subjects.known(connection, self.keyring, index)
        about = [row["id"] for rows in records.values() for row in rows if "id" in row]
        entries = [
            each
            for target in (*about, audit.about_number(index))
            for each in audit.of_target(connection, target)
        ]
        hidden = ("prev", "hash")
        decisions = [
            {name: value for name, value in entry.items() if name not in hidden}
            for entry in sorted(entries, key=lambda entry: int(entry["seq"]))
        ]
        counts = {name: len(rows) for name, rows in records.items()}
        _note(connection, "subject-exported", index, by, counts, now)
        return Known(number, self.settings.organisation, now, records, decisions)

    async def erase(self, number: str, *, by: str) -> Erased:
        """Remove all that is kept about a number but its opt-outs and the audit log; cancel what waits.

        A reply that smells of refusal and that nobody has read becomes an opt-out. Raises `Invalid`, and
        `Conflict` under a legal hold or while a text to the number is on the radio.
        """
        known = telephone(number, self.settings)
        if self.settings.retention.legal_hold:
            raise Conflict(
                "LEGAL_HOLD", "nothing is erased under a legal hold (policy file, [retention] legal_hold)"
            )
        return await self.database.write(lambda c: self._erase(c, known, by, self.clock()))

    def _erase(self, connection: Connection, number: str, by: str, now: datetime) -> Erased:
        index = self.keyring.index(number)
        if duties.is_held(connection, index):
            raise Conflict(
                "LEGAL_HOLD",
                "nothing of this number is erased under its legal hold; schoolgate subject release",
            )
        if subjects.being_sent(connection, index):
            raise Conflict("BEING_SENT", "a text to this number is on the radio; try again in a minute")
        if subjects.refusal_unread(connection, index):
            recipients.suppress(
                connection,
                now,
                ident=new_id("opt", now),
                number_index=index,
                topic="",
                source="staff",
                made_by=by,
            )
        lifecycle.cancel_waiting(connection, part.c.number_index == index, CancelReason.CALLER, now, "erased")
        removed = dict(subjects.forget(connection, index))
        removed["inbound"] += subjects.forget_unread(connection, self.keyring, self._about(number))
        kept = len(recipients.suppressions(connection, index, None, 1000))
        _note(connection, "subject-erased", index, by, removed | {"opt_outs_kept": kept}, now)
        return Erased(removed, kept)

    def _about(self, number: str) -> Callable[[str], bool]:
        identify = Identify(self.settings)

        def about(pdu: str) -> bool:
            try:
                decoded = sms.decode_inbound(pdu)
            except sms.PduError:
                return any(digits in pdu.upper() for digits in _in_a_pdu(number))
            address = decoded.recipient if isinstance(decoded, sms.StatusReport) else decoded.sender
            return identify(address.number) == number

        return about


def _in_a_pdu(number: str) -> tuple[str, str]:
    """Return how a PDU shows a number's end: digits in pairs, swapped (3GPP TS 23.040, 9.1.2.5).

    Where pairs begin depends on whether it is written with its country code or with a 0.
    """
    return _swapped(number[-10:]), _swapped(number[-9:] + "F")


def _swapped(digits: str) -> str:
    return "".join(digits[at + 1] + digits[at] for at in range(0, len(digits), 2))


def _note(
    connection: Connection, action: str, index: bytes, by: str, counts: Mapping[str, int], now: datetime
) -> None:
    audit.record(
        connection,
        now,
        actor=by,
        action=action,
        target=audit.about_number(index),
        outcome="ok",
        clauses=["1.2"],
        detail={name: count for name, count in counts.items() if count},
    )
