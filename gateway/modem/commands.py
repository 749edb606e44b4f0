"""The AT commands we use, as values: what is written, what may answer, how long that may take, what it means.

3GPP TS 27.007 (general) and 27.005 (SMS). The parsers are in `answers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Generic, Literal, TypeVar

from gateway.modem import answers, listing
from gateway.modem.answers import Memory, Registration
from gateway.modem.at import Answer
from gateway.modem.listing import Stored
from gateway.modem.settings import Timeouts

T = TypeVar("T")
Pace = Literal["command", "read", "delete", "open"]


@dataclass(frozen=True)
class Command(Generic[T]):
    """One command line. Its time-out belongs to it."""

    text: str
    parse: Callable[[tuple[str, ...]], T]
    prefixes: tuple[str, ...] = ()
    freeform: bool = False
    pdu: bool = False
    pace: Pace = "command"
    extra: float = 0.0

    @property
    def name(self) -> str:
        """The command without its values: fit for logs (a PIN is a value)."""
        head, sign, tail = self.text.partition("=")
        return head + sign + ("?" if tail == "?" else "")

    @cached_property
    def answer(self) -> Answer:
        """What the parser is to expect."""
        return Answer(prefixes=self.prefixes, freeform=self.freeform, pdu=self.pdu, echo=self.text)

    def seconds(self, timeouts: Timeouts) -> float:
        """Return how long the modem may take."""
        return float(getattr(timeouts, self.pace)) + self.extra

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        return self.text.encode("ascii") + b"\r"


def nothing(_: tuple[str, ...]) -> None:
    """Take nothing from the answer: the OK says it all."""


def do(text: str) -> Command[None]:
    """Return a command whose answer is OK."""
    return Command(text, nothing)


def asking(text: str, parse: Callable[[tuple[str, ...]], T]) -> Command[T]:
    """Return a command whose answer starts with its own name, as +CSQ: 20,99 does after AT+CSQ."""
    name = text.removeprefix("AT").rstrip("?").rstrip("=")
    return Command(text, parse, prefixes=(f"{name}:",))


def naming(text: str, parse: Callable[[tuple[str, ...]], str] = answers.words) -> Command[str]:
    """Return a command answered with a bare word or number, with or without its own name before it."""
    name = text.removeprefix("AT").rstrip("?")
    return Command(text, parse, prefixes=(f"{name}:",), freeform=True)


ATTENTION: Final = do("AT")
NO_ECHO: Final = do("ATE0")
NUMBERED_ERRORS: Final = do("AT+CMEE=1")
PDU_MODE: Final = do("AT+CMGF=0")
MODE: Final = asking("AT+CMGF?", answers.first_number)

MANUFACTURER: Final = naming("AT+CGMI")
MODEL: Final = naming("AT+CGMM")
FIRMWARE: Final = naming("AT+CGMR")
IMEI: Final = naming("AT+CGSN", answers.digits)
IMSI: Final = naming("AT+CIMI", answers.digits)
CARD_NUMBERS: Final = (
    naming("AT+CCID", answers.card_number),
    naming("AT^ICCID?", answers.card_number),
    naming("AT+ICCID", answers.card_number),
    naming("AT+QCCID", answers.card_number),
    naming("AT+CCID?", answers.card_number),
    Command("AT+CICCID", answers.card_number, prefixes=("+ICCID:",), freeform=True),
    naming("AT^SCID", answers.card_number),
    naming("AT#CCID", answers.card_number),
    naming("AT!ICCID?", answers.card_number),
)

PIN_STATE: Final = asking("AT+CPIN?", answers.pin_state)
PIN_TRIES: Final = asking("AT+CPINR", answers.tries_cpinr)
SMSC: Final = asking("AT+CSCA?", answers.smsc)
SIGNAL: Final = asking("AT+CSQ", answers.signal_dbm)
NETWORK: Final = asking("AT+COPS?", answers.network)
CHOOSE_NETWORK: Final = Command("AT+COPS=0", nothing, pace="open", extra=160.0)

REGISTRATIONS: Final[dict[str, Command[Registration]]] = {
    domain: asking(f"AT+{domain}?", answers.registration) for domain in ("CREG", "CEREG", "CGREG")
}

MEMORIES: Final = asking("AT+CPMS=?", answers.memories)
MEMORY: Final = asking("AT+CPMS?", answers.memory_in_use)
SERVICE: Final = asking("AT+CSMS?", answers.first_number)
NOTIFICATION_RANGES: Final = asking("AT+CNMI=?", answers.ranges)
NOTIFICATIONS: Final = asking("AT+CNMI?", answers.numbers)
SLOTS: Final = asking("AT+CMGD=?", listing.slots)
ACKNOWLEDGE: Final = do("AT+CNMA")


def enter_pin(pin: str) -> Command[None]:
    """Enter the SIM PIN."""
    return Command(f'AT+CPIN="{pin}"', nothing, prefixes=("+CPIN:",), extra=10.0)


def select(memories: tuple[str, ...]) -> Command[tuple[Memory, ...]]:
    """Select the memories to read from, to write to and to receive into."""
    values = ",".join(f'"{memory}"' for memory in memories)
    return Command(f"AT+CPMS={values}", answers.memory_counts(memories), prefixes=("+CPMS:",))


def notify(values: tuple[int, ...]) -> Command[None]:
    """Say how new messages are announced."""
    return do("AT+CNMI=" + ",".join(map(str, values)))


def set_smsc(number: str) -> Command[None]:
    """Give the SIM the number of its SMS centre."""
    return do(f'AT+CSCA="{number}",{145 if number.startswith("+") else 129}')


def listed(extra: float = 0.0) -> Command[tuple[Stored, ...]]:
    """Every message in the memory selected for reading."""
    return Command("AT+CMGL=4", listing.listing, prefixes=("+CMGL:",), pdu=True, pace="read", extra=extra)


def read(index: int) -> Command[Stored | None]:
    """Return the message at `index`, or None where the slot is empty."""
    return Command(
        f"AT+CMGR={index}",
        lambda lines: listing.reading(lines, index),
        prefixes=("+CMGR:",),
        pdu=True,
        pace="read",
    )


def delete(index: int) -> Command[None]:
    """Free the slot. Never with a delete flag: those reach messages that were not committed."""
    return Command(f"AT+CMGD={index}", nothing, pace="delete")
