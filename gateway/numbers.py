"""Whose number an address from the network is."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import Fault, Invalid
from policy import PolicySettings, canonical


def telephone(written: str, settings: PolicySettings) -> str:
    """Return a number as opt-outs and consents are kept under, in E.164; raise `Invalid` where it is none."""
    found = canonical(written, settings)
    if found is None:
        raise Invalid((Fault("number", "is not a telephone number; write it as +447…"),))
    return found


@dataclass(slots=True)
class Identify:
    """Turns a sender's or recipient's address into the form that opt-outs and consents are kept under.

    `07700 900123` and `+447700900123` are one person; an alphanumeric or short sender is itself.
    """

    settings: PolicySettings

    def __call__(self, address: str) -> str:
        """Return E.164 where the address is a telephone number, else the address unchanged."""
        return canonical(address, self.settings) or address
