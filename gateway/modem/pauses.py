"""Parts that a modem will not even begin to take: pauses that grow, and what a person is told."""

from __future__ import annotations

from typing import Final

import structlog

from gateway.model import NotSent, SendOutcome
from gateway.modem.link import backoff

log = structlog.get_logger()

_MANY: Final = 3  # in a row; fewer happen to good modems


class Pauses:
    """Counts them in a row. Times are loop times, in seconds."""

    def __init__(self, modem: str, longest: float) -> None:
        """Begin without a pause; none will be longer than `longest`."""
        self.until = 0.0  # nothing is to be handed over before
        self._modem = modem
        self._longest = longest
        self._count = 0
        self._why = ""

    @property
    def warning(self) -> str:
        """What a technician should know; empty while parts are taken."""
        if self._count < _MANY:
            return ""
        return f"no part was taken, {self._count} times in a row: {self._why}"

    def note(self, outcome: SendOutcome, now: float) -> bool:
        """Take in what became of a part; return whether a pause has begun."""
        if not isinstance(outcome, NotSent):
            self._count = 0
            return False
        self._count += 1
        self._why = outcome.reason
        self.until = now + backoff(self._count, self._longest)
        if self._count == _MANY:
            log.warning("modem.takes_no_part", modem=self._modem, why=self._why)
        return True
