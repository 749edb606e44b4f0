"""A list of consents as CSV: read whole, every fault with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.records import ConsentRequest

REQUIRED: Final = ("number", "purposes", "method", "wording", "evidence", "given_at")
OPTIONAL: Final = ("expires_at",)
_MOST_LINES: Final = 10_000
_LONGEST_FIELD: Final = 2_000

ListFault = tuple[int, str, str]
"""The line, the column, and what to do."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list, as far as its form goes."""

    number: int
    request: ConsentRequest


def read_list(text: str) -> tuple[list[Line], list[ListFault]]:
    """Return the lines that can be read and the faults of those that cannot.

    Comma or semicolon separated, with a header; several purposes are separated by spaces, `;` or `|`.
    """
    source = io.StringIO(text.removeprefix("\ufeff"), newline="")
    header = source.readline()
    separator = ";" if header.count(";") > header.count(",") else ","
    columns = [name.strip().strip('"').casefold() for name in header.rstrip("\r\n").split(separator)]
    if faults := _header_faults(columns):
        return [], faults
    lines: list[Line] = []
    faults = []
    reader = csv.reader(source, delimiter=separator, strict=True)
    try:
        for cells in reader:
            number = reader.line_num + 1
            if any(cell.strip() for cell in cells):
                _take(number, columns, cells, lines, faults)
            if number > _MOST_LINES:
                return [], [(number, "", f"a list has {_MOST_LINES} lines at most; cut it in two")]
    except csv.Error as exc:
        faults.append((reader.line_num + 1, "", f"not CSV: {exc}"))
    if not lines and not faults:
        faults.append((2, "", "there is no line below the header"))
    return lines, faults


def _header_faults(columns: Sequence[str]) -> list[ListFault]:
    known = (*REQUIRED, *OPTIONAL)
    missing = [name for name in REQUIRED if name not in columns]
    faults = [(1, name, f"the column is missing; columns: {', '.join(known)}") for name in missing]
    faults += [(1, name[:32], "there is no such column") for name in columns if name not in known]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    return faults + [(1, name[:32], "the column stands twice") for name in twice]


def _take(
    number: int, columns: Sequence[str], cells: Sequence[str], lines: list[Line], faults: list[ListFault]
) -> None:
    if len(cells) != len(columns):
        faults.append((number, "", f"has {len(cells)} fields, the header has {len(columns)}"))
        return
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}
    long = [name for name, cell in values.items() if len(cell) > _LONGEST_FIELD]
    faults += [(number, name, f"is longer than {_LONGEST_FIELD} characters") for name in long]
    given, expires = _instant(values["given_at"]), _instant(values.get("expires_at", ""))
    if given is None:
        faults.append((number, "given_at", "must be a date such as 2026-09-01, or a time with its zone"))
    if values.get("expires_at") and expires is None:
        faults.append((number, "expires_at", "must be a date such as 2028-09-01, or a time with its zone"))
    if given is not None and not long:
        lines.append(Line(number, _request(values, given, expires)))


def _request(values: Mapping[str, str], given: datetime, expires: datetime | None) -> ConsentRequest:
    return ConsentRequest(
        number=values["number"],
        purposes=tuple(values["purposes"].replace(";", " ").replace("|", " ").split()),
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
    except ValueError:
        return None
    if len(text) == len("2026-09-01"):
        return found.replace(tzinfo=UTC)
    return None if found.tzinfo is None else found.astimezone(UTC)
