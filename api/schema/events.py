"""Bodies and queries about events, and where they are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from api.schema.base import Input, Instant, Output, Query, no_controls
from gateway.records import EndpointRequest

_TYPE = r"^(\*|[a-z]{2,16}\.(\*|[a-z_]{2,24}))$"
EventType = Annotated[str, Field(pattern=_TYPE, max_length=40, description="message.sent, message.* or *.")]
Seq = Annotated[int, Field(ge=0, le=2**53, description="The number of an event.")]


class EventFilter(Query):
    """Which events; what is left out is no condition."""

    types: Annotated[
        str | None, Field(max_length=500, pattern=r"^[a-z_.*]+(,[a-z_.*]+)*$", description="a,b or a.*")
    ] = None
    after: Seq | None = None


class EventPaging(EventFilter):
    """Which page of the events, oldest first."""

    cursor: Seq | None = Field(None, description="From `links.next`.")
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class EventOut(Output):
    """Something that happened: ids and codes, never a number or a text."""

    seq: int = Field(description="Grows; the cursor to go on from.")
    id: str = Field(description="The same wherever the event is told.")
    type: str
    at: datetime
    subject: str = Field(description="The id of what it happened to.")
    detail: str | None = Field(description="A code, such as the reason of a cancellation.")
    reference: str | None = Field(description="Of the message, as its sender gave it.")
    batch_id: str | None


class NewEndpoint(Input):
    """Where events are to be sent, and which."""

    url: Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(no_controls)]
    types: Annotated[list[EventType], Field(min_length=1, max_length=50)]
    with_text: bool = Field(
        False, description="Send what came in, and from whom, with inbound.received (4.2)."
    )
    description: Annotated[str, Field(max_length=100), AfterValidator(no_controls)] = ""

    def request(self) -> EndpointRequest:
        """Return what the use case takes."""
        return EndpointRequest(
            url=self.url, types=tuple(self.types), with_text=self.with_text, description=self.description
        )


class Endpoint(Output):
    """An endpoint, without its secret."""

    id: str
    url: str
    description: str
    types: tuple[str, ...]
    with_text: bool
    status: str = Field(description="active, or disabled: it answered 410. A change makes it active again.")
    created_at: datetime


class EndpointWithSecret(Endpoint):
    """An endpoint and its secret, which is shown this once."""

    secret: str = Field(description="whsec_… (Standard Webhooks)")


class Delivery(Output):
    """What became of one event at one endpoint."""

    id: str
    event_seq: int
    event_id: str | None = Field(description="The webhook-id; null when the event is older than two weeks.")
    type: str | None
    status: str = Field(description="delivered, retrying, or failed: given up after two days.")
    attempts: int
    first_at: datetime
    last_at: datetime
    next_at: datetime | None
    answer: str = Field(description="The HTTP status, or why there was none.")


class Since(Input):
    """From when on everything is sent again."""

    since: Instant
