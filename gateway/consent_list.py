"""A list of consents as CSV: one form for what is read and what is handed out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.lists import ListFault, read_lines, several, written
from gateway.records import ConsentRequest

REQUIRED: Final = ("number", "purposes", "method", "wording", "evidence", "given_at")
OPTIONAL: Final = ("expires_at",)
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list, as far as its form goes."""

    number: int
    request: ConsentRequest


def read_list(text: str) -> tuple[list[Line], list[ListFault]]:
    """Return the lines and the faults of their form.

    A line without a readable time is there as if of long ago, so that its other fields are judged too.
    """
    found, faults = read_lines(text, REQUIRED, OPTIONAL)
    lines = []
    for line in found:
        values = line.values
        given, expires = _instant(values["given_at"]), _instant(values.get("expires_at", ""))
        if given is None:
            faults.append(
                (line.number, "given_at", "must be a date such as 2026-09-01, or a time with its zone")
            )
        if values.get("expires_at") and expires is None:
            faults.append(
                (line.number, "expires_at", "must be a date such as 2028-09-01, or a time with its zone")
            )
        lines.append(Line(line.number, _request(values, given or _LONG_AGO, expires)))
    return lines, faults


def write_list(consents: Iterable[ConsentRequest]) -> str:
    """Return a list that `read_list` takes."""
    return written(
        (*REQUIRED, *OPTIONAL),
        (
            (
                one.number,
                " ".join(one.purposes),
                one.method,
                one.wording,
                one.evidence,
                one.given_at.isoformat(),
                one.expires_at.isoformat() if one.expires_at else "",
            )
            for one in consents
        ),
    )


def _request(values: Mapping[str, str], given: datetime, expires: datetime | None) -> ConsentRequest:
    return ConsentRequest(
        number=values["number"],
        purposes=several(values["purposes"]),
        method=values["method"],
        wording=values["wording"],
        evidence=values["evidence"],
        given_at=given,
        expires_at=expires,
    )


def _instant(text: str) -> datetime | None:
    """Return the instant; a date alone is its first moment in UTC. None for what is neither."""
    try:
        found = datetime.fromisoformat(text)
        if len(text) == len("2026-09-01"):
            return found.replace(tzinfo=UTC)
        return None if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter at either end of the calendar
        return None
