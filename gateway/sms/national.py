"""The tables of the GSM 7-bit alphabet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

LOCKING: Final[Mapping[int, str]] = {
    0: "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?" + f"¡{_UPPER}ÄÖÑÜ§¿{_LOWER}äöñüà",
}

_EXTENSION: Final = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|",
    0x65: "€",
}  # fmt: skip

SINGLE: Final[Mapping[int, Mapping[int, str]]] = {0: _EXTENSION}

CHOICES: Final[tuple[tuple[int, int], ...]] = ()  # (locking, single) pairs to try, the plainest first
