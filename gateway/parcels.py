"""What a worker of webhooks has in hand: parcels, how they went, and how far it has looked."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from gateway import events
from gateway.events import EventView
from gateway.records import Scope


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event for one endpoint, with what is known of earlier tries."""

    event: EventView
    body: bytes
    before: RowMapping | None


@dataclass(frozen=True, slots=True)
class Load:
    """What an endpoint is to be sent now."""

    url: str
    secrets: Sequence[str]
    parcels: Sequence[Parcel]
    before: int
    cursor: int  # once the parcels are sent
    more: bool
    next_due: datetime | None


@dataclass(frozen=True, slots=True)
class Tried:
    """How one try went."""

    parcel: Parcel
    at: datetime
    answer: str
    good: bool


@dataclass(slots=True)
class Place:
    """How far a worker has looked beyond its endpoint's cursor, past events that are not for it."""

    cursor: int = -1
    seen: int = -1

    def after(self, cursor: int) -> int:
        """Return where to look on; a cursor that was moved by others counts as it is."""
        return self.seen if cursor == self.cursor else cursor

    def note(self, cursor: int, seen: int) -> None:
        """Remember how far everything has been looked at."""
        self.cursor, self.seen = cursor, seen


def wanted(row: RowMapping, event: EventView, scopes: frozenset[Scope]) -> bool:
    """Return whether an endpoint is told of an event: it asks for the type, and its person may know."""
    if event.type == "endpoint.test":
        return event.subject == str(row["id"])
    if row["person_status"] != "active" or not events.may_see(event, row["person_id"], scopes):
        return False
    family = event.type.partition(".")[0] + ".*"
    return any(kind in row["types"] for kind in (event.type, family, "*"))


def body_of(event: EventView, more: Mapping[str, Any]) -> bytes:
    """Return what a webhook says: ids, codes and, where it is wanted, what came in."""
    data = {
        "id": event.subject,
        "detail": event.detail,
        "reference": event.reference,
        "batch_id": event.batch_id,
        **more,
    }
    stamp = event.at.isoformat().replace("+00:00", "Z")
    return json.dumps({"type": event.type, "timestamp": stamp, "data": data}, ensure_ascii=False).encode()
