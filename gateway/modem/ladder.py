"""What to try on a link that does not come up: one rung after the other, each bounded and counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.model import ModemPhase
from gateway.modem.errors import ModemGone, OtherCard, PortMissing


class Rung(StrEnum):
    """From the mildest to the hardest."""

    RESYNCHRONISE = "resynchronise"  # ESC and AT, within a link
    REOPEN = "reopen"
    SEARCH = "search"  # the device by its SIM, under whatever name
    RESTART = "restart"  # AT+CFUN=1,1
    USB_RESET = "usb_reset"
    POWER_CYCLE = "power_cycle"  # of its port of the hub, by uhubctl
    ALERT = "alert"


_RESTART_AFTER: Final = 3  # failures in a row
_RESET_AFTER: Final = 5
_POWER_AFTER: Final = 6
_POWER_AFTER_MISSING: Final = 60  # looks, half a second each: a device that left the bus by itself
_ALERT_AFTER: Final = 7
_SILENCE: Final = 3600.0  # seconds for which a rung that goes on being tried may be kept out of the log
_AGAIN: Final = (
    900.0  # seconds; a modem that restarts needs most of a minute, and a loop of restarts helps nobody
)
_FORCE: Final = (
    (Rung.POWER_CYCLE, _POWER_AFTER),
    (Rung.USB_RESET, _RESET_AFTER),
    (Rung.RESTART, _RESTART_AFTER),
)


class Ladder:
    """The rungs that one modem has needed since the start, and what comes next."""

    def __init__(self, *, power: bool = False) -> None:
        """Begin at the bottom; `power`: the hub's ports may be switched."""
        self._power = power
        self._counts: Counter[Rung] = Counter()
        self._last: dict[Rung, float] = {}
        self._called = False  # for a person, since things went well
        self._told: dict[tuple[Rung, str], tuple[int, float]] = {}  # how often since then, and the last word

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each rung was tried, by its name."""
        return {rung.value: self._counts[rung] for rung in Rung if self._counts[rung]}

    def begin(self) -> None:
        """Note that the link had worked before it failed now: a new run of failures."""
        self._called = False
        self._told.clear()

    def note(self, rung: Rung, why: str, now: float) -> int:
        """Count a rung that was tried; return how often for this reason in this run, if it is to be told.

        Told is the first time, then the second, fourth, eighth and so on, and whatever comes an hour after
        the last word; else 0. So days of looking for a modem are some lines.
        """
        self._counts[rung] += 1
        times, last = self._told.get((rung, why), (0, now))
        times += 1
        tell = times & (times - 1) == 0 or now - last >= _SILENCE
        self._told[rung, why] = times, now if tell else last
        return times if tell else 0

    def after(self, reason: ModemGone, failures: int, now: float) -> Rung | None:
        """Return what to try after so many failures in a row; None where a person must act first.

        Restart, reset and power cycle come once in a quarter of an hour each, `now` being monotonic seconds.
        """
        if isinstance(reason, PortMissing):
            due = failures >= _POWER_AFTER_MISSING and self._may(Rung.POWER_CYCLE, now)
            return Rung.POWER_CYCLE if due else Rung.SEARCH
        if isinstance(reason, OtherCard):
            return Rung.SEARCH
        if reason.phase is ModemPhase.BLOCKED:
            return None
        for rung, least in _FORCE:
            if failures >= least and self._may(rung, now):
                return rung
        return Rung.REOPEN

    def _may(self, rung: Rung, now: float) -> bool:
        """Take the turn of a rung that is tried seldom, if it has one."""
        if rung is Rung.POWER_CYCLE and not self._power:
            return False
        if now - self._last.get(rung, float("-inf")) < _AGAIN:
            return False
        self._last[rung] = now
        return True

    def alerts(self, reason: ModemGone, failures: int) -> bool:
        """Say whether now is the moment to call for a person: once in a run of failures.

        A modem that is not there is looked for twice a second, and has longer.
        """
        least = _POWER_AFTER_MISSING if isinstance(reason, PortMissing) else _ALERT_AFTER
        if self._called or failures < least:
            return False
        self._called = True
        return True
