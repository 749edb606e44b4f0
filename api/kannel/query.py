"""Kannel's parameters, read as its user's guide has them (SMS Push CGI variables)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from gateway.records import Priority

_IGNORED: Final = frozenset({"from", "account", "binfo", "smsc", "dlr-mask"})
_READ: Final = frozenset(
    {"username", "user", "password", "pass", "to", "text", "charset", "coding"}
    | {"validity", "deferred", "priority"}
)
_OTHERS: Final[Mapping[str, str]] = {
    "dlr-url": "reports are told by webhooks and events",
    "udh": "no user data header can be given",
    "mclass": "there are no message classes",
    "flash": "there are no message classes",
    "mwi": "there are no waiting indications",
    "compress": "there is no compression",
    "pid": "the protocol identifier is fixed",
    "alt-dcs": "the coding scheme is chosen by the text",
    "rpi": "there is no reply path",
    "meta-data": "it belongs to other networks",
}
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z-]{0,31}")
_CHARSETS: Final = frozenset(
    {"utf-8", "utf8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "utf-16be", "ucs-2"}
)
_PRIORITIES: Final = (Priority.NORMAL, Priority.NORMAL, Priority.HIGH, Priority.HIGH)
_MOST_FIELDS: Final = 40
_LONGEST_MINUTES: Final = 525_600


class Rejected(Exception):
    """The request is not understood or asks for what there is not; the sentence is the answer."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The parameters as octets, before they are judged."""

    values: Mapping[str, str]  # each octet one character

    @classmethod
    def of(cls, encoded: str) -> Fields:
        """Read a query string or a form; raise `Rejected`."""
        try:
            pairs = parse_qsl(
                encoded, keep_blank_values=True, encoding="latin-1", max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            raise Rejected("Too many fields, rejected") from None
        return cls(dict(reversed(pairs)))  # the first of a name counts

    def first(self, *names: str) -> str | None:
        """Return the value under the first of `names` that is given."""
        return next((self.values[name] for name in names if name in self.values), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be sent."""

    to: str
    text: str
    priority: Priority
    validity: int | None  # seconds
    not_before: datetime | None


def wanted(fields: Fields, ignore: frozenset[str], now: datetime) -> Wanted:
    """Return what the parameters ask for; raise `Rejected`, in Kannel's words where it has any."""
    for name in fields.values:
        if name not in _READ | _IGNORED | ignore:
            why = _OTHERS.get(name, "there is no such field")
            shown = name if _PLAIN.fullmatch(name) else "A field"  # the caller's words are not repeated
            raise Rejected(f"{shown} is not supported here, rejected: {why}")
    minutes = _number(fields, "deferred", "Deferred", _LONGEST_MINUTES)
    lasting = _number(fields, "validity", "Validity", _LONGEST_MINUTES)
    if lasting == 0:
        raise Rejected("Validity field misformed, rejected")
    return Wanted(
        to=_receiver(fields),
        text=_text(fields),
        priority=_PRIORITIES[_number(fields, "priority", "Priority", 3) or 0],
        validity=None if lasting is None else lasting * 60,
        not_before=None if not minutes else now + timedelta(minutes=minutes),
    )


def _receiver(fields: Fields) -> str:
    given = fields.first("to")
    if given is None:
        raise Rejected("Missing receiver number, rejected")
    numbers = given.split()
    if not numbers:
        raise Rejected("Empty receiver number not allowed, rejected")
    if len(numbers) > 1:
        raise Rejected("Several receivers, rejected: make one request for each, or use POST /v1/batches")
    plus = "+" if given.startswith(" ") and numbers[0].isdecimal() else ""  # a "+" that was not encoded
    return plus + numbers[0].encode("latin-1").decode("utf-8", "replace")


def _text(fields: Fields) -> str:
    octets = (fields.first("text") or "").encode("latin-1")
    coding = _number(fields, "coding", "Coding", 2) or 0
    if coding == 1:
        raise Rejected("coding=1 is not supported here, rejected: only texts are sent")
    charset = (fields.first("charset") or ("utf-16be" if coding == 2 else "utf-8")).lower()
    if charset not in _CHARSETS:
        raise Rejected("Charset or body misformed, rejected")
    try:
        text = octets.decode("utf-16be" if charset == "ucs-2" else charset)
    except UnicodeDecodeError:
        raise Rejected("Charset or body misformed, rejected") from None
    if not text.strip():
        raise Rejected("Empty text not allowed, rejected.")
    return text


def _number(fields: Fields, name: str, shown: str, most: int) -> int | None:
    given = fields.first(name)
    if given is None or given in ("", "-1"):
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 8 and int(given) <= most):
        raise Rejected(f"{shown} field misformed, rejected")
    return int(given)
