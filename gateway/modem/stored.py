"""Handing a part over by way of the modem's own memory: AT+CMGW, then AT+CMSS (3GPP TS 27.005, 3.5.3, 4.4).

It costs four commands more, and gives evidence: where the result of AT+CMSS is lost, the stored copy says
whether the part went. "Sent" proves that it did. "Unsent" proves that it did not only while the modem lives
on and has given no result at all: after a restart, or a result that leaves it open, it proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import structlog

from gateway.model import Accepted, NotSent, Revoked, SendOutcome, Unclear
from gateway.modem import commands
from gateway.modem.at import Answer, Prompt, Result
from gateway.modem.copies import Copies, digest
from gateway.modem.errors import ModemGone
from gateway.modem.identity import attempt
from gateway.modem.inbox import Inbox
from gateway.modem.listing import Stored
from gateway.modem.references import References
from gateway.modem.session import Session
from gateway.modem.submission import CTRL_Z, attributed, prompted, submit, transmit, withdraw

log = structlog.get_logger()

SENT: Final = 3  # the status of a stored message that was sent; 2 is unsent
_UNSENT: Final = 2
_SLOT: Final = re.compile(r"\+CMGW: *(\d+)")
_RESULT: Final = "+CMSS"


class StoredSending:
    """Sends by way of the memory; what it cannot store it sends directly."""

    def __init__(
        self,
        session: Session,
        inbox: Inbox,
        references: References,
        copies: Copies,
        notifications: tuple[int, ...] | None,
    ) -> None:
        """Store nothing yet; copies that an earlier link left are found where the memory is listed.

        `notifications` are those agreed with the modem, by which a restart shows.
        """
        self.booted = False  # the modem has said what modems say at boot
        self._notifications = notifications
        self._session = session
        self._inbox = inbox
        self._references = references
        self._copies = copies
        inbox.own, inbox.freed = self._own, lambda stored: copies.forget(digest(stored.pdu))

    async def submit(self, pdu: bytes, permit: Callable[[], bool]) -> SendOutcome:
        """Hand `pdu` over; `permit` is asked in the very step that writes AT+CMSS."""
        text = pdu.hex().upper()
        mark = digest(text)
        self._copies.fly(mark)
        try:
            async with self._session.turn():
                slot = await self._store(text, len(pdu) - 1 - pdu[0])
                outcome = await self._send(slot, permit) if isinstance(slot, int) else slot
            if isinstance(slot, int) and outcome is not None:
                return await self._judged(Stored(slot, None, None, text), outcome)
        except ModemGone as exc:
            return NotSent(str(exc))  # only the turn's beginning can raise
        finally:
            self._copies.land()
        if outcome is not None:
            return outcome
        self._copies.forget(mark)
        return await submit(self._session, pdu, permit, self._references)

    async def _store(self, text: str, length: int) -> int | NotSent | None:
        """Write the part; return its slot, or None where the modem does not take it. Nothing leaves here."""
        session = self._session
        try:
            event = await prompted(session, f"AT+CMGW={length}")
            if isinstance(event, Result):
                return None
            answer = Answer(prefixes=("+CMGW:",), echo=text)
            event = await session.ask((text + CTRL_Z).encode(), answer, session.timeouts.read)
        except TimeoutError:
            await withdraw(session, NotSent(""))
            return NotSent("the modem did not store the part")
        found = next(filter(None, map(_SLOT.match, session.lines)), None)
        if isinstance(event, Prompt) or not event.ok or found is None:
            return None
        return int(found[1])

    async def _send(self, slot: int, permit: Callable[[], bool]) -> SendOutcome:
        if not permit():
            return Revoked()
        self.booted = False
        command = f"AT+CMSS={slot}"
        answer = Answer(prefixes=(f"{_RESULT}:",), echo=command)
        outcome = await transmit(self._session, f"{command}\r", answer, _RESULT)
        return await attributed(self._session, outcome, self._references, _RESULT)

    async def _judged(self, copy: Stored, outcome: SendOutcome) -> SendOutcome:
        """Ask the copy where the outcome is unclear; free it where it is not, or no more."""
        if isinstance(outcome, Unclear):
            outcome = await self._by_evidence(outcome, await self._look(copy))
        if isinstance(outcome, Unclear):
            self._copies.doubt(digest(copy.pdu), self._certain(outcome))
        else:
            self._inbox.spend(copy)
        return outcome

    async def _look(self, copy: Stored) -> int | None:
        """Return the status of the copy; None where it cannot be read."""
        try:
            found = await self._inbox.look(copy.index)
        except ModemGone:
            return None
        return found.status if found is not None and digest(found.pdu) == digest(copy.pdu) else None

    async def _by_evidence(self, outcome: Unclear, status: int | None) -> SendOutcome:
        log.warning("modem.copy_asked", status=status, why=outcome.reason)
        mr = self._certain(outcome)
        if status == SENT and mr is not None:
            self._references.accepted(mr)
            return Accepted(mr)
        if status == _UNSENT and outcome.silent and await self._lives_on():
            return NotSent(f"{outcome.reason}, and its own copy is unsent")
        return outcome

    def _certain(self, outcome: Unclear) -> int | None:
        """Return the TP-MR of a part that went, if it went; None where it may have another."""
        return outcome.mr if outcome.mr is not None and self._references.certain(outcome.mr) else None

    async def _lives_on(self) -> bool:
        """Tell whether the modem has certainly not restarted: a restart forgets the notifications."""
        try:
            kept = await attempt(self._session, commands.NOTIFICATIONS)
        except ModemGone:
            return False
        wanted = self._notifications
        if wanted is None or kept is None or self.booted:
            return False
        return kept[:4] == wanted[:4]

    def _own(self, stored: Stored) -> bool:
        """Take what a listing shows of our copies; return whether one may be freed."""
        mark = digest(stored.pdu)
        if not self._copies.ours(mark):
            return False
        mr = self._copies.settle(mark)
        if stored.status == SENT and mr is not None:
            log.warning("modem.copy_was_sent", mr=mr)
            self._references.late(mr)
        return True
