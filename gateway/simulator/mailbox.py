"""The network's queue for one modem: in order, kept while the modem cannot take it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from gateway.simulator.ledger import Kind
from gateway.simulator.relay import is_report

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem


class Mailbox:
    """Messages and status reports that wait for one modem."""

    def __init__(self, modem: VirtualModem) -> None:
        self.waiting: deque[bytes] = deque()
        self._modem = modem
        self._wake = asyncio.Event()
        self._retry: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._run(), name=f"mailbox of {modem.name}")

    def put(self, pdu: bytes) -> None:
        """Deliver when possible."""
        self.waiting.append(pdu)
        self._wake.set()

    def retry_soon(self) -> None:
        """Try again after the network's pause, since the modem says that it may take messages."""
        if self.waiting and self._retry is None:
            delay = self._modem.timing.retry_after
            self._retry = asyncio.get_running_loop().call_later(delay, self._again)

    async def close(self) -> None:
        """Stop; raise what the task died of."""
        if self._retry is not None:
            self._retry.cancel()
        self._task.cancel()
        (error,) = await asyncio.gather(self._task, return_exceptions=True)
        if error is not None and not isinstance(error, asyncio.CancelledError):
            raise error

    def _again(self) -> None:
        self._retry = None
        self._wake.set()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._deliver_what_fits()

    async def _deliver_what_fits(self) -> None:
        """Deliver in order; a text that does not fit holds back the texts behind it, but no report."""
        texts_held = False
        for pdu in tuple(self.waiting):
            text = not is_report(pdu)
            if text and texts_held:
                continue
            if await self._modem.inbox.take(pdu):
                self.waiting.remove(pdu)
            else:
                texts_held = texts_held or text
                self._modem.ledger.note(Kind.HELD, self._modem.name, waiting=len(self.waiting))
