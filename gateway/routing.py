"""Which modem takes which messages: by how the number begins, by urgency, and by who is there. Pure.

A number's *lane* is the longest prefix in the configuration with which it begins; it is kept with each part.
An idle modem draws the next part that it may take, so the least busy one takes most; what is proven not to
have left is drawn by another when the first is away, and nothing else ever is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.store.outbox import Course

URGENT: Final = 10  # priorities up to here (the lowest number goes first) may use what is kept for them
EVERY_PRIORITY: Final = 1_000_000
_GUESS: Final = 4.0  # seconds that a part takes, before any was measured
_BURST: Final = 30.0  # seconds of a modem's time that ordinary messages may use at once after a pause


@dataclass(frozen=True, slots=True)
class Rule:
    """What one modem is for."""

    modem: str
    prefixes: tuple[str, ...] = ()  # these go through it while it is ready
    only: bool = False  # it takes no others
    avoid: tuple[str, ...] = ()  # it takes these only where no other modem does
    reserve: float = 0.0  # the share of its time that is kept for urgent messages


class Routing:
    """The rules of all modems; `any` says whether there are some."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        """Keep the rules; without any, every modem takes everything and nothing is asked."""
        self._rules = {rule.modem: rule for rule in rules}
        prefixes = {prefix for rule in rules for prefix in (*rule.prefixes, *rule.avoid)}
        self._lanes = sorted(prefixes, key=len, reverse=True)
        self.any: Final = bool(self._lanes) or any(rule.reserve for rule in rules)

    @property
    def lanes(self) -> tuple[str, ...]:
        """Return every lane, those in which the later parts of a message stay with their modem included."""
        return (*self._lanes, *map(own_lane, self._rules))

    def lane(self, number: str) -> str:
        """Return the lane of a number in international form; empty where no rule speaks of it."""
        return next((lane for lane in self._lanes if number.startswith(lane)), "")

    def course(self, modem: str, ready: Collection[str], *, ordinary: bool) -> Course:
        """Return what `modem` may take while the modems `ready` are.

        `ordinary`: whether it has time for messages that are not urgent.
        """
        rule = self._rules[modem]
        lanes = [lane for lane in self._lanes if self._takes(rule, lane, ready)]
        rest = () if rule.only else ("",)
        return Course((*rest, *lanes, own_lane(modem)), EVERY_PRIORITY if ordinary else URGENT)

    def reserve(self, modem: str) -> float:
        """Return the share of the modem's time that is kept for urgent messages."""
        return self._rules[modem].reserve

    def _takes(self, rule: Rule, lane: str, ready: Collection[str]) -> bool:
        others = [other for other in self._rules.values() if other.modem in ready and other is not rule]
        mine = _reach(lane, rule.prefixes)
        theirs = max((_reach(lane, other.prefixes) for other in others), default=0)
        if mine or theirs or rule.only:
            return 0 < mine >= theirs
        if not _begins(lane, rule.avoid):
            return True
        return not any(not other.only and not _begins(lane, other.avoid) for other in others)


class Headroom:
    """How much of a modem's time ordinary messages have left: it grows while time passes, up to a burst."""

    def __init__(self, reserve: float) -> None:
        """`reserve` is the share of the time that is not theirs."""
        self._share = 1.0 - reserve
        self._left = _BURST * self._share
        self._at: float | None = None

    def open(self, now: float) -> bool:
        """Tell whether an ordinary message may go at `now` (monotonic seconds)."""
        if self._share == 1.0:
            return True
        if self._at is not None:
            self._left = min(_BURST * self._share, self._left + (now - self._at) * self._share)
        self._at = now
        return self._left > 0.0

    def took(self, seconds: float) -> None:
        """Note that an ordinary message takes so long."""
        self._left -= seconds


class Turn:
    """What one modem may take at this moment."""

    def __init__(
        self,
        routing: Routing,
        modem: str,
        ready: Callable[[], Collection[str]],
        seconds: Callable[[], float | None],
        now: Callable[[], float],
    ) -> None:
        """`ready` names the modems that can send, `seconds` is what a part takes, `now` is monotonic."""
        self._routing = routing
        self._modem = modem
        self._ready = ready
        self._seconds = seconds
        self._now = now
        self._headroom = Headroom(routing.reserve(modem))

    @property
    def lane(self) -> str:
        """Return the lane in which the later parts of a message that it took stay with it."""
        return own_lane(self._modem)

    def course(self) -> Course:
        """Return what the modem may take."""
        ordinary = self._headroom.open(self._now())
        return self._routing.course(self._modem, self._ready(), ordinary=ordinary)

    def took(self, priority: int) -> None:
        """Note that it takes a part of this priority."""
        if priority > URGENT:
            self._headroom.took(self._seconds() or _GUESS)


def _reach(lane: str, prefixes: Sequence[str]) -> int:
    """Return the length of the longest prefix with which the lane begins; 0 for none."""
    return max((len(prefix) for prefix in prefixes if lane.startswith(prefix)), default=0)


def _begins(lane: str, prefixes: Sequence[str]) -> bool:
    return any(lane.startswith(prefix) for prefix in prefixes)


def own_lane(modem: str) -> str:
    """Return the lane that only `modem` takes."""
    return f"@{modem}"
