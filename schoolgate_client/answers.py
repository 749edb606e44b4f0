"""What the API answers, as it comes: JSON objects with known keys. `/docs` says what each means."""

from __future__ import annotations

from typing import TypedDict


class Accepted(TypedDict):
    """A message is on the gateway's disk."""

    id: str
    status: str
    hold_reason: str | None
    parts: int


class Reason(TypedDict):
    """Why not, or why not yet."""

    code: str
    clause: str
    message: str
    retry: bool
    outcome: str
    field: str | None


class Check(TypedDict):
    """What a message would come to."""

    outcome: str
    reasons: list[Reason]
    text: str
    parts: int
    alphabet: str
    units: int
    forced_by: str | None
    parts_without: int | None
    queue: int
    seconds: float | None


class Message(TypedDict):
    """A message and where it is in its life."""

    id: str
    status: str
    hold_reason: str | None
    cancel_reason: str | None
    to: str
    purpose: str
    template: str | None
    text: str
    reference: str | None
    batch_id: str | None
    created_at: str
    updated_at: str
    not_before: str | None
    expires_at: str


class Result(TypedDict):
    """What became of one recipient of a batch."""

    position: int
    status: str
    id: str | None
    hold_reason: str | None
    parts: int | None
    reasons: list[Reason]


class BatchAccepted(TypedDict):
    """A batch was decided."""

    id: str
    status: str
    accepted: int
    refused: int
    results: list[Result]


class Foreseen(TypedDict):
    """What one recipient of a batch would come to."""

    position: int
    outcome: str
    reasons: list[Reason]
    parts: int


class BatchCheck(TypedDict):
    """What a batch would come to."""

    accepted: int
    refused: int
    parts: int
    needs_approval: bool
    queue: int
    seconds: float | None
    done_at: str | None
    results: list[Foreseen]


class Batch(TypedDict):
    """A batch and how far it is."""

    id: str
    status: str
    accepted: int
    refused: int
    created_at: str
    messages: dict[str, int]


class InboxMessage(TypedDict):
    """A message that came in."""

    id: str
    sender: str
    text: str
    tier: str
    complete: bool
    modem: str
    sent_at: str | None
    received_at: str


class OptOut(TypedDict):
    """An opt-out in force."""

    id: str
    topic: str
    source: str
    made_by: str
    since: str


class Forecast(TypedDict):
    """How long sending will take."""

    queue: int
    parts: int
    seconds: float | None
    done_at: str | None
    parts_per_minute: float | None


class Event(TypedDict):
    """Something that happened."""

    seq: int
    id: str
    type: str
    at: str
    subject: str
    detail: str | None
    reference: str | None
    batch_id: str | None
