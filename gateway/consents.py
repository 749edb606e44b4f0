"""Consent with its evidence: recorded singly or by list, never clearing an opt-out (4.1, 4.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, RowMapping

from gateway.consent_list import read_list, write_list
from gateway.consent_rows import consent_rows, enter, note
from gateway.errors import Fault, Invalid, NotFound
from gateway.model import Clock
from gateway.numbers import telephone
from gateway.records import Caller, ConsentRequest, ConsentView, ImportedLine, ImportReport, Page
from gateway.store import Database, Keyring, audit, recipients
from gateway.store import consents as store
from policy import Number, PolicySettings, normalise

METHODS: Final = ("paper_form", "web_form", "spoken", "email", "sms")
_LONGEST: Final = 500


@dataclass(slots=True)
class Consents:
    """The register of consents."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock
    allow_drama: bool = False  # numbers reserved for fiction, for the virtual network

    async def record(self, caller: Caller, request: ConsentRequest) -> tuple[ConsentView, ...]:
        """Put a consent on record, one row for each purpose; raise `Invalid` with every fault."""
        now = self.clock()
        number = self.judged(request, now)
        return await self.database.write(lambda c: self.put(c, caller.handle, number, request, now))

    def judged(self, request: ConsentRequest, now: datetime) -> str:
        """Return the number in its one form; raise `Invalid` with every fault of the request."""
        number, faults = self._judge(request, now)
        if faults:
            raise Invalid(faults)
        return number

    def put(
        self, connection: Connection, by: str, number: str, request: ConsentRequest, now: datetime
    ) -> tuple[ConsentView, ...]:
        """Put what was judged on record, in the caller's transaction."""
        rows = consent_rows(self.keyring, self.settings, by, number, request, now)
        enter(connection, "consent-recorded", by, rows, now)
        return tuple(self._view(row) for row in rows)

    async def import_csv(self, caller: Caller, text: str) -> ImportReport:
        """Record a whole list, or (with any fault) nothing of it.

        An opt-out on record stays in force, whatever the list says (4.3); such lines are counted.
        """
        now = self.clock()
        listed, faults = read_list(text)
        judged = [(line, *self._judge(line.request, now)) for line in listed]
        faults += [(line.number, f.field, f.message) for line, _, found in judged for f in found]
        if faults:
            return ImportReport((), tuple(sorted(faults)))

        by = caller.handle
        made = [
            (line.number, consent_rows(self.keyring, self.settings, by, number, line.request, now))
            for line, number, _ in judged
        ]
        indexes = [row["number_index"] for _, rows in made for row in rows]

        def transaction(connection: Connection) -> ImportReport:
            enter(connection, "consent-imported", by, [row for _, rows in made for row in rows], now)
            found = recipients.facts(connection, indexes)
            lines = (
                ImportedLine(line, len(rows), any(found[row["number_index"]].suppressed for row in rows))
                for line, rows in made
            )
            return ImportReport(tuple(lines), ())

        return await self.database.write(transaction)

    async def list(
        self, *, number: str | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[ConsentView]:
        """Return consents, newest first; of one number, if given."""
        index = None if number is None else self.keyring.index(telephone(number, self.settings))
        rows = await self.database.read(lambda c: store.page(c, index, cursor, limit + 1))
        shown = rows[:limit]
        return Page(tuple(self._view(row) for row in shown), shown[-1]["id"] if len(rows) > limit else None)

    async def expiring(self, days: int) -> tuple[ConsentView, ...]:
        """Return the consents that end within so many days and that no later one replaces, by their end."""
        now = self.clock()
        rows = await self.database.read(lambda c: store.ending(c, now, now + timedelta(days=days)))
        return tuple(self._view(row) for row in rows)

    async def export(self, caller: Caller) -> str:
        """Return the consents that were not withdrawn as a list that can be imported; it is noted who did."""

        def transaction(connection: Connection) -> Sequence[RowMapping]:
            rows = store.standing(connection)
            audit.record(
                connection,
                self.clock(),
                actor=caller.handle,
                action="consents-exported",
                target="consents",
                outcome="ok",
                clauses=["4.1"],
                detail={"consents": len(rows)},
            )
            return rows

        rows = await self.database.write(transaction)
        return await asyncio.to_thread(write_list, (self._request(row) for row in rows))

    def _request(self, row: RowMapping) -> ConsentRequest:
        return ConsentRequest(
            number=self.keyring.open("consent", "number", row["id"], row["number_sealed"]),
            purposes=(row["purpose"],),
            method=row["method"],
            wording=row["wording"],
            evidence=self.keyring.open("consent", "evidence", row["id"], row["evidence_sealed"]),
            given_at=row["given_at"],
            expires_at=row["expires_at"],
        )

    async def withdraw(self, caller: Caller, ident: str) -> ConsentView:
        """End one consent; the record stays. Withdrawing twice changes nothing."""

        def transaction(connection: Connection) -> ConsentView:
            now = self.clock()
            row = store.one(connection, ident)
            if row is None:
                raise NotFound(f"there is no consent {ident}")
            if store.withdraw(connection, ident, by=caller.handle, now=now):
                note(connection, caller.handle, "consent-withdrawn", [row], now)
            return self._view(store.one(connection, ident) or row)

        return await self.database.write(transaction)

    def _judge(self, request: ConsentRequest, now: datetime) -> tuple[str, tuple[Fault, ...]]:
        """Return the number in its one form, and every fault of the request."""
        found = normalise(request.number, self.settings, allow_drama=self.allow_drama)
        faults = list(self._faults(request, now))
        if isinstance(found, Number):
            return found.e164, tuple(faults)
        return "", (Fault("number", found.message), *faults)

    def _faults(self, request: ConsentRequest, now: datetime) -> Iterator[Fault]:
        known = ", ".join(self.settings.purposes)
        if not request.purposes:
            yield Fault("purposes", f"name one or more of {known}")
        if unknown := set(request.purposes) - set(self.settings.purposes):
            of = f"{len(unknown)} of them are" if len(unknown) > 1 else "one of them is"
            yield Fault("purposes", f"{of} no purpose; purposes: {known}")
        if request.method not in METHODS:
            yield Fault("method", f"must be one of {', '.join(METHODS)}")
        for field in ("wording", "evidence"):
            if not 1 <= len(getattr(request, field).strip()) <= _LONGEST:
                yield Fault(
                    field, f"must have 1 to {_LONGEST} characters: without evidence there is no consent"
                )
        if request.given_at > now:
            yield Fault("given_at", "lies in the future")
        if request.expires_at is not None and request.expires_at <= request.given_at:
            yield Fault("expires_at", "must be later than given_at")

    def _view(self, row: Mapping[str, Any] | RowMapping) -> ConsentView:
        return ConsentView(
            id=row["id"],
            number=self.keyring.open("consent", "number", row["id"], row["number_sealed"]),
            purpose=row["purpose"],
            method=row["method"],
            wording=row["wording"],
            recorded_by=row["recorded_by"],
            given_at=row["given_at"],
            expires_at=row["expires_at"],
            withdrawn_at=row["withdrawn_at"],
            wording_id=row["wording_id"],
        )
