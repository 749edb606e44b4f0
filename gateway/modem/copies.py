"""Which stored messages are copies that we wrote ourselves: known by their text, never by their place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from typing import Final

MOST: Final = 32


def digest(pdu: str) -> str:
    """Return the mark of a PDU in hex, without the service centre: modems fill that in by themselves.

    Empty for what was not read whole: it is the mark of nothing.
    """
    try:
        octets = bytes.fromhex(pdu[2 + 2 * int(pdu[:2], 16) :])
    except ValueError:
        return ""
    return hashlib.blake2b(octets, digest_size=8).hexdigest()


class Copies:
    """The copies of one modem that we have not seen freed, and those whose part is in doubt."""

    def __init__(
        self, known: Iterable[str] = (), save: Callable[[Collection[str]], None] = lambda _: None
    ) -> None:
        """`known` are those of the last run; `save` is given all marks whenever they change."""
        self._marks = list(known)  # equal texts have equal marks
        self._doubts: dict[str, int | None] = {}
        self._flying: str | None = None
        self._save = save

    def fly(self, mark: str) -> None:
        """Note that a copy is about to be written and sent: nobody frees it meanwhile."""
        self._flying = mark
        self._marks.append(mark)
        del self._marks[:-MOST]
        self._save(self._marks)

    def land(self) -> None:
        """Note that the hand-off is over."""
        self._flying = None

    def doubt(self, mark: str, mr: int | None) -> None:
        """Note that nobody knows whether the part went; `mr` is its TP-MR if it did."""
        self._doubts[mark] = mr

    def ours(self, mark: str) -> bool:
        """Tell whether a copy is ours and may be freed."""
        return mark in self._marks and mark != self._flying

    def settle(self, mark: str) -> int | None:
        """Return the TP-MR of the part that this copy is of, if that is in doubt and the TP-MR known."""
        return self._doubts.pop(mark, None)

    def forget(self, mark: str) -> None:
        """Note that the copy is gone."""
        self._doubts.pop(mark, None)
        if mark in self._marks:
            self._marks.remove(mark)
            self._save(self._marks)
