"""A list of contacts as CSV: one form for what is read and what is handed out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from gateway.lists import ListFault, read_lines, several, written
from gateway.records import ContactRequest, ContactView

REQUIRED: Final = ("number", "name")
OPTIONAL: Final = ("language", "labels", "groups")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list, as far as its form goes; the contact joins these groups and leaves none."""

    number: int
    request: ContactRequest
    groups: tuple[str, ...]


def read_list(text: str) -> tuple[list[Line], list[ListFault]]:
    """Return the lines that can be read and the faults of those that cannot."""
    found, faults = read_lines(text, REQUIRED, OPTIONAL)
    lines = [
        Line(
            line.number,
            ContactRequest(
                number=line.values["number"],
                name=line.values["name"],
                language=line.values.get("language") or None,
                labels=several(line.values.get("labels", "")),
            ),
            several(line.values.get("groups", "")),
        )
        for line in found
    ]
    return lines, faults


def write_list(contacts: Iterable[ContactView]) -> str:
    """Return a list that `read_list` takes."""
    return written(
        (*REQUIRED, *OPTIONAL),
        ((c.number, c.name, c.language or "", " ".join(c.labels), " ".join(c.groups)) for c in contacts),
    )
