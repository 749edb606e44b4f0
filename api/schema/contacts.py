"""Bodies and queries about contacts, groups, and numbers in doubt."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schema.base import Input, Language, Line, Output, Paging, Phone, PhoneQuery, no_controls
from gateway.records import ContactRequest, GroupRequest

GroupName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", description="Such as year-7.")]
Label = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
ContactId = Annotated[str, Field(pattern=r"^ctc_[0-9a-z]{26}$")]
Ids = Annotated[list[ContactId], Field(max_length=1000)]


class ContactFilter(Paging):
    """Which contacts; what is left out is no condition."""

    number: PhoneQuery | None = None
    group: GroupName | None = None


class NewContact(Input):
    """A name with a number. It permits nothing: consent does (4.1)."""

    number: Phone
    name: Annotated[str, Field(min_length=1, max_length=80), AfterValidator(no_controls)]
    language: Language | None = Field(None, description="In which they want to be written to.")
    labels: Annotated[list[Label], Field(max_length=20)] = Field(default_factory=list)

    def request(self) -> ContactRequest:
        """Return what the use case takes."""
        return ContactRequest(
            number=self.number, name=self.name, language=self.language, labels=tuple(self.labels)
        )


class Contact(Output):
    """A contact, and whether its number may be written to at all."""

    id: str
    number: str
    name: str
    language: str | None
    labels: tuple[str, ...]
    groups: tuple[str, ...] = Field(description="Their names.")
    opted_out: bool = Field(description="Of everything.")
    suspect: bool = Field(description="The number is wrong or dead, until it is verified (4.3).")
    created_at: datetime
    updated_at: datetime


class ContactCsv(Input):
    """A list with a header: number, name[, language, labels, groups]."""

    text: str


class ContactResult(Output):
    """What became of one line."""

    line: int
    contact: str
    outcome: str = Field(description="added, changed or unchanged.")
    opted_out: bool = Field(description="Still not to be texted (4.3).")


class ContactsImported(Output):
    """All lines of a list are on record."""

    added: int
    changed: int
    unchanged: int
    lines: tuple[ContactResult, ...]


class NewGroup(Input):
    """A group that batches may go to."""

    name: GroupName
    label: Annotated[str, Field(max_length=80), AfterValidator(no_controls)] = ""

    def request(self) -> GroupRequest:
        """Return what the use case takes."""
        return GroupRequest(name=self.name, label=self.label)


class Group(Output):
    """A group and its size."""

    id: str
    name: str
    label: str
    contacts: int
    numbers: int = Field(description="Each gets one text, however many contacts share it.")
    created_at: datetime
    updated_at: datetime


class Members(Input):
    """Who joins a group and who leaves it, by the ids of contacts."""

    join: Ids = Field(default_factory=list)
    leave: Ids = Field(default_factory=list)


class NewSuspect(Input):
    """A number that staff believe to be wrong."""

    number: Phone


class Suspect(Output):
    """A number that is blocked until it is verified (4.3), known only by its keyed hash."""

    id: str
    reason: str = Field(description="failures, wrong_number or staff.")
    failures: int = Field(description="For good, in a row.")
    source: str = Field(description="The message or reply that showed it, or who said so.")
    since: datetime
    contacts: tuple[str, ...] = Field(description="Whose number it is.")


class Verified(Input):
    """A person has asked the owner of the number."""

    evidence: Line = Field(description="How and when; kept sealed.")
