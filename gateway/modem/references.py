"""Whose result is it? TP-MR counts up with every part that a modem tries (3GPP TS 23.040, 9.2.3.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_WRAP: Final = 256


class References:
    """The references that earlier parts, given up as unclear, may still bring.

    Of a modem, not of a link: a result can come after the port was opened anew.
    """

    def __init__(self, on_late: Callable[[int], None]) -> None:
        """Begin without knowing the modem's count; `on_late` gets the reference of each late result."""
        self._on_late = on_late
        self._last: int | None = None
        self._counts = True  # until two results in a row have the same
        self._refused = False  # a part, since the last result: the modem may have counted it
        self._owed: set[int] = set()
        self._any_owed = False  # a part was lost before the count was known

    def lost(self) -> int | None:
        """Note a part without a result; return the reference that it has if the modem tried it."""
        if self._last is None or self._refused:
            self._any_owed = True
            return None
        owed = (self._last + len(self._ahead()) + 1) % _WRAP
        self._owed.add(owed)
        return owed

    def certain(self, mr: int) -> bool:
        """Tell whether the part lost with `mr` has it for certain if the modem tried it.

        Not where another was lost since the last result, which the modem may not have tried, nor where the
        modem does not count.
        """
        return self._counts and self._ahead() == {mr}

    def refused(self) -> None:
        """Note a part that was refused: until the next result the count is not known."""
        self._refused = True

    def doubtful(self, mr: int) -> bool:
        """Tell whether a result with `mr` may belong to an earlier part."""
        return self._any_owed or mr in self._owed

    def accepted(self, mr: int) -> None:
        """Note an accepted part. What the count has passed was tried; nothing else is owed any more."""
        self._owed = {owed for owed in self._owed if _after(mr, owed)}
        self._counts = mr != self._last
        self._last = mr
        self._any_owed = self._refused = False

    def late(self, mr: int) -> None:
        """Note that an earlier part's result came after all."""
        self._owed.discard(mr)
        if self._last is not None and _after(mr, self._last):
            self._last = mr
        self._on_late(mr)

    def _ahead(self) -> set[int]:
        """Return what is owed since the last result: the count has passed the rest."""
        return {owed for owed in self._owed if self._last is not None and _after(owed, self._last)}


def _after(mr: int, other: int) -> bool:
    return 0 < (mr - other) % _WRAP < _WRAP // 2
