"""What all bodies and queries have in common, and the kinds of field they are made of."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Generic, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from gateway.records import Page

T = TypeVar("T", bound="Output")

_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_YEARS: Final = range(2000, 2101)
LATER: Final = True  # a validator is built when it is first used: all of them are 2 MB


class Input(BaseModel):
    """What a caller sends: every field is known, nothing is guessed from another type."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=LATER
    )


class Query(Input):
    """What a caller asks for in the address; there every value is text."""

    model_config = ConfigDict(strict=False)

    MANY: ClassVar[frozenset[str]] = frozenset()  # what may be given more than once


class Nothing(Input):
    """Neither a body nor a query."""


class Output(BaseModel):
    """What a caller gets: made of a record of the same shape."""

    model_config = ConfigDict(
        from_attributes=True,
        frozen=True,
        json_schema_serialization_defaults_required=True,
        defer_build=LATER,
    )

    @classmethod
    def of(cls, record: object) -> Self:
        """Make it of a use case's record."""
        return cls.model_validate(record)

    def encoded(self) -> bytes:
        """Return it as JSON."""
        return self.model_dump_json().encode()


def _instant(value: object) -> object:
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be an instant with its zone, such as 2026-09-01T08:30:00Z")
    return value


def _sane_year(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError(f"the year must be {_YEARS.start} to {_YEARS.stop - 1}")
    return value


def no_controls(value: str) -> str:
    """Refuse control characters, except the line feed."""
    if any(unicodedata.category(char) == "Cc" and char != "\n" for char in value):
        raise ValueError("must not contain control characters")
    return value


def _plus(value: Any) -> Any:  # noqa: ANN401 - whatever the caller sent
    """Put back the plus that an address turned into a space."""
    return f"+{value[1:]}" if isinstance(value, str) and value[:2] == " 4" else value


def _zoned(value: Any) -> Any:  # noqa: ANN401
    """Put back the plus of a zone that an address turned into a space."""
    return re.sub(r" (\d\d:\d\d)$", r"+\1", value) if isinstance(value, str) else value


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_instant),
    AfterValidator(_sane_year),
    Field(strict=False, description="RFC 3339, with its zone."),
]
Phone = Annotated[
    str, Field(min_length=1, max_length=60, description="A telephone number; +447… is the best form.")
]
PhoneQuery = Annotated[Phone, BeforeValidator(_plus)]
InstantQuery = Annotated[Instant, BeforeValidator(_zoned)]
TemplateName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
Purpose = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="One of the policy's purposes.")
]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$", description="A tag such as en or cy.")]
SlotName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
Reference = Annotated[
    str,
    Field(min_length=1, max_length=64, description="Your own name for it: no personal data."),
    AfterValidator(no_controls),
]
Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(no_controls)]
Slots = Annotated[
    dict[SlotName, Annotated[str, Field(max_length=200)]],
    Field(max_length=20, description="A value for each slot of the template."),
]
Seconds = Annotated[
    int, Field(ge=60, le=604_800, description="How long to try, in seconds; default: the gateway's.")
]
Cursor = Annotated[str, Field(pattern=r"^[a-z]{2,8}_[0-9a-z]{26}$", description="From `links.next`.")]


class Paging(Query):
    """Which page of a listing."""

    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Links(Output):
    """Where to go on."""

    next: str | None = Field(description="The address of the next page; null on the last.")


class Listing(Output, Generic[T]):
    """One page of a listing."""

    items: tuple[T, ...]
    links: Links

    @classmethod
    def page(cls, kind: type[T], page: Page[Any], following: str | None) -> Self:
        """Make it of a use case's page and the address of the following one."""
        return cls(items=tuple(kind.of(item) for item in page.items), links=Links(next=following))
