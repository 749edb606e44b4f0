"""Takes out of a text what is somebody's: numbers, cards, keys, addresses, PDUs. Pure.

What was equal stays equal: the same number becomes the same `<number-1>` throughout, so that a reader can
still follow it. Rather too much goes than too little; ids (`msg_…`) and times to the second stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_KINDS: Final = (
    ("key", r"sg_(?:live|team|test)_[0-9a-z_]+|whsec_[A-Za-z0-9+/=_-]+|Bearer\s+\S+"),
    ("mail", r"[^\s@<>\"',;=\[\]()]+@[^\s@<>\"',;\[\]()]+"),
    ("hex", r"(?<![0-9A-Za-z_])[0-9A-Fa-f]{24,}(?![0-9A-Za-z_])"),
    ("number", r"\+\d[\d \-]{5,}\d|(?<![0-9A-Za-z_.])0\d{3,4}[ -]?\d{3}[ -]?\d{3,4}(?![0-9A-Za-z_])"),
    ("digits", r"\d{9,}|(?<![0-9A-Za-z_])\d{5,}(?![0-9A-Za-z_])"),
    ("card", r"…\d{2,}"),  # the end of a SIM's number, as people are shown it
)
_PATTERN: Final = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS))


class Redactor:
    """Replaces, and remembers what it replaced by what."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` are taken out wherever they stand, whatever they look like."""
        self._names: dict[tuple[str, str], str] = {}
        known = sorted(filter(None, secrets), key=len, reverse=True)
        self._secrets = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return `text` without what is somebody's."""
        if self._secrets is not None:
            text = self._secrets.sub("<secret>", text)
        return _PATTERN.sub(self._named, text)

    def _named(self, match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        found = re.sub(r"[ \-]", "", match[0])
        count = sum(1 for known, _ in self._names if known == kind)
        return self._names.setdefault((kind, found), f"<{kind}-{count + 1}>")
