"""Bodies and queries about the wordings of consent, and consents that wait to be confirmed by text."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schema.base import Input, Language, Output, Query, no_controls
from api.schema.recipients import NewConsent


class NewWording(Input):
    """What people are shown when they agree, word for word."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    text: Annotated[str, Field(min_length=1, max_length=5000), AfterValidator(no_controls)]


class Wording(Output):
    """One version of a wording; it never changes."""

    id: str
    name: str
    version: int
    text: str
    text_hash: str = Field(description="SHA-256 of the text in UTF-8.")
    recorded_by: str
    created_at: datetime


class NewOptIn(NewConsent):
    """A form by which a person asked to be texted, and where it is kept; `given_at` is when they asked."""

    language: Language | None = Field(None, description="Of the text; default: the contact's.")


class OptIn(Output):
    """A person asked by form to be texted, and was asked once to confirm it by text."""

    id: str
    number: str
    purposes: tuple[str, ...]
    method: str
    wording: str
    recorded_by: str
    asked_at: datetime
    expires_at: datetime = Field(description="A reply after that is none.")
    message_id: str
    status: str = Field(description="waiting, confirmed or lapsed.")
    ended_at: datetime | None


class Soon(Query):
    """How far to look ahead."""

    days: Annotated[int, Field(ge=1, le=366)] = 60
