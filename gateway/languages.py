"""In which language a recipient is written to: what is asked for, else what they speak, else English."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

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


def wording_for(
    connection: Connection, request: MessageRequest, spoken: str | None, now: datetime
) -> Wording:
    """Return the version that sends in the language wanted, or the nearest to it that there is.

    `spoken` is the recipient's language, if it is known. "cy-GB" falls back to "cy", everything to English.
    Where nothing is approved, it is what there is in the language wanted, so that the reasons are about that.
    """
    wanted = request.language or spoken or FALLBACK
    if request.template is None:  # free text is in whatever language it is
        return Wording(None, wanted, "")
    first = None
    for language in dict.fromkeys((wanted, wanted.partition("-")[0], FALLBACK)):
        row = templates.current(connection, request.template, language)
        if row is not None and row["status"] == "approved" and row["expires_at"] > now:
            return Wording(row, language, _why(request, wanted, language))
        first = first or row
    language = wanted if first is None else first["language"]
    return Wording(first, language, _why(request, wanted, language))


def _why(request: MessageRequest, wanted: str, language: str) -> str:
    if wanted == FALLBACK:
        return ""
    whose = "asked for" if request.language else "the recipient's"
    if language == wanted:
        return f"{language}, {whose}"
    return f"{language}: {wanted} is {whose}, and nothing is approved in it"
