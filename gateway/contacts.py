"""Contacts: a name, a number and the language to write in. They permit nothing: consent does (4.1)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping

from gateway.contact_list import write_list
from gateway.errors import Conflict, Fault, Invalid, NotFound, PreconditionFailed
from gateway.ids import new_id
from gateway.model import Clock
from gateway.numbers import telephone
from gateway.records import Caller, ContactRequest, ContactView, Page
from gateway.store import Database, Keyring, audit, duties, recipients
from gateway.store import contacts as store
from policy import Number, PolicySettings, normalise

LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_LONGEST_NAME: Final = 80
_MOST_LABELS: Final = 20
_EXPORTED: Final = 500  # contacts read at once


@dataclass(slots=True)
class Contacts:
    """The address book."""

    database: Database
    keyring: Keyring
    settings: PolicySettings
    clock: Clock
    allow_drama: bool = False  # numbers reserved for fiction, for the virtual network

    async def add(self, caller: Caller, request: ContactRequest) -> ContactView:
        """Enter a contact; raise `Invalid` with every fault, `Conflict` where there is one already."""
        number = self._checked(request)

        def transaction(connection: Connection) -> ContactView:
            now = self.clock()
            row = self.row(new_id("ctc", now), request, number, now)
            self._refuse_twin(connection, row)
            store.add(connection, [row | self.origin(caller, now)])
            self._note(connection, caller, "contact-added", row["id"], now)
            return self._one(connection, row["id"])

        return await self.database.write(transaction)

    async def change(
        self, caller: Caller, ident: str, request: ContactRequest, seen: str | None = None
    ) -> ContactView:
        """Replace what a contact is; `PreconditionFailed` where it is not as the tag `seen` says any more.

        Raises `Conflict` for another number or name while the present number is under a legal hold.
        """
        number = self._checked(request)

        def transaction(connection: Connection) -> ContactView:
            now = self.clock()
            self._as_seen(connection, ident, seen)
            row, before = self.row(ident, request, number, now), store.one(connection, ident)
            if before is not None and any(before[key] != row[key] for key in ("number_index", "name_index")):
                _refuse_held(connection, before)
            self._refuse_twin(connection, row)
            store.change(connection, [row])
            self._note(connection, caller, "contact-changed", ident, now)
            return self._one(connection, ident)

        return await self.database.write(transaction)

    async def remove(self, caller: Caller, ident: str, seen: str | None = None) -> None:
        """Remove a contact from the book and its groups; consents, opt-outs and messages stay.

        Raises `Conflict` where its number is under a legal hold.
        """

        def transaction(connection: Connection) -> None:
            self._as_seen(connection, ident, seen)
            row = store.one(connection, ident)
            if row is not None:
                _refuse_held(connection, row)
            store.remove(connection, ident)
            self._note(connection, caller, "contact-removed", ident, self.clock())

        await self.database.write(transaction)

    async def get(self, ident: str) -> ContactView:
        """Return one contact."""
        return await self.database.read(lambda c: self._one(c, ident))

    async def list(
        self,
        *,
        number: str | None = None,
        group: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[ContactView]:
        """Return contacts, newest first; of one number or one group, if given."""
        index = None if number is None else self.keyring.index(telephone(number, self.settings))

        def query(connection: Connection) -> Page[ContactView]:
            rows = store.page(connection, index, group, cursor, limit + 1)
            shown = self.views(connection, rows[:limit])
            return Page(shown, rows[limit - 1]["id"] if len(rows) > limit else None)

        return await self.database.read(query)

    async def export(self, caller: Caller) -> str:
        """Return all contacts as a list that can be imported; it is noted who took it."""
        found: list[ContactView] = []
        cursor: str | None = None
        while True:
            page = await self.list(cursor=cursor, limit=_EXPORTED)
            found += page.items
            if (cursor := page.next) is None:
                break

        def note(connection: Connection) -> None:
            detail = {"contacts": len(found)}
            self._note(connection, caller, "contacts-exported", "contacts", self.clock(), detail)

        await self.database.write(note)
        return write_list(found)

    def judge(self, request: ContactRequest) -> tuple[str, tuple[Fault, ...]]:
        """Return the number in its one form, and every fault of the request."""
        found = normalise(request.number, self.settings, allow_drama=self.allow_drama)
        faults = tuple(_faults(request))
        if isinstance(found, Number):
            return found.e164, faults
        return "", (Fault("number", found.message), *faults)

    def _checked(self, request: ContactRequest) -> str:
        number, faults = self.judge(request)
        if faults:
            raise Invalid(faults)
        return number

    def row(self, ident: str, request: ContactRequest, number: str, now: datetime) -> dict[str, Any]:
        """Return what may change about a contact, sealed."""
        name = " ".join(request.name.split())
        return {
            "id": ident,
            "number_index": self.keyring.index(number),
            "number_sealed": self.keyring.seal("contact", "number", ident, number),
            "name_index": self.keyring.index(f"name {name.casefold()}"),
            "name_sealed": self.keyring.seal("contact", "name", ident, name),
            "language": request.language,
            "labels": list(dict.fromkeys(request.labels)),
            "updated_at": now,
        }

    def origin(self, caller: Caller, now: datetime) -> dict[str, Any]:
        """Return what never changes about a contact."""
        return {"version": 1, "recorded_by": caller.handle, "created_at": now}

    def _refuse_twin(self, connection: Connection, row: Mapping[str, Any]) -> None:
        twin = store.same(connection, row["number_index"], row["name_index"])
        if twin not in (None, row["id"]):
            raise Conflict("CONTACT_EXISTS", f"{twin} has the same name and number")

    def _as_seen(self, connection: Connection, ident: str, seen: str | None) -> None:
        row = store.one(connection, ident)
        if row is None:
            raise NotFound(f"there is no contact {ident}")
        if seen is not None and tag(ident, row["version"]) != seen:
            raise PreconditionFailed("the contact has been changed since: read it again")

    def _one(self, connection: Connection, ident: str) -> ContactView:
        row = store.one(connection, ident)
        if row is None:
            raise NotFound(f"there is no contact {ident}")
        return self.views(connection, [row])[0]

    def views(self, connection: Connection, rows: Sequence[RowMapping]) -> tuple[ContactView, ...]:
        """Return rows as people may read them, with what is known of their numbers."""
        groups = store.groups_of(connection, [row["id"] for row in rows])
        facts = recipients.facts(connection, [row["number_index"] for row in rows])
        return tuple(
            ContactView(
                id=row["id"],
                number=self.keyring.open("contact", "number", row["id"], row["number_sealed"]),
                name=self.keyring.open("contact", "name", row["id"], row["name_sealed"]),
                language=row["language"],
                labels=tuple(row["labels"]),
                groups=groups[row["id"]],
                opted_out="" in facts[row["number_index"]].suppressed,
                suspect=facts[row["number_index"]].is_suspect(self.settings.suspect_after),
                version=row["version"],
                created_at=row["created_at"],
                updated_at=row["updated_at"],
            )
            for row in rows
        )

    def _note(
        self,
        connection: Connection,
        caller: Caller,
        action: str,
        target: str,
        now: datetime,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        audit.record(
            connection,
            now,
            actor=caller.handle,
            action=action,
            target=target,
            outcome="recorded",
            clauses=["4.3"],
            detail=detail or {},
        )


def _refuse_held(connection: Connection, row: RowMapping) -> None:
    if duties.is_held(connection, row["number_index"]):
        raise Conflict("LEGAL_HOLD", "under its legal hold nothing of this number is removed (1.2)")


def tag(ident: str, version: int) -> str:
    """Return the mark of a contact or group as it is now."""
    return f"{ident}-{version}"


def _faults(request: ContactRequest) -> Iterator[Fault]:
    name = " ".join(request.name.split())
    if not 1 <= len(name) <= _LONGEST_NAME:
        yield Fault("name", f"must have 1 to {_LONGEST_NAME} characters")
    elif not _is_name(name):
        yield Fault("name", "must begin with a letter or digit and have no hidden characters")
    if request.language is not None and not LANGUAGE.fullmatch(request.language):
        yield Fault("language", "must be a language tag such as en, cy or ur")
    if len(request.labels) > _MOST_LABELS:
        yield Fault("labels", f"{_MOST_LABELS} at most")
    if not all(_LABEL.fullmatch(label) for label in request.labels):
        yield Fault("labels", "each must be small letters, digits, - and _, such as year-7")


def _is_name(name: str) -> bool:
    """Say whether it is what it seems; "=…" would be a formula to a spreadsheet that opens the export."""
    hidden = any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cs") for char in name)
    return name[0].isalnum() and not hidden
