"""The gate between a claim's commit and the PDU's first byte (promise 1).

A claim and an opt-out serialise in the store. What is left is the moment between a claim's commit
and the modem's prompt: an opt-out that commits then revokes the permit, and the PDU is not written.

Permits are asked in the event loop, in the very step that writes the PDU; opt-outs run in the store's
thread. A revocation therefore lets the step that is running now end before the opt-out may commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Event, Lock


class Permit:
    """Leave to hand one part to a modem."""

    def __init__(self, number_index: bytes) -> None:
        self.number_index = number_index
        self.valid = True


class Gate:
    """Every permit that is out. Issue and revoke inside the store's transactions: they are serial there."""

    def __init__(self, step_ended: Callable[[], None]) -> None:
        self._step_ended = step_ended
        self._lock = Lock()
        self._out: dict[bytes, tuple[Permit, ...]] = {}

    def issue(self, number_index: bytes) -> Permit:
        """Return a permit for one hand-off to that recipient."""
        permit = Permit(number_index)
        with self._lock:
            self._out[number_index] = (*self._out.get(number_index, ()), permit)
        return permit

    def revoke(self, number_index: bytes) -> None:
        """Invalidate what is out for that recipient; call in the opt-out's transaction, not in the loop."""
        with self._lock:
            out = self._out.get(number_index, ())
            for permit in out:
                permit.valid = False
        if out:
            self._step_ended()

    def revoke_all(self) -> None:
        """Invalidate everything that is out; call as `revoke`."""
        with self._lock:
            out = [permit for permits in self._out.values() for permit in permits]
            for permit in out:
                permit.valid = False
        if out:
            self._step_ended()

    def give_back(self, permit: Permit) -> None:
        """Forget a permit whose hand-off has ended."""
        with self._lock:
            left = tuple(other for other in self._out.pop(permit.number_index, ()) if other is not permit)
            if left:
                self._out[permit.number_index] = left


def end_of_step(loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
    """Return a function that, in another thread, waits until the loop's present step has ended."""

    def wait() -> None:
        ended = Event()
        loop.call_soon_threadsafe(ended.set)
        ended.wait()

    return wait
