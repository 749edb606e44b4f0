"""The policy's own text: what can be read from it, and the statement that people acknowledge (9.1, 9.2).

Any organisation's text will do. Its dates are day-first, as in Britain: 08/11/2024 is 8 November 2024.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

from policy.settings import PolicySettings

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NUMBERS: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_WORDS: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\s+([A-Za-z]{3,9})\.?,?\s+(\d{4})")
_ISO: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_CLAUSE: Final = re.compile(r"^[ \t]*(\d{1,2}\.\d{1,2})\.?[ \t]+(\S.*)$", re.MULTILINE)
_LABELS: Final[Mapping[str, str]] = {
    "effective": r"effective(?: date| from)?",
    "last_reviewed": r"last review(?:ed)?(?: date| on)?|reviewed on",
    "authorised_by": r"(?:authori[sz]ed|approved) by",
}


@dataclass(frozen=True, slots=True)
class Document:
    """What a policy's text says about itself; None or empty for what it does not say."""

    title: str
    effective: date | None
    last_reviewed: date | None
    authorised_by: str
    clauses: Mapping[str, str]  # number: its first line


def read(text: str) -> Document:
    """Read a policy's text."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return Document(
        title=lines[0] if lines else "",
        effective=_date_after(text, "effective"),
        last_reviewed=_date_after(text, "last_reviewed"),
        authorised_by=_after(text, "authorised_by"),
        clauses={number: line.strip() for number, line in _CLAUSE.findall(text)},
    )


def read_date(written: str) -> date | None:
    """Return the date that a text begins with, day first; None where there is none, or no such day."""
    return next(_dates(written), None)


def _dates(written: str) -> Iterator[date]:
    if found := _ISO.match(written):
        yield from _day(found[1], found[2], found[3])
    if found := _NUMBERS.match(written):
        yield from _day(found[3], found[2], found[1])
    if found := _WORDS.match(written):
        month = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(found[2].lower())]
        if len(month) == 1:
            yield from _day(found[3], str(month[0]), found[1])


def _day(year: str, month: str, day: str) -> Iterator[date]:
    try:
        yield date(int(year), int(month), int(day))
    except ValueError:
        return


def _date_after(text: str, label: str) -> date | None:
    return read_date(_after(text, label))


def _after(text: str, label: str) -> str:
    """Return what follows the last line that begins with a label."""
    found = re.findall(
        rf"^[ \t]*(?:{_LABELS[label]})[ \t]*[:\-–][ \t]*(.+)$", text, re.IGNORECASE | re.MULTILINE
    )
    return found[-1].strip() if found else ""


def digest(text: str) -> str:
    """Return SHA-256 of a text in UTF-8, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def statement(settings: PolicySettings, handle: str, text_hash: str | None) -> str:
    """Return what a person acknowledges: the version, its very text by its hash, and what it comes to."""
    review = settings.review
    purposes = "; ".join(purpose.label for purpose in settings.purposes.values() if purpose.enabled)
    which = f"\nThe text has the SHA-256 {text_hash}." if text_hash else ""
    return (
        f"{handle} has read the SMS messaging policy of {settings.organisation}, version {review.version}, "
        f"effective {review.effective.day} {review.effective:%B %Y}, authorised by {review.authorised_by}, "
        f"and will keep to it:\ntexts only for its purposes ({purposes}), only to people who agreed, "
        f"only from approved templates, and never after STOP.{which}"
    )
