"""What is asked, before anybody sends it: the same for both clients."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlencode

from schoolgate_client.answers import (
    Accepted,
    Batch,
    BatchAccepted,
    BatchCheck,
    Check,
    Event,
    Forecast,
    InboxMessage,
    Message,
    OptOut,
)

T = TypeVar("T")

TRIES = 4
_AGAIN = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 60.0  # seconds


class Page(dict[str, Any], Generic[T]):
    """One page of a listing."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request; `T` is the answer's type."""

    method: str
    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    harmless: bool = False  # asking twice does no more than asking once

    @property
    def data(self) -> bytes | None:
        """The body as octets."""
        return None if self.body is None else json.dumps(self.body).encode()

    def all_headers(self, key: str) -> dict[str, str]:
        """Every header, with the key."""
        media = {} if self.body is None else {"Content-Type": "application/json"}
        return {"Authorization": f"Bearer {key}", "Accept": "application/json", **media, **self.headers}

    @property
    def repeatable(self) -> bool:
        """Whether asking twice does no more than asking once."""
        return self.harmless or self.method in ("GET", "DELETE") or "Idempotency-Key" in self.headers

    def answer(self, raw: bytes) -> T:
        """Return the answer that a body holds; None for an empty one."""
        return cast("T", json.loads(raw) if raw else None)


def pause(status: int | None, retry_after: str | None, tries: int) -> float | None:
    """Return the seconds to wait before asking again; None where that is no use. No status: no answer."""
    if tries >= TRIES or (status is not None and status not in _AGAIN):
        return None
    if retry_after is not None and retry_after.isdecimal():
        return min(float(retry_after), _LONGEST_WAIT)
    return 0.25 * 4.0**tries


def _wanted(**values: object) -> dict[str, object]:
    """Return what was given; instants in RFC 3339."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
        if value is not None
    }


def _once(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key or str(uuid.uuid4())}


def send(to: str, template: str, slots: Mapping[str, str], key: str | None, **more: object) -> Call[Accepted]:
    """Send one message."""
    body = _wanted(to=to, template=template, slots=dict(slots), **more)
    return Call("POST", "/v1/messages", body, _once(key))


def check(to: str, template: str, slots: Mapping[str, str], **more: object) -> Call[Check]:
    """Say what a message would come to."""
    body = _wanted(to=to, template=template, slots=dict(slots), **more)
    return Call("POST", "/v1/messages/check", body, harmless=True)


def send_batch(
    template: str, recipients: Sequence[Mapping[str, object]], key: str | None, **more: object
) -> Call[BatchAccepted]:
    """Send the same template to many."""
    body = _wanted(template=template, recipients=list(recipients), **more)
    return Call("POST", "/v1/batches", body, _once(key))


def check_batch(
    template: str, recipients: Sequence[Mapping[str, object]], **more: object
) -> Call[BatchCheck]:
    """Say what a batch would come to."""
    body = _wanted(template=template, recipients=list(recipients), **more)
    return Call("POST", "/v1/batches/check", body, harmless=True)


def message(ident: str) -> Call[Message]:
    """Show one message."""
    return Call("GET", f"/v1/messages/{ident}")


def cancel(ident: str) -> Call[None]:
    """Cancel a message."""
    return Call("DELETE", f"/v1/messages/{ident}")


def batch(ident: str) -> Call[Batch]:
    """Show a batch."""
    return Call("GET", f"/v1/batches/{ident}")


def approve_batch(ident: str) -> Call[Batch]:
    """Let a batch go."""
    return Call("POST", f"/v1/batches/{ident}/approve")


def cancel_batch(ident: str) -> Call[Batch]:
    """Cancel a batch."""
    return Call("DELETE", f"/v1/batches/{ident}")


def opt_out(number: str, topic: str) -> Call[OptOut]:
    """Opt a number out."""
    return Call("POST", "/v1/opt-outs", {"number": number, "topic": topic}, harmless=True)


def forecast(parts: int) -> Call[Forecast]:
    """Say how long sending will take."""
    return Call("GET", f"/v1/forecast?parts={parts}")


def messages(**query: object) -> Call[Page[Message]]:
    """List messages."""
    return Call("GET", _address("/v1/messages", query))


def inbox() -> Call[Page[InboxMessage]]:
    """List what came in."""
    return Call("GET", "/v1/inbox?limit=200")


def events(after: int, types: Sequence[str]) -> Call[Page[Event]]:
    """List events."""
    query = {"after": after, "types": ",".join(types) or None, "limit": 200}
    return Call("GET", _address("/v1/events/history", query))


def next_page(page: Page[T]) -> Call[Page[T]] | None:
    """Return what asks for the page after `page`."""
    following = page["links"]["next"]
    return None if following is None else Call("GET", following)


def items(page: Page[T]) -> Iterator[T]:
    """Yield the entries of a page."""
    yield from page["items"]


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{path}?{urlencode(_wanted(**query))}"
