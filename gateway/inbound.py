"""What a modem received: journalled, understood and acted on in one transaction.

If acting fails for any reason, the raw PDU is journalled alone and tried again later, so nothing that
a modem frees was ever only in memory (promise 2), and a STOP is in force with the commit that stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog
from sqlalchemy import Connection, RowMapping

from gateway import measures, receipts, sms
from gateway.faults import described
from gateway.ids import new_id
from gateway.measures import Spread
from gateway.model import Clock, RawSms
from gateway.numbers import Identify
from gateway.replies import Replies
from gateway.store import Database, Keyring, StoreUnavailable, events, inbox

log = structlog.get_logger()

_REPEAT: Final = timedelta(days=7)  # the network repeats what it thinks was not acknowledged
_PARTIAL: Final = timedelta(hours=24)  # then people see what there is of a multipart message
_FORGET_REPORT: Final = timedelta(hours=1)

Note = Callable[[dict[str, Any]], None]
"""Writes what was found out about a PDU, into the journal or to what is there already."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one transaction did: when each STOP was read, and what there is to log of it."""

    obeyed: list[datetime] = field(default_factory=list)
    told: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)


@dataclass(slots=True)
class Inbound:
    """The sink that modems put their messages into (`gateway.model.InboundSink`)."""

    gateway: str
    database: Database
    keyring: Keyring
    identify: Identify
    replies: Replies
    clock: Clock
    on_change: Callable[[], None]
    suppression: Spread = field(default_factory=measures.suppression)
    _taken: _Taken = field(default_factory=_Taken)

    async def received(self, messages: Sequence[RawSms]) -> None:
        """Commit `messages` and what follows from them; raise `StoreUnavailable` where that failed."""
        try:
            taken = await self.database.write(lambda c: self._take(c, messages, self._understand))
            self._tell(taken)
        except Exception as exc:  # noqa: BLE001 - whatever it was, the PDU is kept
            log.error(  # noqa: TRY400 - a traceback may quote the message
                "inbound left for later", action="inbound_pending", error=described(exc)
            )
            await self.database.write(lambda c: self._take(c, messages, _leave))
        log.info("inbound stored", action="inbound_stored", count=len(messages))
        self.on_change()

    def _tell(self, taken: _Taken) -> None:
        """Note what is committed, and how long it took to obey what was read then."""
        now = self.clock()
        for at in taken.obeyed:
            self.suppression.observe((now - at).total_seconds())
        for what, about in taken.told:
            log.info(what, action=what.replace(" ", "_"), **about)

    async def retry_pending(self) -> None:
        """Understand what was only journalled; what fails again goes into quarantine."""
        pending = await self.database.read(lambda c: inbox.of_kind(c, "pending"))
        for row in pending:
            await self._retry(self._raw(row), row["id"])

    async def _retry(self, raw: RawSms, ident: str) -> None:
        try:
            await self.database.write(
                lambda c: self._understand(c, raw, ident, partial(inbox.amend, c, ident))
            )
        except StoreUnavailable:
            raise
        except Exception as exc:  # noqa: BLE001 - whatever it was, the PDU is kept for people
            log.error(  # noqa: TRY400 - likewise
                "inbound quarantined", action="inbound_quarantined", pdu=ident, error=described(exc)
            )
            fault = {"kind": "quarantine", "detail": f"internal error: {type(exc).__name__}"}
            await self.database.write(lambda c: inbox.amend(c, ident, fault))

    def _take(
        self,
        connection: Connection,
        messages: Sequence[RawSms],
        then: Callable[[Connection, RawSms, str, Note], None],
    ) -> _Taken:
        self._taken = taken = _Taken()  # afresh: a transaction may run twice, and runs alone
        self.replies.obeyed = taken.obeyed
        for raw in messages:
            # Two SIMs may get equal messages, and reports of equal parts, in one second.
            fingerprint = self.keyring.index(f"{raw.sim or raw.modem} {raw.pdu}")
            if inbox.seen(connection, fingerprint, raw.received_at - _REPEAT):
                continue
            ident = new_id("pdu", raw.received_at)
            values = {
                "id": ident,
                "fingerprint": fingerprint,
                "pdu_sealed": self.keyring.seal("inbound", "pdu", ident, raw.pdu),
                "gateway": self.gateway,
                "modem": raw.modem,
                "sim": raw.sim,
                "route": raw.route,
                "received_at": raw.received_at,
                "kind": "pending",
            }
            then(connection, raw, ident, partial(inbox.journal, connection, values))
        return taken

    def _understand(self, connection: Connection, raw: RawSms, ident: str, note: Note) -> None:
        try:
            decoded = sms.decode_inbound(raw.pdu)
        except sms.PduError as exc:
            note({"kind": "quarantine", "detail": str(exc)})
            return
        if isinstance(decoded, sms.StatusReport):
            self._report(connection, raw, ident, decoded, note)
        elif decoded.silent:
            note({"kind": "silent"})
        elif decoded.text is None:
            note({"kind": "binary"})
        else:
            self._text(connection, raw, ident, decoded, note)

    def _report(
        self, connection: Connection, raw: RawSms, ident: str, decoded: sms.StatusReport, note: Note
    ) -> None:
        report = receipts.Report(
            id=ident,
            sim=raw.sim,
            mr=decoded.mr,
            status=decoded.status,
            number_index=self.keyring.index(self.identify(decoded.recipient.number)),
            scts=decoded.scts,
            received_at=raw.received_at,
        )
        message = receipts.apply(connection, report, raw.received_at, note)
        about = {"message": message, "pdu": ident, "status": decoded.status, "modem": raw.modem}
        self._taken.told.append(("status report", about))

    def _text(
        self, connection: Connection, raw: RawSms, ident: str, decoded: sms.Deliver, note: Note
    ) -> None:
        sender = self.identify(decoded.sender.number)
        index = self.keyring.index(sender)
        concat = decoded.concat
        if concat is None or not concat.sound:
            note({"number_index": index, "scts": decoded.scts})
            self._deliver(connection, raw, sender, [(ident, decoded)], complete=True)
            return
        found: dict[str, Any] = {
            "kind": "part",
            "number_index": index,
            "scts": decoded.scts,
            "concat_reference": concat.reference,
            "concat_total": concat.total,
            "concat_number": concat.number,
            "concat_wide": concat.wide,
        }
        note(found)
        parts = {row["concat_number"]: row for row in inbox.parts_like(connection, found)}
        if len(parts) == concat.total:
            whole = [(row["id"], self._decode(row)) for row in parts.values()]
            self._deliver(connection, raw, sender, whole, complete=True)
            return
        text, now = decoded.text or "", raw.received_at
        self.replies.act_on_part(connection, index, sender, text, concat.number, ident, now)

    def _deliver(
        self,
        connection: Connection,
        raw: RawSms,
        sender: str,
        parts: Sequence[tuple[str, sms.Deliver]],
        *,
        complete: bool,
    ) -> None:
        """Put a message into the inbox and act on what it says."""
        now = raw.received_at
        text = sms.join([decoded for _, decoded in parts])
        ident = new_id("inb", now)
        index = self.keyring.index(sender)
        cut = not complete and all(one.concat is None or one.concat.number > 1 for _, one in parts)
        tier = self.replies.act(connection, index, sender, text, ident, now, cut=cut)
        if parts[0][1].concat is not None:
            self.replies.settle_parts(connection, index, [pdu for pdu, _ in parts], tier, now)
        values = {
            "id": ident,
            "number_index": index,
            "number_sealed": self.keyring.seal("inbox", "number", ident, sender),
            "text_sealed": self.keyring.seal("inbox", "text", ident, text),
            "tier": tier,
            "complete": complete,
            "modem": raw.modem,
            "sent_at": parts[0][1].scts,
            "received_at": now,
        }
        inbox.add(connection, values, [pdu for pdu, _ in parts])
        events.add(connection, now, "inbound.received", ident, detail=tier)
        about = {"inbound": ident, "pdus": [pdu for pdu, _ in parts], "tier": tier, "modem": raw.modem}
        self._taken.told.append(("inbound message", about))

    def _decode(self, row: RowMapping) -> sms.Deliver:
        return sms.decode_deliver(self._raw(row).pdu)

    def _raw(self, row: RowMapping) -> RawSms:
        return RawSms(
            pdu=self.keyring.open("inbound", "pdu", row["id"], row["pdu_sealed"]),
            modem=row["modem"],
            sim=row["sim"],
            route=row["route"],
            memory=None,
            index=None,
            received_at=row["received_at"],
        )

    def tidy(self, connection: Connection, now: datetime) -> None:
        """Show incomplete messages after a day; let go of reports that fit nothing after an hour."""
        groups: dict[tuple[Any, ...], list[RowMapping]] = {}
        for row in inbox.of_kind(connection, "part", before=now - _PARTIAL):
            key = ("number_index", "concat_reference", "concat_total", "concat_wide")
            groups.setdefault(tuple(row[name] for name in key), []).append(row)
        for rows in groups.values():
            parts = [(row["id"], self._decode(row)) for row in rows]
            sender = self.identify(parts[0][1].sender.number)
            self._deliver(connection, self._raw(rows[0]), sender, parts, complete=False)
        for row in inbox.of_kind(connection, "parked", before=now - _FORGET_REPORT):
            inbox.amend(connection, row["id"], {"kind": "report"})


def _leave(_connection: Connection, _raw: RawSms, _ident: str, note: Note) -> None:
    """Journal a PDU and leave it for later."""
    note({})
