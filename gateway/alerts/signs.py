"""What must be seen to, from what was looked at. Pure: a sign takes the view and answers with alarms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from gateway.alerts.alarm import Alarm
from gateway.model import FLAPPING, NEARLY_FULL, ModemPhase, ModemState
from gateway.working_time import is_late

GATEWAY: Final = "gateway"
_LEAST_FREE: Final = 200e6  # bytes; SQLite, its log and a backup's start need some
_LONGEST_DOUBT: Final = timedelta(days=1)
_LONGEST_UNSAVED: Final = timedelta(hours=60)  # two nights without a backup
_LONGEST_QUEUE: Final = timedelta(hours=2)  # beyond what is due
_DIGITS: Final = re.compile(r"…?\+?\d{4,}")


@dataclass(frozen=True, slots=True)
class View:
    """What was looked at. None where it could not be found out, or does not apply."""

    now: datetime
    zone: ZoneInfo
    modems: Sequence[ModemState] = ()
    away: Mapping[str, datetime] = field(default_factory=dict)  # since when a modem sends nothing
    patience: timedelta = timedelta(minutes=10)  # with a modem that is away
    store: str = ""  # why the database refuses
    free: int | None = None  # bytes where the database is
    backed_up: datetime | None = None  # when last
    backup_fault: str = ""  # why the last one, or the rehearsal of a restore, failed
    oldest_hold: datetime | None = None  # a reply that waits for a person
    oldest_doubt: datetime | None = None  # a part of which nobody knows whether it was sent
    oldest_due: datetime | None = None  # a part that should have been sent
    review_overdue: timedelta | None = None
    audit_broken: bool = False
    more: Sequence[Alarm] = ()  # what others found


def signs(view: View) -> list[Alarm]:
    """Return everything that must be seen to."""
    return [alarm for sign in _SIGNS for alarm in sign(view)] + list(view.more)


def _modems(view: View) -> Iterator[Alarm]:
    for state in view.modems:
        since = view.away.get(state.name)
        if state.phase is ModemPhase.BLOCKED:
            yield Alarm("modem-blocked", state.name, _plain(state.detail), "see: schoolgate status")
        elif since is not None and view.now - since >= view.patience:
            yield _away(state, since, view)
        yield from _memory(state)
        if state.network_losses >= FLAPPING:
            what = f"its network was lost {state.network_losses} times within an hour"
            yield Alarm("modem-flapping", state.name, what, "look at the antenna; is there a better network?")
        yield from _sim(state)


def _away(state: ModemState, since: datetime, view: View) -> Alarm:
    minutes = f"{(view.now - since) // timedelta(minutes=1)} minutes"
    if state.phase is ModemPhase.REGISTERING:
        return Alarm(
            "modem-no-network",
            state.name,
            f"no network takes its SIM for {minutes}",
            "look at the antenna, and whether the SIM is active",
        )
    trouble = "takes no part" if state.takes_nothing else "does not come back"
    return Alarm(
        "modem-lost",
        state.name,
        f"it {trouble} for {minutes}, whatever was tried",
        "replug it; then: schoolgate doctor",
    )


def _memory(state: ModemState) -> Iterator[Alarm]:
    total, used = state.storage_total, state.storage_used
    if not total or used is None or used < NEARLY_FULL * total:
        return
    remedy = (
        "free what others have left in it, and see whether the database takes messages: schoolgate status"
    )
    if used < total:
        yield Alarm("modem-memory-filling", state.name, f"its memory fills up ({used} of {total})", remedy)
    else:
        what = f"its memory is full ({used} of {total}): nothing more can arrive"
        yield Alarm("modem-memory-full", state.name, what, remedy)


def _sim(state: ModemState) -> Iterator[Alarm]:
    if state.credit_low:
        what = f"the credit of its SIM is {state.credit:.2f}, below the floor of {state.credit_floor:.2f}"
        yield Alarm("credit-low", state.name, what, "top it up, before it takes no more messages")
    if state.credit_error:
        what = f"the credit of its SIM is not known: {state.credit_error}"
        yield Alarm("credit-unknown", state.name, what, "how to ask by hand: sudo schoolgate doctor")
    if state.self_test_error:
        what = f"its self-test failed: {state.self_test_error}"
        yield Alarm("self-test-failed", state.name, what, "see: schoolgate status; is the SIM active?")


def _store(view: View) -> Iterator[Alarm]:
    if view.store:
        yield Alarm("store-refuses", GATEWAY, _plain(view.store), "nothing is accepted: schoolgate doctor")
    if view.free is not None and view.free < _LEAST_FREE:
        yield Alarm(
            "disk-full", GATEWAY, f"only {view.free / 1e6:.0f} MB are free", "free some space: df, journalctl"
        )


def _backup(view: View) -> Iterator[Alarm]:
    if view.backup_fault:
        yield Alarm(
            "backup-failed", GATEWAY, _plain(view.backup_fault), "sudo schoolgate doctor says where to look"
        )
    if view.backed_up is not None and (unsaved := view.now - view.backed_up) > _LONGEST_UNSAVED:
        yield Alarm(
            "backup-late",
            GATEWAY,
            f"no backup was made for {unsaved.days} days",
            "see: systemctl status schoolgate-backup; is its disk mounted?",
        )


def _people(view: View) -> Iterator[Alarm]:
    if view.oldest_hold is not None and is_late(view.oldest_hold, view.now, view.zone):
        yield Alarm(
            "hold-waits",
            GATEWAY,
            "a reply that may be an opt-out waits for a person since more than a working hour",
            "read it: schoolgate opt-out holds",
        )
    if view.oldest_doubt is not None and view.now - view.oldest_doubt > _LONGEST_DOUBT:
        yield Alarm(
            "doubt-waits",
            GATEWAY,
            "a part is in doubt since more than a day",
            "settle it: schoolgate doubt list",
        )


def _queue(view: View) -> Iterator[Alarm]:
    if view.oldest_due is not None and view.now - view.oldest_due > _LONGEST_QUEUE:
        yield Alarm(
            "queue-stands",
            GATEWAY,
            "a message that should have been sent waits since more than two hours",
            "see: schoolgate status",
        )


def _policy(view: View) -> Iterator[Alarm]:
    if view.review_overdue is not None:
        yield Alarm(
            "review-overdue",
            GATEWAY,
            f"the policy's yearly review is overdue by {view.review_overdue.days} days (9.1)",
            "its owner reviews it, then: schoolgate policy review",
        )
    if view.audit_broken:
        yield Alarm(
            "audit-broken",
            GATEWAY,
            "the audit log does not verify (1.3)",
            "keep everything as it is: schoolgate audit verify",
        )


Sign = Callable[[View], Iterator[Alarm]]
_SIGNS: Final[tuple[Sign, ...]] = (_modems, _store, _backup, _people, _queue, _policy)


def _plain(detail: str) -> str:
    """Return a sentence without numbers that could be somebody's: of a SIM, a person or a file."""
    return _DIGITS.sub("…", detail) or "it needs a person"
