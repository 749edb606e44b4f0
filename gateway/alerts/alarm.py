"""One thing that a person must see to, and when it is told: once, again after a while, and when it is over.

Pure. Nothing here holds personal data: an alarm speaks of machines, counts and times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

QUIET: Final = timedelta(hours=1)  # what comes and goes is told of at most this often

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Alarm:
    """`kind` is a word for programs, `about` a modem or "gateway", `remedy` what to do next."""

    kind: str
    about: str
    what: str
    remedy: str

    @property
    def key(self) -> Key:
        """What it is, whatever the words."""
        return self.kind, self.about


@dataclass(frozen=True, slots=True)
class Told:
    """What is remembered of an alarm: since when, when it was last told, and when it ended."""

    since: datetime
    told_at: datetime | None  # None: it came back too soon to be told of again
    ended_at: datetime | None = None
    before: datetime | None = None  # the last word on it, where it came back too soon


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be told now, and what is remembered from now on."""

    raised: Sequence[Alarm]
    reminded: Sequence[Alarm]
    ended: Sequence[Key]
    memory: Mapping[Key, Told]

    @property
    def silent(self) -> bool:
        """Nobody need be told of anything."""
        return not (self.raised or self.reminded or self.ended)


def plan(
    memory: Mapping[Key, Told], present: Iterable[Alarm], now: datetime, remind_after: timedelta
) -> Plan:
    """Return what to tell of the alarms that are `present`, given what was told before."""
    raised: list[Alarm] = []
    reminded: list[Alarm] = []
    kept: dict[Key, Told] = {}
    for alarm in present:
        known = memory.get(alarm.key)
        told = kept[alarm.key] = _of_present(known, now, remind_after)
        if told.told_at == now:
            fresh = known is None or known.told_at is None or known.ended_at is not None
            (raised if fresh else reminded).append(alarm)
    ended = []
    for key, known in memory.items():
        if key in kept:
            continue
        if known.ended_at is None and known.told_at is not None:
            ended.append(key)
            kept[key] = replace(known, told_at=now, ended_at=now)
        elif known.ended_at is None:
            kept[key] = replace(known, told_at=known.before, ended_at=now, before=None)
        elif now - (known.told_at or known.ended_at) < QUIET:
            kept[key] = known
    return Plan(raised, reminded, ended, kept)


def _of_present(known: Told | None, now: datetime, remind_after: timedelta) -> Told:
    if known is None:
        return Told(since=now, told_at=now)
    if known.ended_at is not None:
        last = known.told_at or known.ended_at
        soon = now - last < QUIET
        return Told(since=now, told_at=None, before=last) if soon else Told(since=now, told_at=now)
    if known.told_at is None:
        due = now - (known.before or known.since) >= QUIET
        return replace(known, told_at=now, before=None) if due else known
    return replace(known, told_at=now) if now - known.told_at >= remind_after else known
