"""How long things take in the virtual network, in seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Timing:
    """The pace of one modem. The defaults are quick, for tests; `REALISTIC` is not."""

    radio_first: float = 0.05  # one part on a fresh radio link, Ctrl-Z to +CMGS
    radio_kept: float = 0.02  # a part on a link that +CMMS kept
    link_hold: float = 2.0  # how long +CMMS keeps it (3GPP TS 27.005, 3.5.6: 1 to 5 s)
    answer: float = 0.0  # any command
    storage: float = 0.0  # more, for commands that touch a message store
    prompt: float = 0.0  # AT+CMGS to "> "
    report_after: float = 0.05  # acceptance to status report
    retry_after: float = 0.05  # a freed slot to the network's next try
    ack_wait: float = 15.0  # how long the network waits for AT+CNMA
    boot: float = 0.1  # deaf after power-up or reset
    register: float = 0.05  # boot to registered
    sim_busy: float = 0.0  # CME 14 after the PIN
    baud: int | None = None  # paces the wire, both ways; None: as fast as the host

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and value < 0:
                raise ValueError(f"{field.name} must not be negative, and is {value}")

    @property
    def byte_time(self) -> float:
        """Return seconds per byte on the wire (8N1: ten bits), 0 when it is not paced."""
        return 10 / self.baud if self.baud else 0.0


REALISTIC = Timing(
    radio_first=3.5,
    radio_kept=1.5,
    link_hold=3.0,
    answer=0.005,
    storage=0.1,
    prompt=0.02,
    report_after=4.0,
    retry_after=5.0,
    boot=6.0,
    register=4.0,
    sim_busy=5.0,
    baud=115200,
)
