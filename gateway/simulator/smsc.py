"""The service centre: takes submissions, serves handsets and modems, sends status reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from gateway.simulator.errors import Cms, CmsError
from gateway.simulator.handset import DELIVERED, Handset
from gateway.simulator.ledger import Kind, Ledger
from gateway.simulator.mailbox import Mailbox
from gateway.simulator.relay import Submission, deliver, report
from gateway.sms import PduError, decode_submit

if TYPE_CHECKING:
    from gateway.simulator.modem import VirtualModem

_DONE: Final = range(0x20)  # TP-Status, 3GPP TS 23.040, 9.2.3.15


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A part that the service centre has taken responsibility for."""

    modem: VirtualModem
    handset: Handset
    submission: Submission
    reference: int
    at: datetime


class ServiceCentre:
    """Store and forward, between modems and handsets."""

    def __init__(
        self, *, ledger: Ledger, clock: Callable[[], datetime], handset: Callable[[str], Handset]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._handset = handset
        self._mailboxes: dict[str, Mailbox] = {}  # by number
        self._tasks: set[asyncio.Task[None]] = set()

    def subscribe(self, modem: VirtualModem) -> None:
        """Serve a modem from now on."""
        self._mailboxes[modem.number] = Mailbox(modem)

    def serves(self, number: str) -> bool:
        """Say whether the number is a modem's."""
        return number in self._mailboxes

    def put(self, number: str, pdu: bytes) -> None:
        """Deliver a DELIVER or a STATUS-REPORT to a modem when it can take it."""
        self._mailboxes[number].put(pdu)

    def waiting(self, number: str) -> int:
        """Return how many messages the network holds for a modem."""
        return len(self._mailboxes[number].waiting)

    def available(self, modem: VirtualModem) -> None:
        """Hear that a modem may be able to take messages again."""
        if modem.number in self._mailboxes:
            self._mailboxes[modem.number].retry_soon()

    def submit(self, modem: VirtualModem, pdu: bytes, reference: int) -> None:
        """Take a submission (RP-DATA); raise `CmsError` to refuse it (RP-ERROR)."""
        try:
            submission, number = Submission.parse(pdu), decode_submit(pdu).recipient.number
        except PduError:
            raise CmsError(Cms.BAD_PDU) from None
        part = _Accepted(modem, self._handset(number), submission, reference, self._clock())
        self._ledger.note(Kind.ACCEPTED, modem.name, mr=reference, to=number, pdu=pdu.hex().upper())
        statuses = (DELIVERED,) if self.serves(part.handset.number) else part.handset.statuses
        if not statuses or statuses[0] in _DONE:
            self._hand_over(part)
        task = asyncio.create_task(self._follow(part, statuses), name=f"part {reference} of {modem.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Forget everything that waits."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for mailbox in self._mailboxes.values():
            await mailbox.close()

    async def _follow(self, part: _Accepted, statuses: tuple[int, ...]) -> None:
        """Report each status in turn; a text that was first delayed arrives with its success."""
        for turn, status in enumerate(statuses):
            await asyncio.sleep(part.modem.timing.report_after)
            if turn and status in _DONE:
                self._hand_over(part)
            if part.submission.wants_report:
                self._report(part, status)

    def _report(self, part: _Accepted, status: int) -> None:
        self._ledger.note(Kind.REPORT, part.modem.name, mr=part.reference, status=status)
        pdu = report(part.reference, part.submission.recipient, part.at, self._clock(), status)
        self.put(part.modem.number, pdu)

    def _hand_over(self, part: _Accepted) -> None:
        message = deliver(part.submission, part.modem.number, part.at)
        if self.serves(part.handset.number):
            self.put(part.handset.number, message)
            return
        self._ledger.note(Kind.HANDSET_RECEIVED, to=part.handset.number, pdu=message.hex().upper())
        part.handset.accept(message)
