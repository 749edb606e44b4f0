"""A whole list of contacts at once, or (with any fault) nothing of it; an opt-out stays in force (4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from gateway.contact_list import Line, read_list
from gateway.contacts import Contacts
from gateway.ids import new_id
from gateway.lists import ListFault
from gateway.records import Caller, ContactLine, ContactReport
from gateway.store import audit, groups, recipients
from gateway.store import contacts as store

_Place = tuple[bytes, bytes]  # the indexes of number and name: what makes a contact one


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line that can be taken in."""

    line: Line
    row: Mapping[str, Any]

    @property
    def place(self) -> _Place:
        return self.row["number_index"], self.row["name_index"]


@dataclass(slots=True)
class ContactImport:
    """Takes in lists; what is on record by the same number and name is brought up to date."""

    contacts: Contacts

    async def __call__(self, caller: Caller, text: str) -> ContactReport:
        """Take in a list in one transaction; return what became of each line, or every fault."""
        now = self.contacts.clock()
        lines, faults = read_list(text)
        entries = []
        for line in lines:
            number, found = self.contacts.judge(line.request)
            faults += [(line.number, fault.field, fault.message) for fault in found]
            if not found:
                entries.append(_Entry(line, self.contacts.row(new_id("ctc", now), line.request, number, now)))
        faults += _twice(entries)
        if faults:
            return ContactReport((), tuple(sorted(faults)))
        return await self.contacts.database.write(lambda c: self._take(c, caller, entries, now))

    def _take(
        self, connection: Connection, caller: Caller, entries: Sequence[_Entry], now: datetime
    ) -> ContactReport:
        wanted = {name for entry in entries for name in entry.line.groups}
        known = groups.named(connection, wanted)
        if wanted - known.keys():
            return ContactReport((), tuple(_unknown(entries, known)))
        indexes = [entry.place[0] for entry in entries]
        before = store.of_numbers(connection, list(dict.fromkeys(indexes)))
        kept = self._write(connection, caller, entries, before, now)
        joined = self._join(connection, caller, entries, kept, known, now)
        facts = recipients.facts(connection, indexes)
        lines = tuple(
            ContactLine(
                line=entry.line.number,
                contact=kept[entry.place],
                outcome=_outcome(entry, before.get(entry.place), joined),
                opted_out="" in facts[entry.place[0]].suppressed,
            )
            for entry in entries
        )
        report = ContactReport(lines, ())
        _note(connection, caller, report, now)
        return report

    def _write(
        self,
        connection: Connection,
        caller: Caller,
        entries: Sequence[_Entry],
        before: Mapping[_Place, RowMapping],
        now: datetime,
    ) -> Mapping[_Place, str]:
        """Add and change contacts; return the id of each."""
        origin = self.contacts.origin(caller, now)
        new = [entry.row for entry in entries if entry.place not in before]
        store.add(connection, [{**row, **origin} for row in new])
        differ = [e for e in entries if e.place in before and _differs(e.row, before[e.place])]
        store.change(connection, [_onto(entry.row, before[entry.place]) for entry in differ])
        return {e.place: before[e.place]["id"] if e.place in before else e.row["id"] for e in entries}

    def _join(
        self,
        connection: Connection,
        caller: Caller,
        entries: Sequence[_Entry],
        kept: Mapping[_Place, str],
        known: Mapping[str, str],
        now: datetime,
    ) -> set[str]:
        """Put contacts into groups; return those that were not in one of theirs before."""
        joined: set[str] = set()
        grown: set[str] = set()
        for entry in entries:
            contact = kept[entry.place]
            rows = [
                {
                    "group_id": known[name],
                    "contact_id": contact,
                    "number_index": entry.place[0],
                    "added_by": caller.handle,
                    "added_at": now,
                }
                for name in entry.line.groups
            ]
            if rows and groups.join(connection, rows):
                joined.add(contact)
                grown |= {known[name] for name in entry.line.groups}
        groups.touch(connection, grown, now)
        return joined


def _twice(entries: Sequence[_Entry]) -> Iterator[ListFault]:
    first: dict[_Place, int] = {}
    for entry in entries:
        line = first.setdefault(entry.place, entry.line.number)
        if line != entry.line.number:
            yield entry.line.number, "name", f"the same contact stands in line {line}"


def _unknown(entries: Sequence[_Entry], known: Mapping[str, str]) -> Iterator[ListFault]:
    for entry in entries:
        for name in dict.fromkeys(entry.line.groups):
            if name not in known:
                yield entry.line.number, "groups", f"there is no group {name[:64]}; add it first"


def _differs(row: Mapping[str, Any], before: RowMapping) -> bool:
    return (row["language"], row["labels"]) != (before["language"], before["labels"])


def _onto(row: Mapping[str, Any], before: RowMapping) -> Mapping[str, Any]:
    """Return what changes of a contact that is there: its seals stay, for they are bound to its id."""
    kept = ("id", "number_index", "number_sealed", "name_index", "name_sealed")
    return {**row, **{name: before[name] for name in kept}}


def _outcome(entry: _Entry, before: RowMapping | None, joined: set[str]) -> str:
    if before is None:
        return "added"
    return "changed" if before["id"] in joined or _differs(entry.row, before) else "unchanged"


def _note(connection: Connection, caller: Caller, report: ContactReport, now: datetime) -> None:
    audit.record(
        connection,
        now,
        actor=caller.handle,
        action="contacts-imported",
        target="contacts",
        outcome="recorded",
        clauses=["4.3"],
        detail={
            **{outcome: report.count(outcome) for outcome in ("added", "changed", "unchanged")},
            "opted_out": sum(line.opted_out for line in report.lines),
        },
    )
