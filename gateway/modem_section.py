"""The section of the configuration for each modem."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gateway.section import Section

_Prefix = Annotated[str, Field(pattern=r"^\+\d{1,14}$")]


def _known_profile(name: str) -> str:
    if name != "auto":
        from gateway.modem.profiles import names  # the driver is not loaded just to read a configuration

        if name not in names():
            raise ValueError(f"there is no such profile; there are {', '.join(names())}")
    return name


def _names_an_amount(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groupindex.keys()
    except re.error as exc:
        raise ValueError(f"is no regular expression: {exc}") from exc
    if groups.isdisjoint(("amount", "hundredths")):
        raise ValueError("needs a group named amount (or hundredths), as in (?P<amount>[0-9.]+)")
    return pattern


class ModemSection(Section):
    """`[[modem]]`: one for each SIM."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    """One word for the modem; each has its own."""
    port: Path
    """Its serial port. Best a name that stays: `/dev/schoolgate-…` or `/dev/serial/by-id/…`."""
    second_port: str = "auto"
    """Another port of the same modem that speaks AT: messages are read there while the first one transmits.
    `auto` finds one on the same USB device, `none` does without."""
    search: tuple[str, ...] = ("/dev/ttyUSB*", "/dev/ttyACM*")
    """Where it is looked for, by its SIM or else its IMEI, when its port is gone: device names change."""
    baud: Literal[9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600] = 115200
    """The speed of a real serial line; USB modems take any."""
    pin_file: Path | None = None
    """A file with the SIM's PIN, 4 to 8 digits. A wrong PIN is tried once, ever.
    A credential `pins_` and the file's name goes before it."""
    profile: Annotated[str, AfterValidator(_known_profile)] = "auto"
    """What kind of modem it is; `auto` asks it."""
    smsc: Annotated[str, Field(pattern=r"^\+\d{5,20}$")] | None = None
    """The service centre's number, only where the SIM has none."""
    store_first: bool = False
    """True: each part is written to the modem's memory before it is sent, so that the stored copy tells what
    became of it where the modem does not. Costs a little time for each part."""
    credit_ussd: Annotated[str, Field(pattern=r"^(?:[*#0-9]{2,20}|auto)$")] | None = None
    """What the operator answers with the credit, such as `*100#`; `auto`: as its operator has published it,
    where that is known. Without it the credit is not asked for."""
    credit_pattern: Annotated[str, AfterValidator(_names_an_amount)] | None = None
    """A regular expression with a group `amount`, for an answer that the shipped ones do not understand."""
    credit_hours: Annotated[float, Field(ge=1, le=24 * 31)] = 24
    """How often it is asked for, while nothing is sent."""
    credit_floor: Annotated[float, Field(ge=0)] = 2
    """Below this somebody is told."""
    self_test_to: Annotated[str, Field(pattern=r"^\+\d{5,15}$")] | None = None
    """The number of this SIM, or of another modem's: now and then it is texted, and must come back."""
    self_test_hours: Annotated[float, Field(gt=0, le=24 * 31)] = 24
    """How often."""
    result_seconds: Annotated[float, Field(gt=0, le=600)] = 125
    """How long the modem may take to say that a message was accepted."""
    sweep_seconds: Annotated[float, Field(gt=0, le=600)] = 60
    """How often its memory is looked through for what was not announced."""
    parts_per_hour: Annotated[int, Field(ge=0)] = 1000
    """What its SIM sends in an hour at the most; then it pauses. Ask your operator; 0: as much as it can."""
    parts_per_day: Annotated[int, Field(ge=0)] = 5000
    """The same for 24 hours."""
    number_per_hour: Annotated[int, Field(ge=0)] = 100
    """Parts to one number in an hour: UK networks block a SIM that sends more. 0: no such limit."""
    identical_per_hour: Annotated[int, Field(ge=0)] = 20
    """The same text to one number in an hour, likewise."""
    prefixes: tuple[_Prefix, ...] = ()
    """Numbers that begin so go through this modem while it is ready; when it is not, through any."""
    only: bool = False
    """True: it takes no numbers but those of `prefixes`."""
    avoid: tuple[_Prefix, ...] = ()
    """Numbers that begin so go through it only while no other modem takes them."""
    reserve: Annotated[float, Field(ge=0, le=1)] = 0
    """The share of its time that is kept for urgent messages (priority `high`, and our own answers);
    1 is all of it."""
