"""Bodies and queries about templates."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from api.schema.base import (
    Input,
    Language,
    Output,
    Purpose,
    Query,
    SlotName,
    Slots,
    TemplateName,
    no_controls,
)
from api.schema.messages import ReasonOut
from gateway.records import TemplateRequest

Text = Annotated[str, Field(max_length=100)]
SlotSpec = Annotated[
    dict[SlotName, Text | Annotated[list[Text], Field(max_length=200)]],
    Field(max_length=8, description="`type`, and what that type allows: choices, style, after."),
]


class NewTemplate(Input):
    """A new version of a template; it sends nothing until another person approves it (3.3)."""

    name: TemplateName
    purpose: Purpose
    body: Annotated[str, Field(min_length=1, max_length=612), AfterValidator(no_controls)]
    slots: Annotated[dict[SlotName, SlotSpec], Field(max_length=20)] = Field(default_factory=dict)
    language: Language = "en"
    urgent: bool = False
    on_doubt: Literal["ask", "resend"] = "ask"

    def request(self) -> TemplateRequest:
        """Return what the use case takes."""
        return TemplateRequest(
            name=self.name,
            purpose=self.purpose,
            body=self.body,
            slots=self.slots,
            language=self.language,
            urgent=self.urgent,
            on_doubt=self.on_doubt,
        )


class TemplateFilter(Query):
    """Which versions; what is left out is no condition."""

    name: TemplateName | None = None
    status: Literal["draft", "approved", "retired"] | None = None


class Values(Input):
    """Values of a template's slots."""

    slots: Slots = Field(default_factory=dict)


class Preview(Output):
    """The text as it would be sent, and what it would cost."""

    text: str
    characters: int
    parts: int
    alphabet: str
    units: int = Field(description="Septets, or UTF-16 units.")
    forced_by: str | None = Field(description="The character that forces UCS-2.")
    reasons: tuple[ReasonOut, ...] = Field(description="Why it may not be sent with these values.")


class Template(Output):
    """One version of a template."""

    id: str
    name: str
    version: int
    language: str
    purpose: str
    body: str
    slots: dict[str, dict[str, Any]]
    urgent: bool
    on_doubt: str
    status: str = Field(description="draft, approved or retired.")
    author: str
    approver: str | None
    created_at: datetime
    approved_at: datetime | None
    expires_at: datetime | None = Field(description="Of the approval.")
