"""Whose result is it? TP-MR counts up with every part that a modem tries (3GPP TS 23.040, 9.2.3.6)."""

from __future__ import annotations

from typing import Final

_WRAP: Final = 256


class References:
    """The references that earlier parts, given up as unclear, may still bring."""

    def __init__(self) -> None:
        """Begin without knowing the modem's count."""
        self._last: int | None = None
        self._owed: set[int] = set()

    def lost(self) -> None:
        """Note a part without a result; if the modem tried it, its reference was the next one."""
        if self._last is not None:
            self._owed.add((self._last + len(self._owed) + 1) % _WRAP)

    def doubtful(self, mr: int) -> bool:
        """Tell whether a result with `mr` may belong to an earlier part."""
        return mr in self._owed

    def accepted(self, mr: int) -> None:
        """Note an accepted part. What the count has passed was tried; nothing else is owed any more."""
        self._owed = {owed for owed in self._owed if 0 < (mr - owed) % _WRAP < _WRAP // 2}
        self._last = mr

    def late(self, mr: int) -> None:
        """Note that an earlier part's result came after all."""
        self._owed.discard(mr)
