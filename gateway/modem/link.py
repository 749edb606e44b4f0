"""The supervisor of a link: a connection is used once; a lost one is never repaired, a new one is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Never

from gateway.modem.errors import ModemGone, OtherCard, PortMissing, TakesNothing

_LONGEST: Final = 60.0
_MISSING: Final = (0.5, 2.0)  # a port is looked for so often at first and later: it costs little
_ELSEWHERE: Final = 5.0  # at most between two looks for a modem at whose port another SIM is
_EAGER: Final = 120  # failures in a row, in which whoever pulled a modem out has mostly put it back

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ended:
    """Why a connection ended, and whether it had worked before."""

    reason: ModemGone
    worked: bool


def backoff(failures: int, longest: float = _LONGEST) -> float:
    """Return the seconds to wait after so many failures in a row: 1, 2, 4 … 60."""
    return min(longest, 2.0 ** min(failures - 1, 16))


async def keep_connected(
    connect: Callable[[], Awaitable[Ended]], *, ended: Callable[[Ended, int, bool], None], sleep: Sleep
) -> Never:
    """Connect, again and again.

    `ended` gets every end, with how many there were in a row, and whether it is the first. Looks for a port
    that is missing are counted by themselves: one that is back has not failed yet.
    """
    counts: Counter[bool] = Counter()
    while True:
        end = await connect()
        if end.worked and not isinstance(end.reason, TakesNothing):
            counts.clear()
        missing = isinstance(end.reason, PortMissing)
        counts[missing] += 1
        failures = counts[missing]
        ended(end, failures, counts.total() == 1)
        await sleep(backoff(failures, _longest(end.reason, failures)))


def _longest(reason: ModemGone, failures: int) -> float:
    if isinstance(reason, PortMissing):
        return _MISSING[failures > _EAGER]
    return _ELSEWHERE if isinstance(reason, OtherCard) else _LONGEST
