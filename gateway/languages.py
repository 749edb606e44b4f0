"""In which language a recipient is written to: what is asked for, else what they speak, else English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from gateway.records import MessageRequest
from gateway.store import templates
from gateway.store.prepared import Row

FALLBACK: Final = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """The version of a template to write in, and why it is in that language."""

    row: Row | None  # None: there is no such template
    language: str
    why: str  # empty for English, where nobody wants another
    slots: Mapping[str, str]  # what the caller gave, as this version has it


def wording_for(
    connection: Connection, request: MessageRequest, spoken: str | None, now: datetime
) -> Wording:
    """Return the version that sends in the language wanted, or the nearest to it that there is.

    `spoken` is the recipient's language, if it is known. "cy-GB" falls back to "cy", everything to English.
    Where nothing is approved, it is what there is in the language wanted, so that the reasons are about that.
    """
    wanted = request.language or spoken or FALLBACK
    if request.template is None:  # free text is in whatever language it is
        return Wording(None, wanted, "", request.slots)
    first = None
    for language in dict.fromkeys((wanted, wanted.partition("-")[0], FALLBACK)):
        row = templates.current(connection, request.template, language)
        if row is not None and row["status"] == "approved" and row["expires_at"] > now:
            slots = _said_in(connection, request, row)
            return Wording(row, language, _why(request, wanted, language), slots)
        first = first or row
    language = wanted if first is None else first["language"]
    return Wording(first, language, _why(request, wanted, language), request.slots)


def _said_in(connection: Connection, request: MessageRequest, row: Row) -> Mapping[str, str]:
    """Return the slots' values in a version's words: choices stand in the same order in every language."""
    english = None
    if row["language"] != FALLBACK and request.slots:
        english = templates.current(connection, row["name"], FALLBACK)
    if english is None:
        return request.slots
    return {
        name: _choice(value, english["slots"].get(name, {}), row["slots"].get(name, {}))
        for name, value in request.slots.items()
    }


def _choice(value: str, english: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    ours, theirs = english.get("choices", ()), spec.get("choices", ())
    if value in theirs or value not in ours or len(ours) != len(theirs):
        return value
    return str(theirs[ours.index(value)])


def _why(request: MessageRequest, wanted: str, language: str) -> str:
    if wanted == FALLBACK:
        return ""
    whose = "asked for" if request.language else "the recipient's"
    if language == wanted:
        return f"{language}, {whose}"
    return f"{language}: {wanted} is {whose}, and nothing is approved in it"
