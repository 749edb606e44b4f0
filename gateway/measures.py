"""What is counted since the start, for metrics: how a modem was used, and how long things took."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.model import Accepted, NotSent, Refused, Revoked, SendOutcome, Unclear

_WINDOW: Final = 60.0  # seconds
_WORDS: Final[Mapping[type, str]] = {
    Accepted: "accepted",
    Refused: "refused",
    NotSent: "not_sent",
    Revoked: "revoked",
    Unclear: "unclear",
}


@dataclass(slots=True)
class Use:
    """What one modem was used for. Times are monotonic seconds."""

    seconds: float = 0.0  # spent handing parts over
    outcomes: Counter[str] = field(default_factory=Counter)
    _spans: deque[tuple[float, float]] = field(default_factory=deque)

    def note(self, began: float, ended: float, outcome: SendOutcome) -> None:
        """Count one hand-over."""
        self.seconds += ended - began
        self.outcomes[_WORDS[type(outcome)]] += 1
        self._spans.append((began, ended))
        self._forget(ended)

    def share(self, now: float) -> float:
        """Return the share of the last minute in which parts were handed over, from 0 to 1."""
        self._forget(now)
        busy = sum(min(ended, now) - max(began, now - _WINDOW) for began, ended in self._spans)
        return min(1.0, busy / _WINDOW)

    def _forget(self, now: float) -> None:
        while self._spans and self._spans[0][1] <= now - _WINDOW:
            self._spans.popleft()


class Spread:
    """How many of the observed values, in seconds, were at most each bound: a histogram."""

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds` are in ascending order; what is beyond the last is counted too."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """Count one value."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def cumulated(self) -> list[tuple[float, int]]:
        """Return for each bound, infinity last, how many values were at most that."""
        found, so_far = [], 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            so_far += count
            found.append((bound, so_far))
        return found


def suppression() -> Spread:
    """Return the histogram of the seconds from a STOP's reading to the commit that obeys it (6.2)."""
    return Spread((0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0))
