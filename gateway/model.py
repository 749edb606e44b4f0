"""Frozen records and the message life cycle: the vocabulary that every layer shares.

Nothing here does I/O. A transition that `NEXT` does not list is a bug, never a log line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

Clock = Callable[[], datetime]
"""Gives the present instant, aware, in UTC."""


class Status(StrEnum):
    """Where a part (and, derived from its parts, a message) is in its life."""

    HELD = "held"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


class Event(StrEnum):
    """What can happen to a part."""

    RELEASED = "released"  # approved, reviewed, the window opened, the batch is complete
    POSTPONED = "postponed"  # the same, but its time has not come
    SIMULATED = "simulated"  # let go, but made with a test key: it ends without a modem
    HELD_BACK = "held_back"  # the policy holds what was waiting (recipient_hold, quiet hours)
    CLAIMED = "claimed"  # written ahead: the modem may take it from now on
    ACCEPTED = "accepted"  # +CMGS and OK
    GIVEN_BACK = "given_back"  # proven not sent; may be tried again
    REFUSED = "refused"  # the network or the modem refused it for good
    LOST_TRACK = "lost_track"  # after Ctrl-Z, neither accepted nor refused
    REPORT_DELIVERED = "report_delivered"
    REPORT_UNDELIVERED = "report_undelivered"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OnDoubt(StrEnum):
    """What becomes of a message's part whose fate stays unknown."""

    ASK = "ask"  # a person settles it
    RESEND = "resend"  # it is sent again after a while, once
    RESENT = "resent"  # it was: the first may be there whatever became of the second; a person settles it


class IllegalTransition(RuntimeError):
    """An event that cannot happen in that status: a bug in Schoolgate."""


WAITING: Final = frozenset({Status.HELD, Status.SCHEDULED, Status.QUEUED})
FINAL: Final = frozenset(
    {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.EXPIRED, Status.CANCELLED}
)

NEXT: Final[Mapping[tuple[Status, Event], Status]] = {
    **{(waiting, Event.CANCELLED): Status.CANCELLED for waiting in WAITING},
    **{(waiting, Event.EXPIRED): Status.EXPIRED for waiting in WAITING},
    # In doubt, it was to be sent again: its report comes before that; or it may not be sent again after all.
    **{(waiting, Event.ACCEPTED): Status.SENT for waiting in WAITING},
    **{(waiting, Event.LOST_TRACK): Status.UNCERTAIN for waiting in WAITING},
    (Status.HELD, Event.RELEASED): Status.QUEUED,
    (Status.HELD, Event.POSTPONED): Status.SCHEDULED,
    (Status.HELD, Event.SIMULATED): Status.DELIVERED,
    (Status.SCHEDULED, Event.RELEASED): Status.QUEUED,
    (Status.QUEUED, Event.HELD_BACK): Status.HELD,
    (Status.SCHEDULED, Event.HELD_BACK): Status.HELD,
    (Status.QUEUED, Event.CLAIMED): Status.SENDING,
    (Status.QUEUED, Event.REFUSED): Status.FAILED,
    (Status.SENDING, Event.ACCEPTED): Status.SENT,
    (Status.SENDING, Event.GIVEN_BACK): Status.QUEUED,
    (Status.SENDING, Event.REFUSED): Status.FAILED,
    (Status.SENDING, Event.LOST_TRACK): Status.UNCERTAIN,
    (Status.SENT, Event.REPORT_DELIVERED): Status.DELIVERED,
    (Status.SENT, Event.REPORT_UNDELIVERED): Status.UNDELIVERED,
    # Evidence settles a doubt: a late +CMGS, any status report, or a person's word.
    (Status.UNCERTAIN, Event.ACCEPTED): Status.SENT,
    (Status.UNCERTAIN, Event.GIVEN_BACK): Status.QUEUED,
    (Status.UNCERTAIN, Event.REFUSED): Status.FAILED,
}


def advance(status: Status, event: Event) -> Status:
    """Return the status after `event`; raise `IllegalTransition` where the table has none."""
    try:
        return NEXT[status, event]
    except KeyError:
        raise IllegalTransition(f"{event.value} cannot happen to a part that is {status.value}") from None


# The first of these found among a message's parts is the message's status: the worst news first.
DERIVED: Final = (
    Status.UNCERTAIN,
    Status.SENDING,
    Status.FAILED,
    Status.UNDELIVERED,
    Status.EXPIRED,
    Status.CANCELLED,
    Status.HELD,
    Status.SCHEDULED,
    Status.QUEUED,
    Status.SENT,
    Status.DELIVERED,
)


def derive(parts: Iterable[Status]) -> Status:
    """Return a message's status from those of its parts (all delivered = delivered)."""
    present = set(parts)
    return next(status for status in DERIVED if status in present)


class HoldReason(StrEnum):
    """Why a part is `held`."""

    APPROVAL = "approval"
    REVIEW = "review"
    QUIET_HOURS = "quiet_hours"
    RECIPIENT_HOLD = "recipient_hold"
    BATCH = "batch"  # its batch is still being accepted


class CancelReason(StrEnum):
    """Why a part is `cancelled`."""

    CALLER = "caller"
    OPTED_OUT = "opted_out"
    POLICY = "policy"  # the policy refused at hand-off what it had allowed at submission


class FailureKind(StrEnum):
    """What a refusal means for the next try."""

    PERMANENT = "permanent"  # this message will never be taken: do not try again
    TEMPORARY = "temporary"  # the network did not take it; try again later
    DEVICE = "device"  # SIM, account or modem: hold the queue, blame no message
    UNKNOWN = "unknown"  # it may have been taken


# -- what the radio says to the use cases -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawSms:
    """One PDU as the modem gave it (hex, SMSC octets included), before anything is decoded."""

    pdu: str
    modem: str
    sim: str | None  # IMSI
    route: str  # "stored" (+CMGL/+CMGR), "cmt" or "cds" (handed over directly)
    memory: str | None
    index: int | None
    received_at: datetime


class InboundSink(Protocol):
    """Where a modem puts what it received. Only after `received` returns may a slot be freed."""

    async def received(self, messages: Sequence[RawSms]) -> None:
        """Commit `messages` durably; raise if that failed (they then stay on the SIM)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """`+CMGS: mr` and OK: the network took the part (3GPP TS 27.005, 3.5.1)."""

    mr: int


@dataclass(frozen=True, slots=True)
class Refused:
    """An explicit refusal: the network does not have the part. `code` is the CMS or CME number."""

    kind: FailureKind  # never UNKNOWN
    code: int | None
    text: str
    everybody: bool = False  # refused for now, as others before: no message is to blame


@dataclass(frozen=True, slots=True)
class NotSent:
    """The hand-off stopped before Ctrl-Z (modem gone, no prompt): nothing left, safe to try again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """The permit was refused at the prompt, after the claim: an opt-out came between. Nothing left."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """After Ctrl-Z neither acceptance nor refusal: the part may or may not be on its way.

    `mr` is the TP-MR that it has if the modem tried it, as far as the modem's count is known; `silent` says
    that the modem, which lives on, gave no result at all.
    """

    reason: str
    mr: int | None = None
    silent: bool = False


SendOutcome = Accepted | Refused | NotSent | Revoked | Unclear


class ModemPhase(StrEnum):
    """What a modem is doing, in a technician's words."""

    SEARCHING = "searching"  # the port is not there
    OPENING = "opening"
    INITIALISING = "initialising"
    REGISTERING = "registering"
    READY = "ready"
    BLOCKED = "blocked"  # needs a person: PIN, PUK, no SIM, SIM swapped, port not ours
    LOST = "lost"  # between two attempts


FLAPPING: Final = 4  # losses of the network within an hour, from which on somebody is told
NEARLY_FULL: Final = 0.7  # of the memory that takes what arrives: from here on people are told


@dataclass(frozen=True, slots=True)
class ModemState:
    """A snapshot of one modem for people, health and metrics."""

    name: str
    port: str
    phase: ModemPhase
    since: datetime
    second_port: str = ""  # through which messages are read while the first transmits, if there is one
    takes_nothing: bool = False  # it took no part, and none since
    detail: str = ""  # one sentence for a technician: what is wrong and what to do
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    imei: str = ""
    imsi: str = ""
    iccid: str = ""
    operator: str = ""
    technology: str = ""  # 2G | 3G | 4G | 5G, where the modem tells
    registration: str = "unknown"  # home | roaming | searching | denied | not_registered | unknown
    signal_dbm: int | None = None
    storage_used: int | None = None
    storage_total: int | None = None
    notifications: str = "poll"  # the +CNMI set in force, or "poll"
    failures: int = 0  # links lost since start
    recoveries: Mapping[str, int] = field(default_factory=dict)  # how often each rung was tried since start
    signals: tuple[tuple[datetime, int], ...] = ()  # of a day: when, and dBm
    network_losses: int = 0  # within the last hour
    strange_lines: int = 0  # that nobody asked for and nobody knows, since the link came up
    credit: float | None = None  # of the SIM, in the operator's currency
    credit_at: datetime | None = None
    credit_low: bool = False
    credit_floor: float | None = None  # below it, as it was when the credit was told
    credit_error: str = ""  # why it is not known
    self_test: str = ""  # passed | failed; empty before the first
    self_test_at: datetime | None = None
    self_test_error: str = ""
    self_test_via: str = ""  # the modem through which its text came back last
    self_test_tries: int = 0  # texts since the last that came back, the one on its way too
    self_test_tried_at: datetime | None = None  # when the last of all was handed over
    sent_hour: int | None = None  # parts that its SIM was given, as the caps count; None before it was seen
    sent_day: int | None = None
    cap_hour: int | None = None  # the most of them; None: no cap
    cap_day: int | None = None
    paused: str = ""  # why its SIM is given nothing now: it has reached a cap
    paused_until: datetime | None = None
