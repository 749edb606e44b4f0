"""The gate between a claim's commit and the PDU's first byte (promise 1).

A claim and an opt-out serialise in the store. What is left is the moment between a claim's commit
and the modem's prompt: an opt-out that commits then revokes the permit, and the PDU is not written.
Opt-outs run in the store's thread, PDUs are written in the event loop's: one lock orders the two.
"""

from __future__ import annotations

from threading import Lock
from types import TracebackType


class Permit:
    """Leave to hand one part to a modem. Enter it around the write of the PDU: False means do not."""

    def __init__(self, number_index: bytes, lock: Lock) -> None:
        self.number_index = number_index
        self.valid = True
        self._lock = lock

    def __enter__(self) -> bool:
        """Keep opt-outs from committing until the bytes are written; return whether they may be."""
        self._lock.acquire()
        return self.valid

    def __exit__(
        self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        """Let opt-outs go on."""
        self._lock.release()


class Gate:
    """Every permit that is out. Issue and revoke inside the store's transactions: they are serial there."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._out: dict[bytes, tuple[Permit, ...]] = {}

    def issue(self, number_index: bytes) -> Permit:
        """Return a permit for one hand-off to that recipient."""
        permit = Permit(number_index, self._lock)
        with self._lock:
            self._out[number_index] = (*self._out.get(number_index, ()), permit)
        return permit

    def revoke(self, number_index: bytes) -> None:
        """Invalidate what is out for that recipient; call before the opt-out commits."""
        with self._lock:
            for permit in self._out.get(number_index, ()):
                permit.valid = False

    def give_back(self, permit: Permit) -> None:
        """Forget a permit whose hand-off has ended."""
        with self._lock:
            left = tuple(other for other in self._out.pop(permit.number_index, ()) if other is not permit)
            if left:
                self._out[permit.number_index] = left
