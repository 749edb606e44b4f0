"""API keys as text: `sg_<live|team|test>_<id>_<secret>_<crc>`.

The secret has 256 random bits, so a keyed hash of it is all that needs to be stored. The checksum tells a
mistyped key from an unknown one, and lets scanners find keys that leaked.
"""

from __future__ import annotations

import re
import secrets
import zlib
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"(sg_(live|team|test)_([0-9a-f]{12})_([0-9a-f]{64}))_([0-9a-f]{8})")


@dataclass(frozen=True, slots=True)
class Token:
    """The two halves of a key: which one it is, and the proof."""

    ident: str
    secret: str


def new_token(kind: str) -> tuple[Token, str]:
    """Return a fresh key of that kind and its text, which is shown once."""
    token = Token(secrets.token_hex(6), secrets.token_hex(32))
    body = f"sg_{kind}_{token.ident}_{token.secret}"
    return token, f"{body}_{_checksum(body)}"


def parse_token(text: str) -> Token | None:
    """Return the halves of `text`; None where it is no key, or a damaged one."""
    match = _TOKEN.fullmatch(text)
    if match is None or _checksum(match[1]) != match[5]:
        return None
    return Token(match[3], match[4])


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
