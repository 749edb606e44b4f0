"""Whether the clock is set while the gateway runs: told against a time that nobody sets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_STEERED: Final = 10.0  # seconds; less is the clock being steered
_TOLD: Final = 24 * 3600.0  # seconds


@dataclass(slots=True)
class ClockWatch:
    """Sees how far the clock is from where it was at the last look. A machine that slept jumps ahead too."""

    _ahead: float | None = None  # seconds, of the clock to the other time
    _until: float = 0.0  # by the other time
    _said: str = ""

    def begin(self, now: datetime, newest: datetime | None, elapsed: float) -> None:
        """Look once at a start: a clock that is before the `newest` that is on record was set back, too."""
        if newest is not None and (behind := (newest - now).total_seconds()) >= _STEERED:
            self._said, self._until = _sentence(-behind, now), elapsed + _TOLD

    def look(self, now: datetime, elapsed: float) -> float:
        """Return by how many seconds the clock has jumped since the last look; less than ten are none.

        `elapsed` are the seconds of a clock that nobody sets.
        """
        before, self._ahead = self._ahead, now.timestamp() - elapsed
        if elapsed > self._until:
            self._said = ""
        jump = 0.0 if before is None else self._ahead - before
        if abs(jump) < _STEERED:
            return 0.0
        self._said, self._until = _sentence(jump, now), elapsed + _TOLD
        return jump

    def sentence(self) -> str:
        """Return what people should know of the last jump, for a day; empty for nothing."""
        return self._said


def _sentence(jump: float, now: datetime) -> str:
    how = "was set back" if jump < 0 else "jumped ahead"
    return (
        f"the clock {how} by {timedelta(seconds=round(abs(jump)))}, to {now:%Y-%m-%d %H:%M} UTC: "
        "see whether it is right (timedatectl)"
    )
