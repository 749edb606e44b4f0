"""How messages reach us: which memories the modem has and how it announces what came in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from gateway.modem import commands
from gateway.modem.answers import Memory
from gateway.modem.errors import CommandFailed
from gateway.modem.identity import attempt
from gateway.modem.session import Session

log = structlog.get_logger()

Values = tuple[int, ...]

_STORES: Final[tuple[str, ...]] = ("SM", "ME", "MT")
_ANNOUNCED: Final = {(1, 1), (2, 1), (1, 2), (2, 2)}  # <mode> and <mt> of +CNMI: +CMTI, or +CMT
_STORED_FIRST: Final[tuple[Values, ...]] = (
    (2, 1, 0, 2),
    (2, 1, 0, 1),
    (1, 1, 0, 1),
    (1, 1, 0, 2),
    (2, 1, 0, 0),
    (1, 1, 0, 0),
)
_DIRECT_FIRST: Final[tuple[Values, ...]] = (
    (2, 1, 0, 1),
    (2, 1, 0, 2),
    (1, 1, 0, 1),
    (1, 1, 0, 2),
    (2, 1, 0, 0),
    (1, 1, 0, 0),
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What was agreed with the modem. `notifications` is None where only polling is left."""

    home: tuple[str, ...]  # what AT+CPMS was given; the last receives
    readable: tuple[str, ...]  # every memory to sweep
    acknowledge: bool  # directly delivered messages must be confirmed (CSMS=1)
    notifications: Values | None

    @property
    def words(self) -> str:
        """As `ModemState.notifications` has it."""
        return "poll" if self.notifications is None else ",".join(map(str, self.notifications))


async def negotiate(session: Session, reports: str, in_use: tuple[Memory, ...]) -> Delivery:
    """Agree on memories and notifications; fall back, and believe only what reads back.

    `in_use` are the memories that are selected now.
    """
    offered = await attempt(session, commands.MEMORIES) or ()
    home = await _settle_home(session, offered, in_use)
    readable = _readable(offered[0] if offered else [memory.name for memory in in_use], home)
    service = await attempt(session, commands.SERVICE)
    notifications = await settle_notifications(session, _preference(reports, readable))
    return Delivery(home, readable, service == 1, notifications)


def _preference(reports: str, readable: tuple[str, ...]) -> tuple[Values, ...]:
    # A stored report (ds=2) survives our absence, a direct one (ds=1) is lost with us: nothing inbound may be
    # lost, so stored reports win, but only where their memory can be read at all.
    stored = reports == "stored" or (reports == "auto" and "SR" in readable)
    return _STORED_FIRST if stored else _DIRECT_FIRST


async def _settle_home(
    session: Session, offered: tuple[tuple[str, ...], ...], in_use: tuple[Memory, ...]
) -> tuple[str, ...]:
    for choice in _homes(offered, in_use):
        selected = await attempt(session, commands.select(choice))
        if selected and selected[-1].total != 0:  # a memory without slots receives nothing
            return choice
    log.warning("modem.memories_unsettled", in_use=[memory.name for memory in in_use])
    return tuple(memory.name for memory in in_use) or ("SM",)


def _homes(offered: tuple[tuple[str, ...], ...], in_use: tuple[Memory, ...]) -> Iterator[tuple[str, ...]]:
    """One memory for everything; first the one that already receives, which surely can."""
    groups = len(offered) or len(in_use) or 3
    receiving = in_use[-1].name if in_use else ""
    for name in dict.fromkeys((receiving, *_STORES)):
        if name in _STORES and all(name in group for group in offered if group):
            yield (name,) * groups
    # No memory fits all three purposes: read from where messages are received.
    for name in offered[-1] if offered else ():
        if name in offered[0]:
            yield tuple(name if name in group or not group else group[0] for group in offered)


def _readable(readers: Sequence[str], home: tuple[str, ...]) -> tuple[str, ...]:
    stores = [name for name in _STORES[:2] if name in readers]
    if "MT" in readers and not stores:
        stores = ["MT"]  # MT shows SM and ME together: one view of each message is enough
    reports = ["SR"] if "SR" in readers else []
    # The one that receives comes last, so that it stays selected and a hint can be read without a detour.
    return (*reports, *(name for name in stores if name != home[0]), home[0])


async def settle_notifications(session: Session, preference: tuple[Values, ...]) -> Values | None:
    """Set the best notifications that the modem takes and also keeps; None if it keeps none.

    Some modems let nothing be set, but announce all the same.
    """
    allowed = await attempt(session, commands.NOTIFICATION_RANGES) or ()
    for values in _candidates(preference, allowed):
        try:
            await session.run(commands.notify(values))
        except CommandFailed:
            continue
        kept = await attempt(session, commands.NOTIFICATIONS)
        if kept is None or kept[:4] == values[:4]:
            return values
    kept = await attempt(session, commands.NOTIFICATIONS) or ()
    if len(kept) > 3 and kept[:2] in _ANNOUNCED:
        return kept
    log.warning("modem.notifications_unavailable")
    return None


def _candidates(preference: tuple[Values, ...], allowed: tuple[frozenset[int], ...]) -> Iterator[Values]:
    """Skip what the modem rules out; where it rules out everything, try all the same."""
    everything = [(*values, buffer) for buffer in (0, 1) for values in preference]
    fitting = [values for values in everything if _fits(values, allowed)]
    yield from fitting or everything


def _fits(values: Values, allowed: tuple[frozenset[int], ...]) -> bool:
    return all(not choices or number in choices for number, choices in zip(values, allowed, strict=False))
