"""What sets one make of modem apart from the next: data, matched on what AT+CGMI and AT+CGMM answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from gateway.modem import answers
from gateway.modem.commands import PIN_TRIES, Command, asking


@dataclass(frozen=True, slots=True)
class Profile:
    """The quirks of a family of modems."""

    name: str
    pattern: str = ""  # searched in "manufacturer model", ignoring case
    hush: tuple[str, ...] = ()  # commands against vendor chatter; an error is ignored
    pin_tries: tuple[Command[int], ...] = (PIN_TRIES,)
    first_slot: int = 1
    keep_link: tuple[int, ...] = (2, 1)  # values for AT+CMMS, best first


GENERIC: Final = Profile("generic", first_slot=0)

PROFILES: Final = (
    Profile(
        "huawei",
        r"huawei|brovi",
        # Unread chatter can fill the device's buffer until it crashes.
        hush=("AT^CURC=0",),
        pin_tries=(PIN_TRIES, asking("AT^CPIN?", answers.tries_field(3))),
        first_slot=0,
    ),
    Profile("zte", r"\bzte\b", pin_tries=(PIN_TRIES, asking("AT+ZPINPUK=?", answers.tries_field(0)))),
    Profile(
        "quectel",
        r"quectel|foxcom",
        pin_tries=(PIN_TRIES, asking("AT+QPINC?", answers.tries_field(1))),
        first_slot=0,
    ),
    Profile("simcom", r"simcom|simtech", pin_tries=(PIN_TRIES, asking("AT+SPIC", answers.tries_field(0)))),
    Profile("u-blox", r"u-?blox", pin_tries=(PIN_TRIES, asking("AT+UPINCNT", answers.tries_field(0)))),
    Profile(
        "cinterion",
        r"cinterion|siemens|gemalto|thales",
        pin_tries=(PIN_TRIES, Command('AT^SPIC="SC"', answers.tries_field(0), prefixes=("^SPIC:",))),
    ),
    Profile("wavecom", r"wavecom|sierra"),
)


def profile_for(manufacturer: str, model: str, wanted: str = "auto") -> Profile:
    """Return the profile named `wanted` or, for "auto", the one that matches; else the generic one."""
    for profile in PROFILES:
        if profile.name == wanted:
            return profile
        if wanted == "auto" and re.search(profile.pattern, f"{manufacturer} {model}", re.IGNORECASE):
            return profile
    return GENERIC
