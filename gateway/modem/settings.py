"""What a modem needs to be told, and what it needs from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; each belongs to a kind of command, none to a call site."""

    command: float = 5.0
    prompt: float = 10.0
    submit: float = 125.0  # modems answer up to 120 s late; a shorter wait only manufactures doubts
    read: float = 10.0
    read_each: float = 0.5  # more for each stored message in a listing
    delete: float = 15.0
    wake: float = 1.0  # one "AT" while getting into step
    hush: float = 0.1  # after ESC, before the next byte
    quiet: float = 0.5  # silence that proves that nothing old is on its way
    late: float = 10.0  # the same after Ctrl-Z: a late result belongs to nobody else
    open: float = 20.0
    restart: float = 20.0  # AT+CFUN=1,1
    stall: float = 10.0  # the modem takes no bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemSettings:
    """One modem as its section of the configuration describes it."""

    name: str
    port: str
    second_port: str = "none"  # a path; "auto" finds one, "none" does without
    search: tuple[str, ...] = ()  # patterns of the ports where it may be when `port` is gone
    baud: int = 115200
    pin: str | None = field(default=None, repr=False)
    profile: str = "auto"
    smsc: str | None = None  # used only where the SIM has none
    iccid: str | None = None  # the one SIM that may be used here
    reports: str = "auto"  # "stored" (+CDSI), "direct" (+CDS) or "auto"
    store_first: bool = False  # AT+CMGW and AT+CMSS instead of AT+CMGS
    credit_ussd: str = ""  # such as "*100#"; empty: the credit is not asked for
    credit_pattern: str = ""
    credit_every: float = 86400.0
    credit_floor: float = 0.0
    sweep_every: float = 60.0
    heartbeat_every: float = 20.0
    registration_poll: float = 3.0
    registration_wait: float = 300.0  # then ask the modem to choose a network again
    ready_wait: float = 30.0  # for a SIM that says "busy" after its PIN or a cold start
    timeouts: Timeouts = field(default_factory=Timeouts)


class PinMemory(Protocol):
    """Remembers, across restarts, which PIN was tried on which SIM: a wrong PIN is tried once, ever."""

    async def tried(self, sim: str, pin_hash: str) -> bool:
        """Tell whether this PIN was tried on this SIM without known success."""

    async def trying(self, sim: str, pin_hash: str) -> None:
        """Commit, before the PIN is written, that it is being tried."""

    async def worked(self, sim: str, pin_hash: str) -> None:
        """Forget the attempt: the SIM took the PIN."""


class CardMemory(Protocol):
    """Remembers which SIM may be used in a modem, until a person says that another may."""

    def known(self) -> str:
        """Return the ICCID of that SIM; empty while any will do, or where the modem does not tell it."""

    def known_imsi(self) -> str:
        """Return its IMSI; empty while any will do."""

    def known_imei(self) -> str:
        """Return the IMEI of the modem in which it was seen last; empty where that was never told."""

    def remember(self, iccid: str, imsi: str = "", imei: str = "") -> None:
        """Keep both numbers of the first SIM that worked, and the modem's own."""


class CardInMind:
    """A `CardMemory` that lasts as long as the process."""

    def __init__(self) -> None:
        """Begin without a card."""
        self._known = self._imsi = self._imei = ""

    def known(self) -> str:
        """Return what was remembered."""
        return self._known

    def known_imsi(self) -> str:
        """Return what was remembered."""
        return self._imsi

    def known_imei(self) -> str:
        """Return what was remembered."""
        return self._imei

    def remember(self, iccid: str, imsi: str = "", imei: str = "") -> None:
        """Remember."""
        self._known, self._imsi, self._imei = iccid, imsi, imei
