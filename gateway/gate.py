"""The gate between a claim's commit and the PDU's first byte (promise 1).

A claim and an opt-out serialise in the store. What is left is the moment between a claim's commit
and the modem's prompt: an opt-out that commits then revokes the permit, and the PDU is not written.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Permit:
    """Leave to hand one part to a modem; asked again in the very step that writes the PDU."""

    number_index: bytes
    valid: bool = True


class Gate:
    """Every permit that is out. Issue and revoke inside the store's transactions: they are serial there."""

    def __init__(self) -> None:
        self._out: dict[bytes, tuple[Permit, ...]] = {}

    def issue(self, number_index: bytes) -> Permit:
        """Return a permit for one hand-off to that recipient."""
        permit = Permit(number_index)
        self._out[number_index] = (*self._out.get(number_index, ()), permit)
        return permit

    def revoke(self, number_index: bytes) -> None:
        """Invalidate what is out for that recipient; call before the opt-out commits."""
        for permit in self._out.get(number_index, ()):
            permit.valid = False

    def give_back(self, permit: Permit) -> None:
        """Forget a permit whose hand-off has ended."""
        left = tuple(other for other in self._out.get(permit.number_index, ()) if other is not permit)
        if left:
            self._out[permit.number_index] = left
        else:
            self._out.pop(permit.number_index, None)
