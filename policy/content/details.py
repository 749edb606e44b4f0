"""Personal details known by the words beside them: birthdays, addresses, passwords, e-mail (clause 2.2).

Each function takes a cleaned text and yields where (start, end) such a detail stands.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from policy.content.numbers import Span
from policy.dates import MONTH

_DATE: Final = (
    rf"(?:[0-9]{{1,2}}[/. \-][0-9]{{1,2}}[/. \-](?:[0-9]{{4}}|[0-9]{{2}})|[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
    rf"|[0-9]{{1,2}}(?:st|nd|rd|th)?(?: of)? {MONTH}\b|{MONTH} [0-9]{{1,2}}\b)"
)
_BIRTH: Final = re.compile(
    r"(?:\bdate of birth\b|\bd\.?o\.?b\b\.?|\bborn\b|\bbirth ?date\b|\bbirthday (?:is|was)\b)"
    rf"[^0-9\n]{{0,20}}?{_DATE}",
    re.IGNORECASE,
)
_EMAIL: Final = re.compile(r"[\w.%+\-]{1,64}@((?:[\w\-]{1,63}\.){1,4}[\w\-]{2,24})", re.ASCII)
_PROVIDER: Final = re.compile(
    r"\b(?:gmail|hotmail|yahoo|outlook|icloud|googlemail|live|aol|btinternet)", re.IGNORECASE
)
_SPELT_EMAIL: Final = re.compile(
    rf"(?:\(at\)|\[at\]|\bat\b) ?{_PROVIDER.pattern}"
    r"(?:\.| ?\(?\[?dot\]?\)? ?)(?:com|co|net|uk)\b",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(
    r"\b(?:pass ?(?:words?|codes?|phrases?)|pwd|pw|log ?in|pin(?: ?code| ?number| no)?|otp"
    r"|pass(?=[:=])|wi-?fi (?:code|key)|(?<!post )(?<!dress )\bcode (?=is |was |now )"
    r"|(?:one[ \-]time|security|access|verification|entry|gate|door|safe|alarm|log-?in"
    r"|unlock|key ?pad|memorable)"
    r" (?:code|word|password|passcode|pin))\b",
    re.IGNORECASE,
)
SECRET_HINTS: Final = ("pass", "pw", "log", "pin", "otp", "code", "word")  # without which there is none
_VALUE: Final = re.compile(r"[0-9]{2,4}(?:[ \-][0-9]{2,4}){1,3}(?!\w)|\S{3,40}")
_FOLLOWS: Final = 40  # characters
_SHORTEST_SECRET: Final = 3  # letters
_BEFORE_VALUE: Final = re.compile(
    r"(?:\bis|\bare|\bto|[:=\-]|\bwas|\bnow|\bcode|\bpin|\bno|\bnumber|\botp)$", re.IGNORECASE
)
_NO_SECRET: Final = re.compile(
    r"(?:£?[0-9]{1,3}|[0-9]{1,2}(?:[.:][0-9]{2})?(?:am|pm)?|[0-9]{1,2}(?:st|nd|rd|th))[.,;!?]*"
)
_STREET: Final = (
    r"[0-9]{1,4}[a-z]?,? (?:[\w']{2,20} ){1,3}(?:street|st|road|rd|avenue|ave|lane|ln|close|drive"
    r"|way|court|crescent|place|terrace|gardens|grove|hill|park|row|square|walk|mews|view|rise"
    r"|green|gate|parade|house)\b"
)
_POSTCODE: Final = r"\b[a-z]{1,2}[0-9][a-z0-9]? ?[0-9][a-z]{2}\b"
_HOME: Final = re.compile(
    r"(?:\b(?:home|my|your|his|her|their|family|postal|new|current|child's|parent's|pupil's) address\b"
    r"|\b(?:live[sd]?|living|reside[sd]?|residing) (?:at|in)\b|\bmoved to\b|\baddress as\b|\bhome is\b"
    r"|\b(?:my|your|his|her|home) postcode\b)"
    rf"[^\n]{{0,40}}?(?:{_STREET}|{_POSTCODE})",
    re.IGNORECASE,
)
HOME_HINTS: Final = ("address", "live", "living", "resid", "moved to", "home is", "postcode")
_FULL_ADDRESS: Final = re.compile(rf"{_STREET}[^.!?\n]{{0,30}}?{_POSTCODE}", re.IGNORECASE)
_MOBILE: Final = re.compile(r"(?<!\w)(?:\+?44 ?\(?0?\)? ?7|07)(?:[ \-]?[0-9]){9}(?!\w)")


def birthdays(text: str) -> Iterator[Span]:
    """Find a date beside "date of birth", "DOB" or "born"."""
    for found in _BIRTH.finditer(text):
        yield found.span()


@dataclass(frozen=True, slots=True)
class Mail:
    """What is known of e-mail addresses: domains of private mailboxes, names of an office's mailboxes."""

    private: frozenset[str]
    offices: frozenset[str]


def foreign_emails(text: str, own_domains: Collection[str], mail: Mail) -> Iterator[Span]:
    """Find e-mail addresses outside `own_domains`, but for those of an office: they are nobody's own."""
    for found in _EMAIL.finditer(text) if "@" in text else ():
        domain = found[1].casefold()
        own = any(domain == mine or domain.endswith(f".{mine}") for mine in own_domains)
        office = found[0].partition("@")[0].casefold() in mail.offices and domain not in mail.private
        if not own and not office:
            yield found.span()
    for found in _SPELT_EMAIL.finditer(text) if _PROVIDER.search(text) else ():
        yield found.span()


def secrets(text: str) -> Iterator[Span]:
    """Find a password, PIN or code that is given with its value."""
    for named in _SECRET.finditer(text):
        ends = text[named.end() : named.end() + _FOLLOWS]
        told = (value.end() for value in _VALUE.finditer(ends) if _is_secret(value, named[0] + ends))
        if (end := next(told, None)) is not None:
            yield named.start(), named.end() + end


def _is_secret(found: re.Match[str], text: str) -> bool:
    """Say whether a word after the name of a secret is its value; `text` begins with that name."""
    value = found[0].strip("\"'().,;")
    before = text[: len(text) - len(found.string) + found.start()].rstrip(" \"'(")
    if not any(char.isdigit() for char in value):
        stated = before.endswith((":", "=")) or before.casefold().endswith(" is")
        return stated and not value.islower() and len(value) > _SHORTEST_SECRET
    if _NO_SECRET.fullmatch(value):
        return False
    return _BEFORE_VALUE.search(before) is not None or not value.isdigit()


def home_addresses(text: str) -> Iterator[Span]:
    """Find a street with a number, or a postcode, beside words that say whose home it is."""
    for found in _HOME.finditer(text):
        yield found.span()


def whereabouts(text: str) -> Iterator[Span]:
    """Find mobile numbers and full postal addresses: somebody's own, where the text is about a person."""
    for pattern in (_MOBILE, _FULL_ADDRESS):
        for found in pattern.finditer(text):
            yield found.span()
