"""Identifiers that sort by time: `msg_` + 26 characters (48-bit milliseconds, 80 random bits)."""

from __future__ import annotations

import secrets
from datetime import datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str, now: datetime) -> str:
    """Return a fresh identifier; two made a millisecond apart sort in that order."""
    value = (int(now.timestamp() * 1000) << 80) | secrets.randbits(80)
    digits = [_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(digits)}"


def first_id(prefix: str, instant: datetime) -> str:
    """Return what sorts before every identifier made at `instant` or later, and after all earlier ones."""
    value = int(instant.timestamp() * 1000) << 80
    return f"{prefix}_{''.join(_ALPHABET[(value >> shift) & 31] for shift in range(125, -1, -5))}"
