"""The GSM 7-bit alphabet with its extension and its national language tables (3GPP TS 23.038, 6.2.1, A).

A text is a row of septets, one per octet here; packing is another matter (`octets.pack`).
Decoding never fails: an undefined extension stands for the character of the locking table, a doubled
escape for a space, and an escape at the very end for nothing (6.2.1.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from gateway.sms import national

ESCAPE: Final = 0x1B
BASIC: Final = 0  # national language identifier: none


@dataclass(frozen=True, slots=True)
class _Encoder:
    """What one pair of tables can write."""

    characters: frozenset[str]
    septets: Mapping[int, str]  # for str.translate


def encode(text: str, locking: int = BASIC, single: int = BASIC) -> bytes | None:
    """Return the septets of a text in the tables of two languages, None where a character is missing."""
    encoder = _encoder(locking, single)
    if not encoder.characters.issuperset(text):
        return None
    return text.translate(encoder.septets).encode("latin-1")


def missing(text: str) -> str | None:
    """Return the first character that the basic tables lack, None when they have all."""
    characters = _encoder(BASIC, BASIC).characters
    return next((char for char in text if char not in characters), None)


def decode(septets: bytes, locking: int = BASIC, single: int = BASIC) -> str:
    """Return the text that septets stand for; languages without such a table mean the basic one."""
    table = _locking(locking)
    first, *escaped = septets.split(bytes((ESCAPE,)))
    text = [_plain(first, table)]
    extension = _single(single)
    at_escape = False
    for run in escaped:
        if at_escape:  # ESC ESC
            text.append(" " + _plain(run, table))
            at_escape = False
        elif run:
            text.append(extension.get(run[0], table[run[0]]) + _plain(run[1:], table))
        else:
            at_escape = True
    return "".join(text)


def _plain(septets: bytes, table: str) -> str:
    return septets.decode("latin-1").translate(table)


def _locking(language: int) -> str:
    return national.LOCKING.get(language, national.LOCKING[BASIC])


def _single(language: int) -> Mapping[int, str]:
    return national.SINGLE.get(language, national.SINGLE[BASIC])


@cache
def _encoder(locking: int, single: int) -> _Encoder:
    septets = {ord(char): chr(ESCAPE) + chr(code) for code, char in _single(single).items()}
    septets |= {ord(char): chr(code) for code, char in enumerate(_locking(locking)) if code != ESCAPE}
    septets.pop(ord(national.GAP), None)
    return _Encoder(frozenset(map(chr, septets)), septets)
