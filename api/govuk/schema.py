"""What Notify's clients send."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from api.govuk.words import slot_name
from api.schema.base import Input, Query, no_controls

_LONGEST = 1000  # characters of a reference, as Notify has it
_Id = Annotated[str, Field(max_length=100)]


def _spoken(values: Any) -> Any:  # noqa: ANN401 - whatever the caller sent
    """Return the values under our names for slots, numbers as words, as Notify takes them; null is none."""
    if not isinstance(values, dict):
        return {} if values is None else values
    return {slot_name(str(name)): _word(value) for name, value in values.items() if value is not None}


def _word(value: Any) -> Any:  # noqa: ANN401
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Personalisation = Annotated[
    dict[str, Annotated[str, Field(max_length=200)]], BeforeValidator(_spoken), Field(max_length=20)
]


class Sms(Input):
    """POST /v2/notifications/sms."""

    phone_number: Annotated[str, Field(min_length=1, max_length=60)]
    template_id: _Id
    personalisation: Personalisation = Field(default_factory=dict)
    reference: Annotated[
        str | None, Field(max_length=_LONGEST), AfterValidator(lambda v: v and no_controls(v))
    ] = None
    sms_sender_id: str | None = Field(None, max_length=100, description="There is one sender: not used.")


class Preview(Input):
    """POST /v2/template/{id}/preview."""

    personalisation: Personalisation = Field(default_factory=dict)


_Status = Literal["created", "sending", "pending", "sent", "delivered", "failed", "permanent-failure",
                  "temporary-failure", "technical-failure", "accepted", "received", "cancelled",
                  "pending-virus-check", "virus-scan-failed", "validation-failed",
                  "returned-letter"]  # fmt: skip
"""Of any kind of message, as Notify knows them; texts have the first nine."""


class Notifications(Query):
    """GET /v2/notifications."""

    MANY = frozenset({"status"})

    status: tuple[_Status, ...] = ()
    template_type: Literal["sms", "email", "letter"] | None = None
    reference: Annotated[str, Field(max_length=_LONGEST)] | None = None
    older_than: _Id | None = None
    include_jobs: str | None = Field(None, max_length=10)


class Received(Query):
    """GET /v2/received-text-messages."""

    older_than: _Id | None = None


class OfType(Query):
    """GET /v2/templates."""

    type: Literal["sms", "email", "letter"] | None = None
