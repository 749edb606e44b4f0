"""Contacts and groups: whom a school writes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRequest:
    """A name with a number. One number may belong to several contacts: a mother of two pupils is two."""

    number: str
    name: str
    language: str | None = None  # in which they want to be written to; None: not known
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact, the groups that it is in, and whether its number may be written to at all."""

    id: str
    number: str
    name: str
    language: str | None
    labels: tuple[str, ...]
    groups: tuple[str, ...]  # their names
    opted_out: bool  # of everything
    suspect: bool  # wrong or dead, until it is verified (4.3)
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ContactLine:
    """What became of one line of a list."""

    line: int
    contact: str
    outcome: str  # added | changed | unchanged
    opted_out: bool  # the list changes nothing about that


@dataclass(frozen=True, slots=True)
class ContactReport:
    """A list of contacts: all of it, or (with faults) nothing."""

    lines: tuple[ContactLine, ...]
    faults: tuple[tuple[int, str, str], ...]  # line, column, what to do

    def count(self, outcome: str) -> int:
        """Return how many lines came to this."""
        return sum(line.outcome == outcome for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRequest:
    """A group: a short name that batches use, and what people call it."""

    name: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group and its size: contacts, and numbers, of which each gets one text."""

    id: str
    name: str
    label: str
    contacts: int
    numbers: int
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class SuspectView:
    """A number (known here only by its keyed hash) that seems to be wrong or dead."""

    id: str
    reason: str  # failures | wrong_number | staff
    failures: int  # in a row, for good
    source: str  # the message or reply that showed it
    since: datetime
    contacts: tuple[str, ...]  # whose number it is
