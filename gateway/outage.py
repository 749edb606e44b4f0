"""A number in trouble, or the network? What refuses several people in a row for now refuses everybody."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import structlog

from gateway.model import Accepted, FailureKind, Refused, SendOutcome

log = structlog.get_logger()

_MANY: Final = 3  # people


class Outage:
    """What one modem's network said last, and to whom."""

    def __init__(self, modem: str) -> None:
        """Begin with a network that is well."""
        self._modem = modem
        self._refused: set[bytes] = set()

    def judged(self, number_index: bytes, outcome: SendOutcome) -> SendOutcome:
        """Return what became of a part to that number; a refusal says so where it is everybody's."""
        match outcome:
            case Refused(FailureKind.TEMPORARY, code):
                return replace(outcome, everybody=self._everybody(number_index, code))
            case Accepted() | Refused(FailureKind.PERMANENT):
                self._refused.clear()
        return outcome

    def _everybody(self, number_index: bytes, code: int | None) -> bool:
        already = len(self._refused) >= _MANY
        if not already:
            self._refused.add(number_index)
        if not already and len(self._refused) >= _MANY:
            log.warning("network refuses everybody", action="network_refuses", modem=self._modem, code=code)
        return len(self._refused) >= _MANY
